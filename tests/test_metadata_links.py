"""What a text in the metadata asks for, and how it is found when nobody told us."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from demo.services.processes import free_port
from saleor_serials import tasks
from saleor_serials.errors import InvalidInput
from saleor_serials.host import host
from saleor_serials.host.shapes import Target
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import MetadataLinks, PackLink
from saleor_serials.packs import links, metadata_links
from tests import making
from tests.hosts import shop
from tests.queues import Queue


def say(row: Any, **metadata: Any) -> Target:
    """Set the private metadata of a variant or product as a script does; nobody tells of it."""
    type(row).objects.filter(pk=row.pk).update(private_metadata=metadata)
    return Target(kind="variant", id=row.pk)


def said(row: Any) -> Any:
    return type(row).objects.values_list("private_metadata", flat=True).get(pk=row.pk)


@pytest.mark.parametrize(
    ("text", "quantities"),
    [
        ("", {}),
        (" ,, ", {}),
        ("games", {"games": 1}),
        ("games x2", {"games": 2}),
        ("Games X2", {"games": 2}),
        ("games x 10000 ", {"games": 10_000}),
        ("games×2", {"games": 2}),
        ("games × 2", {"games": 2}),
        ("games\tx2", {"games": 2}),
        ("games x02", {"games": 2}),
        ("games, music x2,", {"games": 1, "music": 2}),
        ("x2", {"x2": 1}),
        ("x2 x2", {"x2": 2}),
        ("box2-x3, max_x", {"box2-x3": 1, "max_x": 1}),
        ("spiele-für-ärzte x3", {"spiele-für-ärzte": 3}),
        ("gａmes， x２", {"games": 1, "x2": 1}),
    ],
)
def test_a_text_is_read_with_the_slips_that_people_make(
    text: str, quantities: dict[str, int]
) -> None:
    assert metadata_links.read(json.dumps(text, ensure_ascii=False)) == quantities


@pytest.mark.parametrize("value", [None, 5, True, ["games"], {"games": 2}])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        metadata_links.read(json.dumps(value))

    assert refused.value.message == (
        "This is not text; write the slugs of packs, as in 'games, music x2'."
    )


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    quantities: dict[str, int] = {}
    with suppress(InvalidInput):
        quantities = metadata_links.read(json.dumps(text, ensure_ascii=False))

    assert all(1 <= quantity <= links.MAX_QUANTITY for quantity in quantities.values())


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True), st.integers(1, 10_000), max_size=20
    )
)
def test_what_is_written_plainly_is_what_is_read(quantities: dict[str, int]) -> None:
    text = ", ".join(f"{slug} x{quantity}" for slug, quantity in quantities.items())

    assert metadata_links.read(json.dumps(text)) == quantities


@pytest.mark.parametrize("value", [5, None, ["games"], {"games": 2}])
def test_a_script_that_writes_no_text_is_told_so(value: Any) -> None:
    making.make_pack(slug="games")
    variant = shop.make_variant()
    say(variant, serials=value)

    sweep()

    assert said(variant) == {
        "serials": value,
        "serials.error": "This is not text; write the slugs of packs, as in 'games, music x2'.",
    }
    assert PackLink.objects.count() == 0


def test_an_enormous_text_is_neither_read_nor_stored() -> None:
    variant = shop.make_variant()
    say(variant, serials="games, " * 100_000)

    sweep()

    assert said(variant)["serials.error"] == (
        "This text is too long; it may have 4,000 characters."
    )
    assert len(MetadataLinks.objects.get().text) == 4_001
    assert host.out_of_sync_targets(length=4_001, most=10) == []


def test_a_row_without_metadata_says_nothing() -> None:
    variant = shop.make_variant()
    if not type(variant)._meta.get_field("private_metadata").null:
        pytest.skip("this host keeps an object in every row")
    pack = making.make_pack(slug="games")
    target = say(variant, serials=pack.slug)
    sweep()
    type(variant).objects.filter(pk=variant.pk).update(private_metadata=None)

    unsettled = metadata_links.is_in_sync(target)
    sweep()

    assert not unsettled
    assert metadata_links.is_in_sync(target)
    assert PackLink.objects.filter(until=None).count() == 0
    assert said(variant) is None


@pytest.mark.parametrize("metadata", [5, "serials", ["serials", "serials.error"]])
def test_metadata_of_another_shape_says_nothing_and_stays(metadata: Any) -> None:
    variant = shop.make_variant()
    type(variant).objects.filter(pk=variant.pk).update(private_metadata=metadata)
    variant.refresh_from_db()

    variant.save()
    sweep()

    assert not host.mentions_serials(variant)
    assert said(variant) == metadata
    assert MetadataLinks.objects.count() == 0


def test_a_deleted_variant_takes_its_metadata_links_along() -> None:
    making.make_pack(slug="games")
    variant = shop.make_variant()
    say(variant, serials="games")
    sweep()

    shop.delete_variant(variant)
    sweep()

    assert MetadataLinks.objects.count() == 0
    assert PackLink.objects.filter(until=None).count() == 0


def test_one_text_that_fails_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    making.make_pack(slug="games")
    poisoned, healthy = shop.make_variant(), shop.make_variant()
    for variant in (poisoned, healthy):
        say(variant, serials="games")
    grant = metadata_links.sync

    def fail(target: Target) -> None:
        if target.id == poisoned.pk:
            raise RuntimeError("the worst")
        grant(target)

    monkeypatch.setattr(metadata_links, "sync", fail)
    sweep()
    linked = list(PackLink.objects.values_list("variant", flat=True))
    monkeypatch.undo()
    sweep()

    assert linked == [healthy.pk]
    assert PackLink.objects.filter(until=None).count() == 2


def test_a_sweep_takes_so_many_texts_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata_links, "MAX_PER_SWEEP", 2)
    making.make_pack(slug="games")
    for _ in range(5):
        say(shop.make_variant(), serials="games")

    counts = []
    for _ in range(4):
        sweep()
        counts.append(PackLink.objects.filter(until=None).count())

    assert counts == [2, 4, 5, 5]


def test_granting_again_changes_nothing() -> None:
    making.make_pack(slug="games")
    variant = shop.make_variant()
    target = say(variant, serials="games x2", colour="red")
    metadata_links.sync(target)
    before = list(PackLink.objects.values()), said(variant), list(MetadataLinks.objects.values())

    metadata_links.sync(target)

    assert before == (
        list(PackLink.objects.values()),
        said(variant),
        list(MetadataLinks.objects.values()),
    )


def test_events_of_one_transaction_become_one_task(queue: Queue) -> None:
    target = say(shop.make_variant(), serials="games")

    with transaction.atomic():
        for _ in range(3):
            tasks.request_links(target)
        before_commit = queue.arguments

    assert (before_commit, queue.arguments) == ([], [target.key])


def test_the_broker_is_down_and_the_sweep_grants(real_broker: Callable[[str], None]) -> None:
    making.make_pack(slug="games")
    target = say(shop.make_variant(), serials="games")
    real_broker(f"redis://127.0.0.1:{free_port()}/0")

    tasks.request_links(target)
    after_the_request = PackLink.objects.count()
    sweep()

    assert after_the_request == 0
    assert PackLink.objects.get().variant_id == target.id


def test_a_shop_without_metadata_links_pays_two_statements_a_sweep() -> None:
    for _ in range(3):
        shop.make_variant()

    with CaptureQueriesContext(connection) as statements:
        metadata_links.sync_all()

    assert len(statements) == 2
