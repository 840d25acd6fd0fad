"""The same order, or the same pack, changed by several at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Barrier
from typing import Any
from unittest import mock

import pytest

from saleor_serials.errors import InvalidInputs
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Delivery, Event, EventType, OrderRecord
from saleor_serials.orders import lines, records
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.serials import add
from tests import making
from tests.hosts import shop
from tests.making import held, shortfall, statuses
from tests.races.threads import together


@pytest.mark.parametrize("times", [2, 10])
def test_the_same_paid_event_at_the_same_time_gives_one_set_of_serials(times: int) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 20)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack, quantity=2), units=2)

    together([partial(reconcile, order_id)] * times)

    assert len(held(order_id)) == 4
    assert statuses(pack) == {"used": 4, "free": 16}
    assert Event.objects.filter(type=EventType.ASSIGNED).count() == 4
    assert Delivery.objects.count() == 1
    making.check_books()


@contextmanager
def without_the_lock(rivals: int) -> Iterator[None]:
    """Replace the lock on the order's record by a plain read, and let the rivals read together."""
    barrier = Barrier(rivals)

    def read(order_id: str) -> OrderRecord:
        return OrderRecord.objects.get(order_id=order_id)

    original = lines.set_entitled

    def set_entitled(*args: Any, **kwargs: Any) -> Any:
        surplus = original(*args, **kwargs)
        barrier.wait(5)
        return surplus

    with (
        mock.patch.object(records, "_lock", read),
        mock.patch.object(lines, "set_entitled", set_entitled),
    ):
        yield


def test_negative_control_without_the_lock_the_same_event_twice_gives_twice_as_much() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 20)
    link = making.make_link(pack)
    with shop.nothing_heard():
        order_id = making.placed_order(link)
        reconcile(order_id)
        shop.pay(order_id)
    # Writing this would lock the row by accident.
    OrderRecord.objects.update(entitled_at=shop.now())

    with without_the_lock(2):
        together([partial(reconcile, order_id)] * 2)

    assert len(held(order_id)) == 2, "one is owed: without the lock there should have been two"


def test_paid_and_cancelled_at_the_same_moment_ends_as_the_host_ends() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 10)
    link = making.make_link(pack)
    for _ in range(5):
        order_id = making.placed_order(link)

        together([partial(shop.pay, order_id), partial(shop.cancel, order_id)])
        sweep()

        assert len(held(order_id)) == (0 if shop.is_cancelled(order_id) else 1)
        assert shortfall(order_id) == 0
    making.check_books()


def test_a_refund_that_meets_a_running_reconcile_wins() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 10)
    link = making.make_link(pack, quantity=2)
    for _ in range(5):
        with shop.nothing_heard():
            order_id = making.paid_order(link)

        together([partial(reconcile, order_id), partial(shop.refund, order_id)])

        assert (held(order_id), shortfall(order_id)) == ([], 0)
    making.check_books()


def test_a_refund_between_reading_the_order_and_committing_is_seen_by_its_own_event() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 10)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))
    has_read, is_refunded = threading.Event(), threading.Event()
    original = lines.entitled_units

    def read_then_pause(*args: Any, **kwargs: Any) -> Any:
        units = original(*args, **kwargs)
        if not has_read.is_set():
            has_read.set()
            assert is_refunded.wait(10)
        return units

    def refund() -> None:
        assert has_read.wait(10)
        with shop.nothing_heard():
            shop.refund(order_id)
        is_refunded.set()
        reconcile(order_id)

    with mock.patch.object(lines, "entitled_units", read_then_pause):
        together([partial(reconcile, order_id), refund])

    assert held(order_id) == []
    assert statuses(pack) == {"unassigned": 1, "free": 9}


def test_an_import_that_meets_sellers_leaves_nobody_short_after_a_sweep() -> None:
    pack = making.make_pack()
    link = making.make_link(pack)
    with shop.nothing_heard():
        order_ids = [making.paid_order(link) for _ in range(12)]

    together(
        [partial(reconcile, order_id) for order_id in order_ids]
        + [partial(making.make_serials, pack, 4)] * 3
    )
    sweep()

    assert [len(held(order_id)) for order_id in order_ids] == [1] * 12
    making.check_books()


def test_the_same_serial_pasted_by_two_staff_at_once_is_there_once() -> None:
    pack = making.make_pack()

    def paste() -> str:
        try:
            add.add_serials(pack, ["ONCE", "ONLY"], actor="user:1")
        except InvalidInputs as error:
            return ", ".join(complaint.code for complaint in error.errors)
        return "accepted"

    answers = together([paste] * 4)

    assert sorted(answers) == ["DUPLICATE, DUPLICATE"] * 3 + ["accepted"]
    assert sorted(pack.serials.values_list("data", flat=True)) == ["ONCE", "ONLY"]
    assert pack.batches.count() == 1


def test_two_sweeps_at_once_do_no_harm() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 10)
    link = making.make_link(pack)
    with shop.nothing_heard():
        order_ids = [making.paid_order(link) for _ in range(10)]

    together([sweep] * 3)

    assert [len(held(order_id)) for order_id in order_ids] == [1] * 10
    assert Event.objects.filter(type=EventType.DELIVERED).count() == 10
    making.check_books()
