"""The numbers of a pack are exact at every moment, whoever changes it and however often."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import CountChange, Pack, PackCount, Serial, SerialStatus
from saleor_serials.serials import add, counts
from tests import making
from tests.races.threads import together


def counted(pack: Pack) -> dict[str, int]:
    """What is in the books, without the statuses that nothing is in."""
    numbers = counts.by_status([pack.pk])[pack.pk]
    return {status.value: number for status, number in numbers.items() if number}


def test_every_change_of_a_status_is_counted_whatever_makes_it() -> None:
    pack, other = making.make_pack(), making.make_pack()
    making.make_serials(pack, 5)
    making.make_serials(other, 2)

    Serial.objects.filter(pack=pack, pk__in=pack.serials.values("pk")[:2]).update(
        status="reserved", customer="user:1"
    )
    one = pack.serials.filter(status="free").first()
    assert one is not None
    one.status = "deleted"
    one.save()
    other.serials.all().delete()

    assert counted(pack) == making.statuses(pack) == {"free": 2, "reserved": 2, "deleted": 1}
    assert counted(other) == {}
    assert set(counts.by_status()) == {pack.pk, other.pk}
    assert counts.by_status([10**9]) == {10**9: dict.fromkeys(SerialStatus, 0)}


def test_what_does_not_change_a_status_writes_nothing() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    before = CountChange.objects.count()

    pack.serials.update(extra={"seat": 1})

    assert CountChange.objects.count() == before


def test_adding_up_changes_no_number_and_leaves_nothing_to_add() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 4)
    counts.fold()
    pack.serials.update(status="used", customer="user:1")
    before = counted(pack)

    for _ in range(2):
        counts.fold()

    assert counted(pack) == before == {"used": 4}
    assert CountChange.objects.count() == 0
    assert PackCount.objects.get(pack=pack, status="free").quantity == 0


def test_what_is_rolled_back_was_never_counted() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 4)

    with transaction.atomic():
        pack.serials.update(status="deleted")
        counts.fold()
        assert counted(pack) == {"deleted": 4}
        transaction.set_rollback(True)

    assert counted(pack) == {"free": 4}


def test_a_sweep_adds_up_what_changed() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    assert CountChange.objects.count() > 0

    sweep()

    assert CountChange.objects.count() == 0
    assert counted(pack) == {"free": 3}


def test_numbers_are_exact_while_many_change_them_and_some_add_up() -> None:
    pack = making.make_pack()
    serials = making.make_serials(pack, 40)
    seen: list[int] = []

    def move(status: str, chosen: list[int]) -> None:
        for pk in chosen:
            Serial.objects.filter(pk=pk).update(status=status, customer="user:1")

    def put_in(start: int) -> None:
        for number in range(start, start + 5):
            add.add_serials(pack, [f"NEW-{number}"], actor="user:1")

    def fold() -> None:
        for _ in range(10):
            counts.fold()

    def look() -> None:
        for _ in range(20):
            seen.append(sum(counts.by_status([pack.pk])[pack.pk].values()))

    ids = [serial.pk for serial in serials]
    work: list[Callable[[], Any]] = [
        *(partial(move, "used", ids[start:20:4]) for start in range(4)),
        partial(move, "deleted", ids[20:30]),
        *(partial(put_in, start) for start in (0, 100)),
        *(fold, fold, look),
    ]
    together(work)

    assert counted(pack) == making.statuses(pack) == {"free": 20, "used": 20, "deleted": 10}
    assert seen == sorted(seen), "no reader may see a change twice, or not at all"
    assert (min(seen), max(seen)) >= (40, 40)


def test_negative_control_adding_up_in_two_steps_shows_wrong_numbers() -> None:
    """Read, then write: what comes between the two is lost."""
    pack = making.make_pack()
    making.make_serials(pack, 2)

    found = list(CountChange.objects.filter(pack=pack))
    making.make_serials(pack, 3)
    CountChange.objects.all().delete()
    for change in found:
        PackCount.objects.create(pack=pack, status=change.status, quantity=change.change)

    assert counted(pack) == {"free": 2}
    assert making.statuses(pack) == {"free": 5}


def test_what_is_left_leaves_out_the_expired() -> None:
    pack = making.make_pack()
    first, *_ = making.make_serials(pack, 3)
    Serial.objects.filter(pk=first.pk).update(expires_at="2020-01-01T00:00Z")

    assert counts.left([pack.pk]) == {pack.pk: 2}


def test_numbers_of_many_packs_take_one_statement() -> None:
    made = [making.make_pack() for _ in range(5)]

    with CaptureQueriesContext(connection) as captured:
        counts.by_status([pack.pk for pack in made])

    assert len(captured) == 1
