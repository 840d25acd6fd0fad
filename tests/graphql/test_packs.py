"""Packs, links and new serials: how staff make and change them, and who may."""

from collections.abc import Callable
from typing import Any

import pytest

from saleor_serials.models import Batch, Event, Pack, PackLink, Serial
from saleor_serials.serials import add
from tests import making
from tests.graphql.api import ask, complaints, do, gid, is_denied, nodes, people, post, refused
from tests.hosts import shop

CREATE = """mutation ($input: SerialPackInput!) {
  serialPackCreate(input: $input) {
    serialPack {
      id slug name description isPublished isConsumable statusOnRefund pickOrder createdAt
      links { id }
    }
    errors { field message code index }
  }
}"""
UPDATE = """mutation ($id: ID!, $input: SerialPackInput!) {
  serialPackUpdate(id: $id, input: $input) {
    serialPack { slug name description isPublished isConsumable statusOnRefund pickOrder }
    errors { field message code index }
  }
}"""
ADD = """mutation ($pack: ID!, $data: [String!]!, $batchName: String) {
  serialsCreate(input: {pack: $pack, data: $data, batchName: $batchName}) {
    serialBatch { id name quantity createdAt }
    errors { field message code index }
  }
}"""
LINK = """mutation ($input: SerialPackLinkCreateInput!) {
  serialPackLinkCreate(input: $input) {
    serialPackLink { id quantity pack { slug } variant { sku } product { name } }
    errors { field message code index }
  }
}"""
RELINK = """mutation ($id: ID!, $quantity: Int!) {
  serialPackLinkUpdate(id: $id, quantity: $quantity) {
    serialPackLink { id quantity }
    errors { field message code index }
  }
}"""
UNLINK = """mutation ($id: ID!) {
  serialPackLinkDelete(id: $id) {
    serialPackLink { id quantity }
    errors { field message code index }
  }
}"""
PACK = "query ($id: ID, $slug: String) { serialPack(id: $id, slug: $slug) { name } }"
SERIAL = "query ($id: ID!) { serial(id: $id) { data } }"
PACKS = "{ serialPacks(first: 5) { edges { node { name } } } }"


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS", email="owner@example.com")


def books() -> Any:
    """All rows that these mutations can touch."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Pack, Batch, PackLink, Serial, Event)
    ]


def test_a_pack_is_made_with_the_rules_that_are_given(owner: Any) -> None:
    rules = {
        "slug": "keys",
        "name": "Keys",
        "description": "From the publisher",
        "isPublished": False,
        "isConsumable": True,
        "statusOnRefund": "FREE",
        "pickOrder": "RANDOM",
    }

    made = do(CREATE, {"input": rules}, by=owner)["serialPack"]

    pack = Pack.objects.get()
    assert made == {
        **rules,
        "id": gid("SerialPack", pack.pk),
        "createdAt": pack.created_at.isoformat(),
        "links": [],
    }
    assert (pack.pick_order, pack.status_on_refund) == ("random", "free")


def test_a_pack_needs_no_more_than_a_name(owner: Any) -> None:
    nulls = dict.fromkeys(("slug", "description", "isPublished", "statusOnRefund"))

    made = [
        do(CREATE, {"input": {"name": "Game licences", **more}}, by=owner)["serialPack"]
        for more in ({}, nulls)
    ]

    for pack in made:
        del pack["id"], pack["createdAt"]
    assert made == [
        {
            "slug": slug,
            "name": "Game licences",
            "description": "",
            "isPublished": True,
            "isConsumable": False,
            "statusOnRefund": "UNASSIGNED",
            "pickOrder": "OLDEST",
            "links": [],
        }
        for slug in ("game-licences", "game-licences-2")
    ]


def test_only_what_is_given_of_a_pack_is_changed(owner: Any) -> None:
    pack = making.make_pack(name="Old", slug="old", description="Notes", is_consumable=True)

    changed = do(UPDATE, {"id": gid("SerialPack", pack.pk), "input": {"name": "New"}}, by=owner)

    assert changed["serialPack"] == {
        "slug": "old",
        "name": "New",
        "description": "Notes",
        "isPublished": True,
        "isConsumable": True,
        "statusOnRefund": "UNASSIGNED",
        "pickOrder": "OLDEST",
    }


def test_publishing_a_pack_serves_the_orders_that_wait_for_it(owner: Any) -> None:
    pack = making.make_pack(is_published=False)
    making.make_serials(pack, 3)
    order_id = making.paid_order(making.make_link(pack, quantity=2))
    waiting = making.held(order_id)

    do(UPDATE, {"id": gid("SerialPack", pack.pk), "input": {"isPublished": True}}, by=owner)

    assert waiting == []
    assert len(making.held(order_id)) == 2


def test_serials_are_put_into_a_pack_in_the_order_given(owner: Any) -> None:
    pack = making.make_pack()
    variables = {"pack": gid("SerialPack", pack.pk), "data": [" B ", "A"], "batchName": "May"}

    made = do(ADD, variables, by=owner)["serialBatch"]

    batch = Batch.objects.get()
    assert made == {
        "id": gid("SerialBatch", batch.pk),
        "name": "May",
        "quantity": 2,
        "createdAt": batch.created_at.isoformat(),
    }
    assert list(batch.serials.order_by("position").values_list("data", "status")) == [
        ("B", "free"),
        ("A", "free"),
    ]
    assert Event.objects.get().actor == f"user:{owner.pk}"


def test_new_serials_serve_the_orders_that_wait_for_them() -> None:
    app = people.make_app("MANAGE_PRODUCTS")
    pack = making.make_pack(webservice_access=True)
    order_id = making.paid_order(making.make_link(pack, quantity=2))

    do(ADD, {"pack": gid("SerialPack", pack.pk), "data": ["A", "B", "C"]}, by=app)

    assert making.held(order_id) == ["A", "B"]
    assert Event.objects.get(type="created").actor == f"app:{app.pk}"


def test_a_pack_is_linked_with_a_variant_or_with_a_product(owner: Any) -> None:
    pack, variant, product = making.make_pack(), shop.make_variant(), shop.make_product()
    given = {"pack": gid("SerialPack", pack.pk)}

    of_variant = do(
        LINK, {"input": {**given, "variant": gid("ProductVariant", variant.pk)}}, by=owner
    )["serialPackLink"]
    of_product = do(
        LINK,
        {"input": {**given, "product": gid("Product", product.pk), "quantity": 3}},
        by=owner,
    )["serialPackLink"]

    first, second = PackLink.objects.order_by("pk")
    assert of_variant == {
        "id": gid("SerialPackLink", first.pk),
        "quantity": 1,
        "pack": {"slug": pack.slug},
        "variant": {"sku": variant.sku},
        "product": None,
    }
    assert of_product == {
        "id": gid("SerialPackLink", second.pk),
        "quantity": 3,
        "pack": {"slug": pack.slug},
        "variant": None,
        "product": {"name": product.name},
    }


def test_a_link_is_changed_and_deleted_for_orders_to_come(owner: Any) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 10)
    link = making.make_link(pack)
    link_id = gid("SerialPackLink", link.pk)

    changed = do(RELINK, {"id": link_id, "quantity": 4}, by=owner)
    after_change = making.paid_order(link)
    deleted = do(UNLINK, {"id": link_id}, by=owner)
    after_deletion = making.paid_order(link)

    assert changed == deleted == {"serialPackLink": {"id": link_id, "quantity": 4}}
    assert len(making.held(after_change)) == 4
    assert making.held(after_deletion) == []


LINKS = """query ($pack: ID!, $variant: ID!, $product: ID!) {
  serialPack(id: $pack) { links { quantity } }
  productVariant(id: $variant) { sku serialPackLinks { quantity pack { id } } }
  product(id: $product) { name serialPackLinks { quantity pack { id } } }
}"""


def test_links_are_listed_on_the_pack_the_variant_and_the_product(owner: Any) -> None:
    pack, variant = making.make_pack(), shop.make_variant()
    pack_id = gid("SerialPack", pack.pk)
    variant_id, product_id = gid("ProductVariant", variant.pk), gid("Product", variant.product_id)
    for target, quantity in (({"variant": variant_id}, 2), ({"product": product_id}, 3)):
        do(LINK, {"input": {"pack": pack_id, "quantity": quantity, **target}}, by=owner)
    making.make_link(making.make_pack())
    removed = making.make_link(making.make_pack(), variant=variant)
    do(UNLINK, {"id": gid("SerialPackLink", removed.pk)}, by=owner)
    variables = {"pack": pack_id, "variant": variant_id, "product": product_id}

    listed = ask(LINKS, variables, by=owner)

    assert listed == {
        "serialPack": {"links": [{"quantity": 2}, {"quantity": 3}]},
        "productVariant": {
            "sku": variant.sku,
            "serialPackLinks": [{"quantity": 2, "pack": {"id": pack_id}}],
        },
        "product": {
            "name": variant.product.name,
            "serialPackLinks": [{"quantity": 3, "pack": {"id": pack_id}}],
        },
    }


def test_links_stay_hidden_and_the_product_is_seen_without_the_permission() -> None:
    variant = shop.make_variant()
    people.show(variant)
    making.make_link(making.make_pack(), variant=variant)
    query = """query ($variant: ID!, $product: ID!) {
      productVariant(id: $variant) { sku serialPackLinks { quantity } }
      product(id: $product) { name serialPackLinks { quantity } }
    }"""
    variables = {
        "variant": gid("ProductVariant", variant.pk),
        "product": gid("Product", variant.product_id),
    }

    for asker in (None, shop.make_user(), people.make_staff("MANAGE_ORDERS"), people.make_app()):
        answer = post(query, variables, by=asker)

        assert answer["data"] == {
            "productVariant": {"sku": variant.sku, "serialPackLinks": None},
            "product": {"name": variant.product.name, "serialPackLinks": None},
        }
        codes = {error["extensions"]["exception"]["code"] for error in answer["errors"]}
        assert codes == {"PermissionDenied"}


def test_a_change_shows_in_what_the_same_request_reads_afterwards(owner: Any) -> None:
    link = making.make_link(making.make_pack())
    query = """mutation ($id: ID!) {
      first: serialPackLinkUpdate(id: $id, quantity: 2) { serialPackLink { ...links } }
      second: serialPackLinkUpdate(id: $id, quantity: 3) { serialPackLink { ...links } }
      third: serialPackLinkDelete(id: $id) { serialPackLink { ...links } }
    }
    fragment links on SerialPackLink { pack { links { quantity } } }"""

    made = ask(query, {"id": gid("SerialPackLink", link.pk)}, by=owner)

    assert [each["serialPackLink"]["pack"]["links"] for each in made.values()] == [
        [{"quantity": 2}],
        [{"quantity": 3}],
        [],
    ]


def test_a_pack_is_found_by_id_or_slug(owner: Any) -> None:
    pack = making.make_pack(name="Keys", slug="keys")

    assert ask(PACK, {"id": gid("SerialPack", pack.pk)}, by=owner) == {
        "serialPack": {"name": "Keys"}
    }
    assert ask(PACK, {"slug": "keys"}, by=owner) == {"serialPack": {"name": "Keys"}}
    assert ask(PACK, {"slug": "locks"}, by=owner) == {"serialPack": None}
    assert ask(PACK, {"id": gid("SerialPack", pack.pk + 1)}, by=owner) == {"serialPack": None}
    assert complaints(PACK, {}, by=owner) == [
        "Give one of `id` and `slug` and `externalReference`."
    ]
    assert complaints(PACK, {"id": "x", "slug": "x"}, by=owner) == [
        "Give only one of `id` and `slug` and `externalReference`."
    ]
    assert complaints(PACK, {"id": "x"}, by=owner) == ["This is not the ID of a SerialPack."]


def test_packs_are_listed_in_pages_and_narrowed_down(owner: Any) -> None:
    for name, is_published in (("Keys", True), ("Locks", False), ("Key rings", False)):
        making.make_pack(name=name, is_published=is_published)
    query = """query ($filter: SerialPackFilterInput, $first: Int, $after: String, $last: Int) {
      serialPacks(filter: $filter, first: $first, after: $after, last: $last) {
        totalCount edges { node { name } cursor } pageInfo { hasNextPage hasPreviousPage endCursor }
      }
    }"""

    def listed(**variables: Any) -> tuple[list[str], int, bool, bool]:
        found = ask(query, variables, by=owner)["serialPacks"]
        info = found["pageInfo"]
        assert info["endCursor"] == (found["edges"][-1]["cursor"] if found["edges"] else None)
        return (
            [node["name"] for node in nodes(found)],
            found["totalCount"],
            info["hasPreviousPage"],
            info["hasNextPage"],
        )

    assert listed(first=2) == (["Keys", "Locks"], 3, False, True)
    assert listed(last=2) == (["Locks", "Key rings"], 3, True, False)
    assert listed(first=9, filter={"search": "KEY"}) == (["Keys", "Key rings"], 2, False, False)
    assert listed(first=9, filter={"isPublished": False, "search": "key-"}) == (
        ["Key rings"],
        1,
        False,
        False,
    )
    end = ask(query, {"first": 2}, by=owner)["serialPacks"]["pageInfo"]["endCursor"]
    assert listed(first=2, after=end) == (["Key rings"], 3, True, False)


def calls() -> dict[str, tuple[str, dict[str, Any]]]:
    """Every door to packs, each with input that would be accepted."""
    link = making.make_link(making.make_pack(slug="pack", webservice_access=True))
    pack_id, link_id = gid("SerialPack", link.pack_id), gid("SerialPackLink", link.pk)
    product_id = gid("Product", shop.make_product().pk)
    [serial] = making.make_serials(link.pack, 1)
    return {
        "create": (CREATE, {"input": {"name": "New"}}),
        "update": (UPDATE, {"id": pack_id, "input": {"name": "New"}}),
        "add": (ADD, {"pack": pack_id, "data": ["New"]}),
        "link": (LINK, {"input": {"pack": pack_id, "product": product_id}}),
        "relink": (RELINK, {"id": link_id, "quantity": 5}),
        "unlink": (UNLINK, {"id": link_id}),
        "pack": (PACK, {"slug": "pack"}),
        "pack by id": (PACK, {"id": pack_id}),
        "absent pack": (PACK, {"id": gid("SerialPack", 10**9)}),
        "nonsense": (PACK, {"id": "x"}),
        "packs": (PACKS, {}),
        "serial": (
            "query ($id: ID!) { serial(id: $id) { data } }",
            {"id": gid("Serial", serial.pk)},
        ),
        "serials": ("{ serials(first: 1) { edges { node { data } } } }", {}),
        "count": ("{ serials { totalCount } }", {}),
    }


@pytest.mark.parametrize("make", [people.make_staff, people.make_app])
@pytest.mark.parametrize(
    "call",
    [
        "create",
        "update",
        "add",
        "link",
        "relink",
        "unlink",
        "pack",
        "packs",
        "serial",
        "serials",
        "count",
    ],
)
def test_who_manages_products_may_do_it(make: Callable[..., Any], call: str) -> None:
    query, variables = calls()[call]

    [result] = ask(query, variables, by=make("MANAGE_PRODUCTS")).values()

    assert result
    assert result.get("errors", []) == []


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: None, id="nobody"),
        pytest.param(lambda: shop.make_user(), id="a customer"),
        pytest.param(lambda: people.make_staff("MANAGE_ORDERS", "MANAGE_PLUGINS"), id="staff"),
        pytest.param(lambda: people.make_app("MANAGE_ORDERS"), id="an app"),
    ],
)
def test_everybody_else_is_refused_and_nothing_changes(make: Callable[[], Any]) -> None:
    asker = make()
    doors = calls()
    before = books()

    for name, (query, variables) in doors.items():
        assert is_denied(query, variables, by=asker), name

    assert books() == before


def test_a_pack_with_unusable_rules_is_refused_and_nothing_changes(owner: Any) -> None:
    making.make_pack(slug="taken")
    before = books()

    for rules, field, code in [
        ({}, "name", "REQUIRED"),
        ({"name": "  "}, "name", "REQUIRED"),
        ({"name": "x" * 251}, "name", "TOO_LONG"),
        ({"name": "a\0b"}, "name", "INVALID"),
        *(
            ({"name": "x", "description": text}, "description", "INVALID")
            for text in people.UNENCODABLE
        ),
        ({"name": "x", "slug": "Not A Slug"}, "slug", "INVALID"),
        ({"name": "x", "slug": " "}, "slug", "REQUIRED"),
        ({"name": "x", "slug": "x" * 256}, "slug", "TOO_LONG"),
        ({"name": "x", "slug": "taken"}, "slug", "ALREADY_EXISTS"),
    ]:
        assert refused(CREATE, {"input": rules}, by=owner) == [(field, code, None)]

    assert books() == before


def test_a_pack_keeps_its_rules_when_a_change_is_refused(owner: Any) -> None:
    making.make_pack(slug="taken")
    pack_id = gid("SerialPack", making.make_pack().pk)
    before = books()

    for rules, field, code in [
        ({"name": "", "isPublished": False}, "name", "REQUIRED"),
        ({"slug": "taken", "isPublished": False}, "slug", "ALREADY_EXISTS"),
    ]:
        assert refused(UPDATE, {"id": pack_id, "input": rules}, by=owner) == [(field, code, None)]

    assert books() == before


def test_serials_are_refused_all_together_each_with_its_position(owner: Any) -> None:
    pack = making.make_pack()
    [known] = making.make_serials(pack, 1)
    pack_id = gid("SerialPack", pack.pk)
    before = books()

    def complaints_about(data: list[str]) -> list[Any]:
        return refused(ADD, {"pack": pack_id, "data": data}, by=owner)

    assert complaints_about([]) == [("data", "REQUIRED", None)]
    assert complaints_about(["A", " ", "B", "A", "a\0b", "x" * 70_000, *people.UNENCODABLE]) == [
        ("data", "REQUIRED", 1),
        ("data", "DUPLICATE", 3),
        ("data", "INVALID", 4),
        ("data", "TOO_LONG", 5),
        *(("data", "INVALID", 6) for _ in people.UNENCODABLE),
    ]
    assert complaints_about(["new", known.data]) == [("data", "DUPLICATE", 1)]
    assert complaints_about(["new"] * (add.MAX_SERIALS_PER_CALL + 1)) == [
        ("data", "TOO_MANY", None)
    ]
    for name, code in (("x" * 251, "TOO_LONG"), ("\0", "INVALID")):
        assert refused(ADD, {"pack": pack_id, "data": ["new"], "batchName": name}, by=owner) == [
            ("batchName", code, None)
        ]
    assert books() == before


def test_a_link_that_makes_no_sense_is_refused_and_nothing_changes(owner: Any) -> None:
    link = making.make_link(making.make_pack())
    pack, link_id = gid("SerialPack", link.pack_id), gid("SerialPackLink", link.pk)
    linked, variant = (
        gid("ProductVariant", pk) for pk in (link.variant_id, shop.make_variant().pk)
    )
    product = gid("Product", link.variant.product_id)
    before = books()

    cases: list[tuple[dict[str, Any], str, str]] = [
        ({}, "variant", "REQUIRED"),
        ({"variant": variant, "product": product}, "product", "INVALID"),
        ({"variant": variant, "quantity": 0}, "quantity", "OUT_OF_RANGE"),
        ({"variant": variant, "quantity": 10_001}, "quantity", "OUT_OF_RANGE"),
        ({"variant": linked}, "pack", "ALREADY_EXISTS"),
    ]
    for given, field, code in cases:
        assert refused(LINK, {"input": {"pack": pack, **given}}, by=owner) == [(field, code, None)]
    for quantity in (-1, 0, 10_001):
        assert refused(RELINK, {"id": link_id, "quantity": quantity}, by=owner) == [
            ("quantity", "OUT_OF_RANGE", None)
        ]

    assert books() == before


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "x",
        "ü",
        gid("Order", 1),
        gid("SerialPack", "x"),
        gid("SerialPack", "-1"),
        gid("SerialPack", ""),
        gid("SerialPack", 2**63),
        gid("SerialPack", "9" * 5000),
        gid("SerialPack", 10**9),
        gid("ProductVariant", 10**9),
        gid("Product", 10**9),
        gid("SerialPackLink", 10**9),
    ],
)
def test_an_id_of_nothing_is_refused_by_the_name_of_its_field(owner: Any, wrong: str) -> None:
    pack = gid("SerialPack", making.make_pack().pk)
    variant = gid("ProductVariant", shop.make_variant().pk)
    before = books()

    cases: list[tuple[str, dict[str, Any], str]] = [
        (UPDATE, {"id": wrong, "input": {"name": "New"}}, "id"),
        (ADD, {"pack": wrong, "data": ["New"]}, "pack"),
        (LINK, {"input": {"pack": wrong, "variant": variant}}, "pack"),
        (LINK, {"input": {"pack": pack, "variant": wrong}}, "variant"),
        (LINK, {"input": {"pack": pack, "product": wrong}}, "product"),
        (RELINK, {"id": wrong, "quantity": 2}, "id"),
        (UNLINK, {"id": wrong}, "id"),
    ]
    for query, variables, field in cases:
        assert refused(query, variables, by=owner) == [(field, "NOT_FOUND", None)]

    assert books() == before
