"""No serial is handed out twice, whoever asks at once; and the proof that we would see it."""

from functools import partial
from queue import Queue

import pytest

from saleor_serials.assignments import claims
from saleor_serials.models import Assignment, Event, EventType, Serial
from saleor_serials.orders.reconcile import reconcile
from tests import making
from tests.hosts import shop
from tests.making import held, shortfall
from tests.races.threads import Crossing, together, without

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


def claim_at_once(lying: str) -> list[str]:
    """Let two orders of one customer claim of two serials, each before the other commits.

    The serials are ``free``, the customer's own, or given back by somebody else.
    """
    shop.set_plugin(assignable_statuses="free, reserved, unassigned")
    user = shop.make_user()
    pack = making.make_pack()
    making.make_serials(pack, 2)
    if lying == "own":
        Serial.objects.update(status="reserved", customer=f"user:{user.pk}")
    elif lying == "given back":
        for status in ("assigned", "unassigned"):
            Serial.objects.update(status=status, customer="email:other@example.com")
    link = making.make_link(pack)
    with shop.nothing_heard():
        order_ids = [making.paid_order(link, user=user) for _ in range(2)]
    have_claimed = Crossing()

    with have_claimed.after(claims, "claim"):
        have_claimed.together([partial(reconcile, order_id) for order_id in order_ids])
    return order_ids


@pytest.mark.parametrize("lying", ["free", "own", "given back"])
def test_two_orders_claim_different_serials(lying: str) -> None:
    order_ids = claim_at_once(lying)

    assert len({data for order_id in order_ids for data in held(order_id)}) == 2
    making.check_books()


@pytest.mark.parametrize("lying", ["free", "own", "given back"])
def test_negative_control_without_the_lock_of_the_claim_both_get_the_same(lying: str) -> None:
    with without("FOR UPDATE SKIP LOCKED"):
        claim_at_once(lying)

    claimed = Event.objects.filter(type=EventType.ASSIGNED).values_list("serial", flat=True)
    assert len(claimed) == 2
    assert len(set(claimed)) == 1, "the same serial should have gone to both orders"
    assert sum(Assignment.objects.values_list("held", flat=True)) == 2
    assert Serial.objects.exclude(assignment=None).count() == 1
