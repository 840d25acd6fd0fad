"""The same order fulfilled by several at once."""

from functools import partial
from threading import Barrier
from unittest import mock

import pytest
from django.core import mail

from saleor_serials import tasks
from saleor_serials.host import host
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Delivery, Event, EventType, OrderRecord
from saleor_serials.orders import fulfillment
from saleor_serials.orders.fulfillment import fulfill
from saleor_serials.orders.reconcile import reconcile
from tests import making
from tests.hosts import shop
from tests.races.threads import together


def delivered_order(*, units: int) -> str:
    """An order whose serials were told of, and that nobody has fulfilled yet."""
    pack = making.make_pack()
    making.make_serials(pack, 10)
    variant = shop.make_variant(is_tracked=True)
    shop.stock(variant, 10)
    shop.set_plugin(automatic_fulfillment="true", send_email="false")
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack, variant=variant), units=units)
        reconcile(order_id)
    assert OrderRecord.objects.filter(fulfill_at__isnull=False).count() == 1
    return order_id


@pytest.mark.parametrize("times", [2, 8])
def test_a_fulfilment_asked_for_at_the_same_time_is_made_once(times: int) -> None:
    order_id = delivered_order(units=2)

    answers = together([partial(fulfill, order_id)] * times)

    assert sorted(answers) == [False] * (times - 1) + [True]
    assert list(shop.fulfilled(order_id).values()) == [2]
    assert (shop.count_fulfillments(order_id), shop.fulfillment_events(order_id)) == (1, 1)
    assert Event.objects.filter(type=EventType.FULFILLED).count() == 1
    assert Event.objects.filter(type=EventType.FULFILLMENT_FAILED).count() == 0


def test_negative_control_without_the_lock_rivals_fulfil_twice_or_fail() -> None:
    order_id = delivered_order(units=1)
    [line] = shop.line_ids(order_id)
    barrier = Barrier(2)

    def read(order_id: str) -> OrderRecord:
        return OrderRecord.objects.get(order_id=order_id)

    def read_together(order_id: str) -> dict[str, int]:
        barrier.wait(10)
        return {line: 0}

    with (
        mock.patch.object(fulfillment, "_lock", read),
        mock.patch.object(host, "fulfilled_units", read_together),
    ):
        together([partial(fulfill, order_id)] * 2)

    failures = Event.objects.filter(type=EventType.FULFILLMENT_FAILED).count()
    # Saleor 3 has a lock of its own, and refuses the second; 2.10.1 has none.
    assert shop.count_fulfillments(order_id) + failures == 2, "without the lock, one is too many"


def test_deliveries_sent_and_swept_at_the_same_time_are_fulfilled_once() -> None:
    shop.set_plugin(automatic_fulfillment="true")
    pack = making.make_pack()
    making.make_serials(pack, 10)
    variant = shop.make_variant(is_tracked=True)
    shop.stock(variant, 10)
    link = making.make_link(pack, variant=variant)
    with shop.nothing_heard():
        orders = [making.paid_order(link, units=2) for _ in range(3)]
        for order_id in orders:
            reconcile(order_id)
    send = [partial(tasks.send_delivery, delivery.pk) for delivery in Delivery.objects.all()]

    together([*send, *send, sweep, sweep, *(partial(fulfill, order_id) for order_id in orders)])
    sweep()

    assert [list(shop.fulfilled(order_id).values()) for order_id in orders] == [[2]] * 3
    assert [shop.count_fulfillments(order_id) for order_id in orders] == [1] * 3
    assert len([message for message in mail.outbox if "serial" in message.subject]) == 3
    assert shop.stock_of(variant) == [(4, 0)]
    assert Event.objects.filter(type=EventType.FULFILLMENT_FAILED).count() == 0
