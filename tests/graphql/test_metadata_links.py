"""Links made in the metadata editor: staff write a text, customers get serials by it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_serials import dispatch, models, tasks
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import MetadataLinks, PackLink
from saleor_serials.packs import links, metadata_links
from tests import making
from tests.graphql import metadata
from tests.graphql.api import ask, complaints, do, gid, people, refused
from tests.hosts import shop
from tests.making import held
from tests.queues import Queue

KINDS = {"ProductVariant": shop.make_variant, "Product": shop.make_product}


@pytest.fixture
def staff() -> Any:
    return people.make_staff("MANAGE_PRODUCTS")


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest) -> tuple[str, int]:
    """A product or a variant: its type and its key."""
    return request.param, KINDS[request.param]().pk


@pytest.fixture(params=["heard", "lost"])
def told(request: pytest.FixtureRequest) -> Any:
    """Run a change whose events are heard, or lost and found by the sweep."""

    def run(change: Callable[[], None]) -> None:
        if request.param == "heard":
            change()
            return
        with shop.nothing_heard():
            change()
        sweep()

    return run


def in_force(target: tuple[str, int]) -> dict[str, int]:
    """The packs that are linked, and how many serials a unit takes."""
    column = {"ProductVariant": "variant", "Product": "product"}[target[0]]
    found = PackLink.objects.filter(until=None, **{column: target[1]})
    return dict(found.values_list("pack__slug", "quantity"))


def everything() -> Any:
    return list(PackLink.objects.order_by("id").values())


def test_a_text_makes_changes_and_removes_links(
    target: tuple[str, int], staff: Any, told: Any
) -> None:
    for slug in ("games", "music", "films"):
        making.make_pack(slug=slug)

    told(lambda: metadata.write(*target, {"serials": "games"}, by=staff))
    made = in_force(target)
    told(lambda: metadata.write(*target, {"serials": " Games X 2 ,music×3,, films,"}, by=staff))
    changed = in_force(target)
    told(lambda: metadata.write(*target, {"serials": "music x3"}, by=staff))
    fewer = in_force(target)
    told(lambda: metadata.write(*target, {"serials": " , "}, by=staff))
    emptied = in_force(target)

    assert made == {"games": 1}
    assert changed == {"games": 2, "music": 3, "films": 1}
    assert fewer == {"music": 3}
    assert emptied == {}
    assert metadata.read(*target, by=staff) == {"serials": " , "}


def test_a_text_that_is_taken_away_takes_its_links_with_it(
    target: tuple[str, int], staff: Any, told: Any
) -> None:
    making.make_pack(slug="games")
    metadata.write(*target, {"serials": "games x2", "colour": "red"}, by=staff)
    made = in_force(target)

    told(lambda: metadata.remove(*target, "serials", by=staff))

    assert (made, in_force(target)) == ({"games": 2}, {})
    assert metadata.read(*target, by=staff) == {"colour": "red"}
    assert MetadataLinks.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nothing", "There is no pack with the slug 'nothing'."),
        (
            "music, nothing x2, nobody",
            "There is no pack with the slug 'nothing'. There is no pack with the slug 'nobody'.",
        ),
        ("music x0", "'music x0': a unit takes 1 to 10,000 serials."),
        ("music, games x10001", "'games x10001': a unit takes 1 to 10,000 serials."),
        *(
            (
                text,
                f"'{text}' cannot be read; write a pack's slug and how many serials a unit takes, "
                "as in 'games x2'.",
            )
            for text in ("music two", "music x-1", "music x1.5", "music x", "music x two", "×2")
        ),
        ("music, games, music x2", "'music' stands here twice."),
        ("films", "The pack 'films' belongs to a vendor, and this text does not tell who wrote it; "
         "make the link in another way."),
        ("music, " * 700, "This text is too long; it may have 4,000 characters."),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_granted_changes_nothing_and_says_why(
    text: str, problem: str, target: tuple[str, int], staff: Any, told: Any
) -> None:
    for slug in ("games", "music", "films"):
        making.make_pack(slug=slug)
    models.Pack.objects.filter(slug="films").update(vendor_group_id=5)
    metadata.write(*target, {"serials": "games x2", "colour": "red"}, by=staff)
    before = everything()

    told(lambda: metadata.write(*target, {"serials": text}, by=staff))
    refused_rows, refused_links = metadata.read(*target, by=staff), everything()
    told(lambda: metadata.write(*target, {"serials": "music"}, by=staff))

    assert refused_rows == {"serials": text, "serials.error": problem, "colour": "red"}
    assert refused_links == before
    assert metadata.read(*target, by=staff) == {"serials": "music", "colour": "red"}
    assert in_force(target) == {"music": 1}


def test_a_link_made_in_another_way_is_neither_changed_nor_removed(
    target: tuple[str, int], staff: Any, told: Any
) -> None:
    pack = making.make_pack(slug="games")
    making.make_pack(slug="music")
    column = {"ProductVariant": "variant_id", "Product": "product_id"}[target[0]]
    chosen: dict[str, Any] = {column: target[1]}
    link = links.create(pack=pack, quantity=2, **chosen)

    told(lambda: metadata.write(*target, {"serials": "games x2, music"}, by=staff))
    same = in_force(target)
    told(lambda: metadata.write(*target, {"serials": "games x3"}, by=staff))
    other = in_force(target), metadata.read(*target, by=staff)["serials.error"]
    told(lambda: metadata.write(*target, {"serials": "music x5"}, by=staff))

    assert same == {"games": 2, "music": 1}
    assert other == (
        {"games": 2, "music": 1},
        "The pack 'games' is linked here in another way, x2; change that link, or write the same "
        "number.",
    )
    assert in_force(target) == {"games": 2, "music": 5}
    assert PackLink.objects.get(pk=link.pk).since == link.since
    assert metadata.read(*target, by=staff) == {"serials": "music x5"}


CHANGE = """mutation ($id: ID!, $quantity: Int!) {
  serialPackLinkUpdate(id: $id, quantity: $quantity) {
    serialPackLink { quantity fromMetadata } errors { field code message index }
  }
}"""
REMOVE = """mutation ($id: ID!) {
  serialPackLinkDelete(id: $id) {
    serialPackLink { quantity } errors { field code message index }
  }
}"""


def test_a_link_of_the_metadata_is_not_changed_by_a_mutation(
    target: tuple[str, int], staff: Any
) -> None:
    making.make_pack(slug="games")
    metadata.write(*target, {"serials": "games x2"}, by=staff)
    link = gid("SerialPackLink", PackLink.objects.get().pk)
    before = everything()

    answers = [
        refused(CHANGE, {"id": link, "quantity": 3}, by=staff),
        refused(REMOVE, {"id": link}, by=staff),
    ]

    assert answers == [[("id", "INVALID", None)]] * 2
    assert everything() == before


def test_a_mutation_that_clears_the_way_has_the_text_granted_at_once(
    target: tuple[str, int], staff: Any
) -> None:
    pack = making.make_pack(slug="games")
    column = {"ProductVariant": "variant_id", "Product": "product_id"}[target[0]]
    chosen: dict[str, Any] = {column: target[1]}
    link = gid("SerialPackLink", links.create(pack=pack, quantity=2, **chosen).pk)
    metadata.write(*target, {"serials": "games x3"}, by=staff)
    stood_against = metadata.read(*target, by=staff)

    changed = do(CHANGE, {"id": link, "quantity": 3}, by=staff)["serialPackLink"]
    agreed = metadata.read(*target, by=staff)
    do(REMOVE, {"id": link}, by=staff)

    assert "serials.error" in stood_against
    assert changed == {"quantity": 3, "fromMetadata": False}
    assert agreed == {"serials": "games x3"}
    assert in_force(target) == {"games": 3}
    assert PackLink.objects.get(until=None).from_metadata


def test_a_pack_made_after_its_name_was_written_is_linked_by_the_next_sweep(
    target: tuple[str, int], staff: Any
) -> None:
    metadata.write(*target, {"serials": "games"}, by=staff)
    first = metadata.read(*target, by=staff)
    sweep()
    still = metadata.read(*target, by=staff)

    making.make_pack(slug="games")
    sweep()

    assert first == still == {
        "serials": "games", "serials.error": "There is no pack with the slug 'games'."
    }  # fmt: skip
    assert metadata.read(*target, by=staff) == {"serials": "games"}
    assert in_force(target) == {"games": 1}


def test_an_editor_that_saves_an_old_error_again_does_not_keep_it(
    target: tuple[str, int], staff: Any, told: Any
) -> None:
    making.make_pack(slug="games")
    metadata.write(*target, {"serials": "gmes"}, by=staff)
    old = metadata.read(*target, by=staff)

    told(lambda: metadata.write(*target, {**old, "serials": "games"}, by=staff))
    corrected = metadata.read(*target, by=staff)
    told(lambda: metadata.write(*target, old | {"serials": "games"}, by=staff))
    again = metadata.read(*target, by=staff)
    metadata.remove(*target, "serials", by=staff)
    told(lambda: metadata.write(*target, {"serials.error": "old"}, by=staff))

    assert corrected == again == {"serials": "games"}
    assert metadata.read(*target, by=staff) == {}


def test_a_customer_gets_serials_by_a_text_and_old_orders_keep_their_terms(staff: Any) -> None:
    games, music = (making.make_pack(slug=slug) for slug in ("games", "music"))
    for pack in (games, music):
        making.make_serials(pack, 20)
    variant = shop.make_variant()
    metadata.write("ProductVariant", variant.pk, {"serials": "games x2"}, by=staff)
    metadata.write("Product", variant.product_id, {"serials": "games x5, music"}, by=staff)

    paid = shop.place_order([(variant, 2)])
    shop.pay(paid)
    placed = shop.place_order([(variant, 1)])
    metadata.write("ProductVariant", variant.pk, {"serials": "games x3"}, by=staff)
    metadata.remove("Product", variant.product_id, "serials", by=staff)
    later = shop.place_order([(variant, 1)])
    shop.pay(placed)
    shop.pay(later)
    sweep()

    # The variant's link replaces the product's for games; music comes on top.
    assert [len(held(order_id)) for order_id in (paid, placed, later)] == [4 + 2, 2 + 1, 3]
    making.check_books()


SAVE = """mutation ($id: ID!, $sku: String) {
  productVariantUpdate(id: $id, input: {sku: $sku}) { productErrors { message } }
}"""


def test_a_text_is_read_once_however_often_the_variant_is_saved(
    staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.make_pack(slug="games")
    variant = shop.make_variant()
    granted: list[Any] = []
    grant = metadata_links.sync
    monkeypatch.setattr(
        metadata_links, "sync", lambda target: (granted.append(target), grant(target))
    )

    metadata.write("ProductVariant", variant.pk, {"serials": "games"}, by=staff)
    metadata.write("ProductVariant", variant.pk, {"colour": "red"}, by=staff)
    for sku in ("A-1", "A-2"):
        answer = ask(SAVE, {"id": gid("ProductVariant", variant.pk), "sku": sku}, by=staff)
        assert answer["productVariantUpdate"]["productErrors"] == []
    sweep()

    assert [target.key for target in granted] == [f"variant:{variant.pk}"]


def test_saving_a_variant_costs_nothing_without_a_text_and_one_statement_with_it(
    staff: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.make_pack(slug="games")
    plain, wishing = shop.make_variant(), shop.make_variant()
    metadata.write("ProductVariant", wishing.pk, {"serials": "games"}, by=staff)
    queue: Queue = request.getfixturevalue("queue")
    asked: list[Any] = []
    after_commit = dispatch.after_commit
    monkeypatch.setattr(
        tasks, "after_commit", lambda request: (asked.append(request), after_commit(request))
    )

    def save(variant: Any) -> int:
        values = {"id": gid("ProductVariant", variant.pk), "sku": f"NEW-{variant.pk}"}
        with CaptureQueriesContext(connection) as captured:
            ask(SAVE, values, by=staff)
        variant.refresh_from_db()
        assert variant.sku == values["sku"]
        return len([q for q in captured.captured_queries if "saleor_serials_" in q["sql"]])

    costs = save(plain), len(asked), save(wishing), len(asked)
    metadata.write("ProductVariant", plain.pk, {"colour": "red"}, by=staff)

    assert costs == (0, 0, 1, 1)
    assert len(asked) == 2
    assert queue.requests == []


def test_who_may_not_manage_products_makes_no_link(target: tuple[str, int]) -> None:
    making.make_pack(slug="games")
    mutation = """mutation ($id: ID!) {
      updatePrivateMetadata(id: $id, input: [{key: "serials", value: "games"}]) {
        metadataErrors { message }
      }
    }"""

    for asker in (None, shop.make_user(), people.make_staff("MANAGE_ORDERS")):
        assert complaints(mutation, {"id": gid(*target)}, by=asker)

    assert everything() == []


def test_while_the_plugin_is_off_a_text_waits(target: tuple[str, int], staff: Any) -> None:
    making.make_pack(slug="games")
    shop.set_plugin(active=False)
    metadata.write(*target, {"serials": "games"}, by=staff)
    sweep()
    meanwhile = in_force(target), metadata.read(*target, by=staff)

    shop.set_plugin(active=True)
    sweep()

    assert meanwhile == ({}, {"serials": "games"})
    assert in_force(target) == {"games": 1}
