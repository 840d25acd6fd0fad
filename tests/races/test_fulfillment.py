"""The same order fulfilled by several at once."""

from functools import partial

import pytest
from django.core import mail
from django.utils import timezone

from saleor_serials import tasks
from saleor_serials.delivery import outbox
from saleor_serials.host import host
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Delivery, Event, EventType, OrderRecord
from saleor_serials.orders import fulfillment
from saleor_serials.orders.fulfillment import fulfill
from saleor_serials.orders.reconcile import reconcile
from tests import making
from tests.hosts import shop
from tests.races.threads import Crossing, together, without_row_locks


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


def fulfill_at_once(order_id: str, times: int) -> list[bool]:
    """Let several fulfil one order while the first of them has read it, but not fulfilled it."""
    has_read = Crossing(times)
    others = [has_read.once_reached(partial(fulfill, order_id))] * (times - 1)
    with has_read.before(host, "fulfill"):
        return has_read.together([partial(fulfill, order_id), *others])


@pytest.mark.parametrize("times", [2, 8])
def test_a_fulfilment_asked_for_at_the_same_time_is_made_once(times: int) -> None:
    order_id = delivered_order(units=2)

    answers = fulfill_at_once(order_id, times)

    assert sorted(answers) == [False] * (times - 1) + [True]
    assert list(shop.fulfilled(order_id).values()) == [2]
    assert (shop.count_fulfillments(order_id), shop.fulfillment_events(order_id)) == (1, 1)
    assert Event.objects.filter(type=EventType.FULFILLED).count() == 1
    assert Event.objects.filter(type=EventType.FULFILLMENT_FAILED).count() == 0


def test_negative_control_without_row_locks_rivals_fulfil_twice_or_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    order_id = delivered_order(units=1)

    # Of our record and of Saleor's lines: either is enough here.
    with without_row_locks():
        fulfill_at_once(order_id, 2)

    # A rival that fails late finds nothing due to record its failure on, and logs it alone.
    failures = caplog.text.count("may not have been fulfilled") or (
        Event.objects.filter(type=EventType.FULFILLMENT_FAILED).count()
    )
    assert shop.count_fulfillments(order_id) + failures == 2, "without the locks, one is too many"


def deliver_meanwhile() -> str:
    """Send the second line's serials while the order is fulfilled for the first line's."""
    packs = [making.make_pack(), making.make_pack()]
    variants = [shop.make_variant(is_tracked=True) for _ in packs]
    for pack, variant in zip(packs, variants, strict=True):
        shop.stock(variant, 10)
        making.make_link(pack, variant=variant)
    shop.set_plugin(automatic_fulfillment="true")
    with shop.nothing_heard():
        order_id = shop.place_order([(variant, 1) for variant in variants])
        shop.pay(order_id)
        for pack in packs:
            making.make_serials(pack, 1)
            reconcile(order_id)
    first, second = Delivery.objects.order_by("pk").values_list("pk", flat=True)
    outbox.deliver(first)
    has_read = Crossing()

    with has_read.before(host, "fulfill"):
        has_read.together(
            [partial(fulfill, order_id), has_read.once_reached(partial(outbox.deliver, second))]
        )
    assert list(shop.fulfilled(order_id).values()) == [1]
    return order_id


def test_serials_delivered_while_an_order_is_fulfilled_make_it_due_again() -> None:
    order_id = deliver_meanwhile()

    assert fulfillment.due(timezone.now()) == [order_id]
    assert fulfill(order_id)
    assert list(shop.fulfilled(order_id).values()) == [1, 1]


def test_negative_control_without_the_lock_the_order_is_forgotten() -> None:
    with without_row_locks("saleor_serials_orderrecord"):
        deliver_meanwhile()

    assert fulfillment.due(timezone.now()) == [], "without the lock this should have been cleared"


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
