"""The same order, or the same pack, changed by several at once."""

from functools import partial

import pytest

from saleor_serials.assignments import allocation
from saleor_serials.errors import InvalidInputs
from saleor_serials.maintenance import sweep as sweep_module
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Delivery, Event, EventType, Pack, SweepState
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.serials import add
from tests import making
from tests.hosts import shop
from tests.making import held, shortfall, statuses
from tests.races.threads import Crossing, together, without_row_locks


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


def waiting_order(pack: Pack, *, serials: int) -> str:
    """A paid order that was short until now.

    A reconcile writes nothing to its record any more: that would lock the row by accident.
    """
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))
        reconcile(order_id)
    assert shortfall(order_id) == 1
    making.make_serials(pack, serials)
    return order_id


def reconcile_twice(order_id: str) -> None:
    """Let two reconcile one order, each of whom has read it before the other allocates."""
    have_read = Crossing()
    with have_read.before(allocation, "allocate"):
        have_read.together([partial(reconcile, order_id)] * 2)


def test_the_same_event_twice_gives_what_is_owed_once() -> None:
    order_id = waiting_order(making.make_pack(), serials=20)

    reconcile_twice(order_id)

    assert len(held(order_id)) == 1
    making.check_books()


def test_negative_control_without_the_lock_the_same_event_twice_gives_twice_as_much() -> None:
    order_id = waiting_order(making.make_pack(), serials=20)

    with without_row_locks("saleor_serials_orderrecord"):
        reconcile_twice(order_id)

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


def refund_meanwhile(order_id: str) -> None:
    """Refund an order that a reconcile has read as paid, and has not allocated for yet."""
    has_read = Crossing()

    def refund() -> None:
        with shop.nothing_heard():
            shop.refund(order_id)
        reconcile(order_id)

    with has_read.before(allocation, "allocate"):
        has_read.together([partial(reconcile, order_id), has_read.once_reached(refund)])


def test_a_refund_between_reading_the_order_and_committing_is_seen_by_its_own_event() -> None:
    pack = making.make_pack()
    order_id = waiting_order(pack, serials=10)

    refund_meanwhile(order_id)

    assert held(order_id) == []
    assert statuses(pack) == {"unassigned": 1, "free": 9}
    making.check_books()


def test_negative_control_without_the_lock_an_order_keeps_a_serial_after_its_refund() -> None:
    order_id = waiting_order(making.make_pack(), serials=10)

    with without_row_locks("saleor_serials_orderrecord"):
        refund_meanwhile(order_id)

    assert len(held(order_id)) == 1, "without the lock the older reading should have won"


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


def test_of_eight_sweeps_that_begin_at_once_one_does() -> None:
    SweepState.objects.create(pk=1)

    assert sorted(together([sweep_module._begin] * 8)) == [False] * 7 + [True]


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
