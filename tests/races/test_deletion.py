"""No serial is both deleted and held, whoever deletes while orders are served."""

from functools import partial
from threading import Barrier
from unittest import mock

import pytest

from saleor_serials import errors
from saleor_serials.errors import StorageFailed
from saleor_serials.models import Assignment, Event, Pack, Serial
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.serials import deletion
from saleor_serials.serials.deletion import Deleted
from saleor_serials.serials.search import Filter
from tests import making
from tests.hosts import shop
from tests.races.threads import PATIENCE, together


def waiting_orders(pack: Pack, number: int) -> list[str]:
    link = making.make_link(pack)
    with shop.nothing_heard():
        return [making.paid_order(link) for _ in range(number)]


def test_what_is_deleted_while_orders_are_served_is_held_by_none_of_them() -> None:
    pack = making.make_pack()
    serials = [serial.pk for serial in making.make_serials(pack, 120)]
    orders = waiting_orders(pack, 40)

    def serve(order_ids: list[str]) -> None:
        for order_id in order_ids:
            reconcile(order_id)

    done: list[Deleted] = []
    with mock.patch.object(deletion, "CHUNK", 7):
        together(
            [
                *(partial(serve, orders[start::4]) for start in range(4)),
                lambda: [
                    done.append(deletion.delete([pk], actor="user:1")) for pk in serials[::-3]
                ],
                lambda: [done.append(deletion.delete([pk], actor="user:1")) for pk in serials[::5]],
                lambda: done.append(delete_all(pack)),
            ]
        )

    gone = pack.serials.filter(status="deleted").count()
    assert gone == sum(each.deleted for each in done) == 120 - 40 + _shortfall()
    assert Event.objects.filter(type="deleted").count() == gone
    assert sum(Assignment.objects.values_list("held", flat=True)) == 40 - _shortfall()
    assert not Serial.objects.filter(status="deleted", assignment__isnull=False).exists()
    making.check_books()


def delete_all(pack: Pack) -> Deleted:
    criteria = Filter(pack_ids=(pack.pk,))
    return deletion.delete_matching(criteria, expected=None, actor="user:2")


def _shortfall() -> int:
    return sum(each.shortfall for each in Assignment.objects.all())


def test_negative_control_read_then_write_runs_into_what_the_database_forbids() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    [order_id] = waiting_orders(pack, 1)
    barrier = Barrier(2)

    def read(condition: str, values: dict[str, object]) -> tuple[int, list[int]]:
        found = list(pack.serials.filter(status="free").values_list("pk", flat=True))
        barrier.wait(PATIENCE)  # both have read
        barrier.wait(PATIENCE)  # the order is served
        return len(found), found

    def serve() -> None:
        barrier.wait(PATIENCE)
        reconcile(order_id)
        barrier.wait(PATIENCE)

    with mock.patch.object(deletion, "_lock", read), pytest.raises(StorageFailed):
        together([serve, partial(delete_all, pack)])

    assert len(making.held(order_id)) == 1
    assert making.statuses(pack) == {"used": 1}


def test_a_serial_that_is_served_between_reading_and_writing_is_skipped() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    [order_id] = waiting_orders(pack, 1)
    barrier = Barrier(2)
    lock = deletion._lock

    def late(condition: str, values: dict[str, object]) -> tuple[int, list[int]]:
        barrier.wait(PATIENCE)
        barrier.wait(PATIENCE)
        return lock(condition, values)

    def serve() -> None:
        barrier.wait(PATIENCE)
        reconcile(order_id)
        barrier.wait(PATIENCE)

    with mock.patch.object(deletion, "_lock", late):
        _, done = together([serve, partial(delete_all, pack)])

    assert done == Deleted(deleted=0, skipped=1)
    assert len(making.held(order_id)) == 1
    making.check_books()


def test_two_who_delete_the_same_delete_each_serial_once() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 50)
    criteria = Filter(pack_ids=(pack.pk,))

    def delete() -> Deleted | None:
        try:
            return deletion.delete_matching(criteria, expected=50, actor="user:1")
        except errors.CountChanged:
            return None

    done = [each for each in together([delete] * 4) if each is not None]

    assert sum(each.deleted for each in done) == 50
    assert Event.objects.filter(type="deleted").count() == 50
    assert making.statuses(pack) == {"deleted": 50}
