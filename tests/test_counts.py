"""The numbers of a pack are exact at every moment, whoever changes it and however often."""

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any
from unittest import mock

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import CountChange, Pack, PackCount, Serial, SerialStatus
from saleor_serials.serials import add, counts
from tests import making
from tests.races.threads import PATIENCE, together


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


def folded_while_others_change(pack: Pack) -> None:
    """Begin to add up beside a change that commits before the adding up is done.

    The change's transaction holds the row that the sum goes into, so that adding up waits for it
    in the middle of its work.
    """
    making.make_serials(pack, 2)
    counts.fold()
    making.make_serials(pack, 1)
    holds_row, is_blocking = Event(), "pg_backend_pid() = ANY(pg_blocking_pids(pid))"

    def change() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            list(PackCount.objects.select_for_update().filter(pack=pack))
            making.make_serials(pack, 3)
            holds_row.set()
            cursor.execute(f"""DO $$ BEGIN
                WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND {is_blocking}) LOOP
                    PERFORM pg_sleep(0.01);
                END LOOP;
            END $$""")

    def fold() -> None:
        holds_row.wait(PATIENCE)
        counts.fold()

    together([change, fold])


def test_adding_up_loses_nothing_of_what_commits_meanwhile() -> None:
    pack = making.make_pack()

    folded_while_others_change(pack)

    assert counted(pack) == making.statuses(pack) == {"free": 6}


def test_negative_control_adding_up_in_two_statements_loses_what_commits_between() -> None:
    """The same with the rows read by one statement, and removed by the next."""
    pack = making.make_pack()
    gone = "WITH gone AS (DELETE FROM saleor_serials_countchange RETURNING pack_id, status, change)"
    assert gone in counts._FOLD
    in_two = counts._FOLD.replace(gone, "").replace("FROM gone", "FROM saleor_serials_countchange")

    with mock.patch.object(counts, "_FOLD", f"{in_two}; DELETE FROM saleor_serials_countchange"):
        folded_while_others_change(pack)

    assert counted(pack) == {"free": 3}
    assert making.statuses(pack) == {"free": 6}


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
