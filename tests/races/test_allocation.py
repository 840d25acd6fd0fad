"""No serial is handed out twice, whoever asks at once; and the proof that we would see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from queue import Queue
from threading import Barrier, BrokenBarrierError
from unittest import mock

from saleor_serials.assignments import claims
from saleor_serials.history import Move
from saleor_serials.models import Assignment, Event, EventType, Serial
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.run import Run
from tests import making
from tests.hosts import shop
from tests.making import held, shortfall
from tests.races.threads import together

THREADS = 8


def sell_at_once(order_ids: list[str]) -> None:
    """Reconcile the orders in 8 threads that take them from one queue."""
    queue: Queue[str] = Queue()
    for order_id in order_ids:
        queue.put(order_id)

    def work() -> None:
        while not queue.empty():
            reconcile(queue.get())

    together([work] * THREADS)


def test_the_last_50_serials_go_to_80_orders_once_each_and_the_rest_is_an_exact_debt() -> None:
    pack = making.make_pack()
    serials = making.make_serials(pack, 50)
    link = making.make_link(pack)
    with shop.nothing_heard():
        order_ids = [making.paid_order(link) for _ in range(80)]

    sell_at_once(order_ids)

    sold = [data for order_id in order_ids for data in held(order_id)]
    assert sorted(sold) == sorted(serial.data for serial in serials)
    assert sum(shortfall(order_id) for order_id in order_ids) == 30
    assert Event.objects.filter(type=EventType.ASSIGNED).count() == 50
    making.check_books()


@contextmanager
def claims_that_read_then_write(readers: int) -> Iterator[None]:
    """Replace the claiming statement by a read and a write, with a barrier between the two."""
    barrier = Barrier(readers)

    def claim(statement: str, assignment: Assignment, *, run: Run) -> list[Move]:
        found = Serial.objects.filter(pack=assignment.pack_id, status="free").order_by("position")
        serials = list(found[: assignment.shortfall])
        try:
            barrier.wait(5)
        except BrokenBarrierError:
            raise AssertionError("The rivals did not read at the same time") from None
        for serial in serials:
            Serial.objects.filter(pk=serial.pk).update(
                status="used", assignment=assignment, customer=assignment.customer
            )
        return [
            Move(serial_id=serial.pk, line_id=assignment.line_id, was="free", now="used")
            for serial in serials
        ]

    with mock.patch.object(claims, "claim", claim):
        yield


def test_negative_control_read_then_write_hands_the_same_serial_to_two_orders() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 2)
    link = making.make_link(pack)
    with shop.nothing_heard():
        order_ids = [making.paid_order(link) for _ in range(2)]

    with claims_that_read_then_write(2):
        together([partial(reconcile, order_id) for order_id in order_ids])

    claimed = Event.objects.filter(type=EventType.ASSIGNED).values_list("serial", flat=True)
    assert len(claimed) == 2
    assert len(set(claimed)) == 1, "the same serial should have gone to both orders"
    assert sum(Assignment.objects.values_list("held", flat=True)) == 2
    assert Serial.objects.exclude(assignment=None).count() == 1


def test_two_orders_claim_different_serials_where_read_then_write_would_not() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 2)
    link = making.make_link(pack)
    with shop.nothing_heard():
        order_ids = [making.paid_order(link) for _ in range(2)]

    together([partial(reconcile, order_id) for order_id in order_ids])

    assert len({data for order_id in order_ids for data in held(order_id)}) == 2
    making.check_books()
