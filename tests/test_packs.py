"""Packs, and what may be put into them."""

from typing import Any

import pytest

from saleor_serials.errors import (
    AlreadyExists,
    InvalidInput,
    InvalidInputs,
    NotFound,
    Required,
    TooLong,
    TooMany,
)
from saleor_serials.models import Batch, Event, Pack, Serial
from saleor_serials.packs import lifecycle
from saleor_serials.serials import add
from tests import making


def complaints(pack: Pack, data: list[str]) -> list[tuple[str, int | None]]:
    before = list(Serial.objects.values()), Batch.objects.count(), Event.objects.count()
    with pytest.raises(InvalidInputs) as refused:
        add.add_serials(pack, data, actor="user:1")
    assert (list(Serial.objects.values()), Batch.objects.count(), Event.objects.count()) == before
    assert {error.field for error in refused.value.errors} == {"data"}
    return [(error.code.value, error.index) for error in refused.value.errors]


def test_serials_come_out_in_the_order_they_were_put_in() -> None:
    pack = making.make_pack()

    add.add_serials(pack, ["b", "a"], actor="user:1")
    add.add_serials(pack, ["c"], actor="user:1")

    assert list(pack.serials.order_by("position").values_list("data", flat=True)) == ["b", "a", "c"]
    assert making.statuses(pack) == {"free": 3}


def test_a_pack_that_picks_at_random_has_positions_at_random() -> None:
    pack = making.make_pack(pick_order="random")

    made = making.make_serials(pack, 200)

    in_order = sorted(made, key=lambda serial: serial.pk)
    assert [serial.position for serial in in_order] != sorted(s.position for s in made)


def test_text_is_trimmed_and_normalised_but_keeps_its_case() -> None:
    pack = making.make_pack()

    add.add_serials(pack, ["  Cafe\u0301-1\n", "café-1", "two\nlines"], actor="user:1")

    assert set(pack.serials.values_list("data", flat=True)) == {"Café-1", "café-1", "two\nlines"}


def test_each_bad_serial_is_named_by_its_index_and_nothing_is_put_in() -> None:
    pack = making.make_pack()
    add.add_serials(pack, ["known"], actor="user:1")
    Serial.objects.update(status="deleted")

    assert complaints(pack, ["new", "", " \n", "a\0b", "x" * (64 * 1024 + 1), "new"]) == [
        ("REQUIRED", 1),
        ("REQUIRED", 2),
        ("INVALID", 3),
        ("TOO_LONG", 4),
        ("DUPLICATE", 5),
    ]
    assert complaints(pack, ["new", "known "]) == [("DUPLICATE", 1)]
    assert complaints(pack, ["\ud800"]) == [("INVALID", 0)]
    assert len(complaints(pack, [""] * 500)) == 100


def test_the_longest_serial_is_accepted() -> None:
    pack = making.make_pack()

    add.add_serials(pack, ["x" * 64 * 1024], actor="user:1")

    assert pack.serials.count() == 1


def test_the_same_data_may_stand_in_two_packs() -> None:
    first, second = making.make_pack(), making.make_pack()

    for pack in (first, second):
        add.add_serials(pack, ["same"], actor="user:1")

    assert Serial.objects.count() == 2


def test_a_call_with_nothing_or_too_much_is_refused() -> None:
    pack = making.make_pack()

    with pytest.raises(Required):
        add.add_serials(pack, [], actor="user:1")
    with pytest.raises(TooMany):
        add.add_serials(pack, [str(n) for n in range(10_001)], actor="user:1")
    with pytest.raises(TooLong):
        add.add_serials(pack, ["one"], actor="user:1", batch_name="x" * 251)

    assert (Serial.objects.count(), Batch.objects.count()) == (0, 0)


def test_making_is_recorded_once_per_batch() -> None:
    pack = making.make_pack()

    batch = add.add_serials(pack, ["a", "b"], actor="user:7", batch_name=" Spring ")

    [event] = Event.objects.all()
    assert (event.type, event.batch_id, event.quantity, event.actor) == (
        "created",
        batch.pk,
        2,
        "user:7",
    )
    assert (batch.name, batch.quantity) == ("Spring", 2)


def test_an_error_never_shows_the_data() -> None:
    pack = making.make_pack()
    add.add_serials(pack, ["TOP-SECRET"], actor="user:1")

    with pytest.raises(InvalidInputs) as refused:
        add.add_serials(pack, ["TOP-SECRET", "TOP-SECRET"], actor="user:1")

    assert "TOP-SECRET" not in "".join(str(error) for error in refused.value.errors)
    assert "TOP-SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "error", "field"),
    [
        ({"name": " "}, Required, "name"),
        ({"name": "x" * 251}, TooLong, "name"),
        ({"slug": ""}, Required, "slug"),
        ({"slug": "With Spaces"}, InvalidInput, "slug"),
        ({"slug": "x" * 256}, TooLong, "slug"),
        ({"slug": "taken"}, AlreadyExists, "slug"),
    ],
)
def test_a_pack_that_cannot_be_made_or_changed_is_refused(
    values: dict[str, Any], error: type[InvalidInput], field: str
) -> None:
    making.make_pack(slug="taken")
    pack = making.make_pack(slug="mine")
    before = list(Pack.objects.order_by("id").values())

    with pytest.raises(error) as on_create:
        lifecycle.create(**{"name": "New", **values})
    with pytest.raises(error) as on_update:
        lifecycle.update(pack.pk, **values)

    assert (on_create.value.field, on_update.value.field) == (field, field)
    assert list(Pack.objects.order_by("id").values()) == before


def test_a_slug_is_made_from_the_name_and_never_taken_twice() -> None:
    slugs = [lifecycle.create(name="Space Traders: Key!").slug for _ in range(3)]

    assert slugs == ["space-traders-key", "space-traders-key-2", "space-traders-key-3"]


def test_only_the_given_values_change() -> None:
    pack = making.make_pack(name="Old", description="Note", slug="old")

    lifecycle.update(pack.pk, name="New")

    pack.refresh_from_db()
    assert (pack.name, pack.description, pack.slug) == ("New", "Note", "old")


def test_a_pack_that_is_not_there_cannot_be_changed() -> None:
    with pytest.raises(NotFound):
        lifecycle.update(4711, name="New")
