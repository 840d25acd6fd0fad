"""A pack's generator at work: it never repeats the pack, and says when it comes to its end."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from saleor_serials.errors import ErrorCode, InvalidInput, NotEnough
from saleor_serials.extensions.generators import GeneratedSerial, registered
from saleor_serials.models import Pack, PackSequence, Serial, SerialStatus
from saleor_serials.packs import lifecycle
from saleor_serials.serials import add, generation, text, writing
from tests import making
from tests.test_generators import CASES


def generated(pack: Pack, quantity: int) -> list[str]:
    """Fill a pack as the generation job does; return what was made, in its order."""
    with transaction.atomic():
        writing.lock(pack)
        now = timezone.now()
        drafts = generation.draw(pack, quantity, now=now)
        writing.write(pack, None, drafts, now=now)
    return [draft.data for draft in drafts]


def for_order(pack: Pack, quantity: int) -> list[str]:
    ids = generation.generate_for_order(pack, quantity, now=timezone.now())
    return [Serial.objects.get(pk=pk).data for pk in ids]


WAYS = [generated, for_order]


def make_pack(generator: str, **settings: Any) -> Pack:
    return making.make_pack(generator=generator, generator_settings=settings)


def refused(pack: Pack, quantity: int) -> NotEnough:
    """The refusal of so many, which must have changed nothing."""
    before = list(Serial.objects.values()), list(PackSequence.objects.values())
    with pytest.raises(NotEnough) as refusal:
        generated(pack, quantity)
    assert (list(Serial.objects.values()), list(PackSequence.objects.values())) == before
    assert (refusal.value.field, refusal.value.code) == ("quantity", ErrorCode.NOT_ENOUGH)
    return refusal.value


@pytest.mark.parametrize(("name", "settings"), CASES)
@pytest.mark.parametrize("way", WAYS)
def test_what_every_generator_makes_is_stored_as_it_was_made(
    way: Any, name: str, settings: dict[str, Any]
) -> None:
    pack = make_pack(name, **settings)

    made = way(pack, 3)

    rows = list(pack.serials.order_by("position"))
    assert [row.data for row in rows] == made
    assert len(set(made)) == 3
    assert {row.status for row in rows} == {"free"}
    assert {bytes(row.digest) for row in rows} == {text.digest_of(data) for data in made}
    if name in ("image", "qr", "barcode"):
        assert all(row.extra["image"].startswith("data:image/") for row in rows)
    if name == "time-limited":
        length = timedelta(minutes=90) if settings else timedelta(days=30)
        left = [row.expires_at - timezone.now() for row in rows]
        assert all(length - timedelta(minutes=1) < each < length for each in left)


@pytest.mark.parametrize("way", WAYS)
def test_no_serial_is_made_that_the_pack_ever_had_deleted_ones_included(way: Any) -> None:
    pack = make_pack("random", pattern="9{2}")
    had = [f"{number:02}" for number in range(100) if number not in (7, 77)]
    add.add_serials(pack, had, actor="user:1")
    pack.serials.filter(data__lt="50").update(status=SerialStatus.DELETED)
    pack.serials.filter(data__gt="90").update(status=SerialStatus.RESERVED, customer="user:1")

    made = way(pack, 2)

    assert sorted(made) == ["07", "77"]
    assert "can make 0 serials" in refused(pack, 1).message


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("settings", [{}, {"check_character": True}])
def test_a_small_pattern_is_used_up_to_its_last_serial(way: Any, settings: dict[str, Any]) -> None:
    pack = make_pack("random", pattern="9A", without="56789FGHIJKLMNOPQRSTUVWXYZ", **settings)
    capacity = generation.room(pack, 1)

    made = [data for quantity in (1, 10, 13, 1) for data in way(pack, quantity)]

    assert capacity == 25 == len(set(made))
    assert pack.serials.count() == 25
    refused(pack, 1)


def test_more_than_the_pattern_has_is_refused_before_anything_is_made() -> None:
    pack = make_pack("random", pattern="9{3}")
    generated(pack, 998)

    with mock.patch.object(registered()["random"], "make") as make:
        refusal = refused(pack, 3)

    assert make.mock_calls == []
    assert refusal.message.startswith(
        "With these settings the generator can make 2 serials that the pack never had."
    )
    generation.check_fits(pack, 2)


def test_serials_from_elsewhere_do_not_count_against_the_pattern() -> None:
    pack = make_pack("random", pattern="9{2}")
    add.add_serials(pack, [f"A{number}" for number in range(80)], actor="user:1")
    add.add_serials(pack, ["00", "01"], actor="user:1")

    generation.check_fits(pack, 98)

    assert generation.room(pack, 98) == 98
    assert len(generated(pack, 98)) == 98


def test_an_order_gets_what_there_is_and_then_nothing() -> None:
    pack = make_pack("random", pattern="9")
    add.add_serials(pack, list("2345678"), actor="user:1")

    assert sorted(for_order(pack, 5)) == ["0", "1", "9"]
    with pytest.raises(NotEnough):
        for_order(pack, 1)


def test_it_costs_the_same_number_of_statements_however_many_are_made() -> None:
    pack = make_pack("random")

    def statements(quantity: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            generation.generate_for_order(pack, quantity, now=timezone.now())
        return making.statements(captured)

    assert statements(1) == statements(500) == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"generator": ""}, "generator"),
        ({"generator": "gone"}, "generator"),
        ({"generator": "random", "generator_settings": {"pattern": "-"}}, "generator_settings"),
    ],
)
def test_a_pack_whose_generator_no_longer_serves_says_so(
    values: dict[str, Any], field: str
) -> None:
    pack = making.make_pack()
    Pack.objects.filter(pk=pack.pk).update(**values)
    pack.refresh_from_db()

    for ask in (lambda: generated(pack, 1), lambda: for_order(pack, 1)):
        with pytest.raises(InvalidInput) as refusal:
            ask()
        assert refusal.value.field == field
    assert not pack.serials.exists()


def test_a_generator_that_repeats_itself_is_given_up() -> None:
    class Stuck(registered()["uuid"]):  # type: ignore[misc]
        def make(self, count: int, context: Any) -> Sequence[GeneratedSerial]:
            return [GeneratedSerial(data="the same")] * count

    pack = make_pack("uuid")

    stuck = Stuck({"case": "lower", "hyphens": True})
    with mock.patch.object(generation, "generator", return_value=stuck):
        refused(pack, 2)
        assert for_order(pack, 2) == ["the same"]
        with pytest.raises(NotEnough):
            for_order(pack, 1)


# ---- sequence


@pytest.mark.parametrize("way", WAYS)
def test_a_sequence_continues_after_its_last_and_passes_what_was_imported(way: Any) -> None:
    pack = make_pack("sequence", padding=4)

    assert way(pack, 2) == ["0001", "0002"]
    add.add_serials(pack, ["0004", "0005", "0007", "7"], actor="user:1")
    assert way(pack, 3) == ["0003", "0006", "0008"]
    pack.serials.update(status=SerialStatus.DELETED)
    assert way(pack, 1) == ["0009"]


@pytest.mark.parametrize("way", WAYS)
def test_a_sequence_passes_a_long_import_and_leaves_no_number_out(way: Any) -> None:
    pack = make_pack("sequence", prefix="N")
    add.add_serials(pack, [f"N{number}" for number in range(1, 9_001)], actor="user:1")

    assert way(pack, 2) == ["N9001", "N9002"]
    assert way(pack, 2) == ["N9003", "N9004"]
    assert PackSequence.objects.get(pack=pack).next == 9_005


def test_a_sequence_leaps_to_a_higher_start_and_never_goes_back() -> None:
    pack = make_pack("sequence", start=10)
    assert generated(pack, 2) == ["10", "11"]

    lifecycle.update(pack.pk, generator_settings={"start": 100, "step": 10})
    pack.refresh_from_db()
    assert generated(pack, 2) == ["100", "110"]

    lifecycle.update(pack.pk, generator_settings={"start": 1})
    pack.refresh_from_db()
    assert generated(pack, 2) == ["120", "121"]


def test_the_numbers_of_what_is_given_up_are_drawn_again() -> None:
    pack = make_pack("sequence")
    generated(pack, 3)

    class GivenUpError(Exception):
        pass

    def give_up() -> None:
        with transaction.atomic():
            generation.draw(pack, 5, now=timezone.now())
            raise GivenUpError

    with pytest.raises(GivenUpError):
        give_up()

    assert generated(pack, 2) == ["4", "5"]


def test_each_pack_has_a_sequence_of_its_own() -> None:
    first, second = make_pack("sequence"), make_pack("sequence", start=5)

    assert [generated(first, 2), generated(second, 2), generated(first, 1)] == [
        ["1", "2"],
        ["5", "6"],
        ["3"],
    ]
