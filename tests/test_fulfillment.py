"""Lines that consist of nothing but delivered serials are fulfilled, where the shop wants it."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.utils import timezone

from saleor_serials.host import host
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Delivery, Event, EventType, OrderRecord, PackLink
from saleor_serials.orders import fulfillment
from saleor_serials.orders.fulfillment import RETRY, fulfill
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.packs import lifecycle
from tests import making
from tests.hosts import part, shop
from tests.making import held, shortfall, statuses

NO_STOCK = "There is not enough in stock."


@pytest.fixture
def switched_on() -> None:
    shop.set_plugin(automatic_fulfillment="true")


def make_link(
    *, serials: int = 10, quantity: int = 1, stock: int = 100, is_tracked: bool = False
) -> PackLink:
    """Link a pack with serials to a variant that lies in a warehouse and needs no shipping."""
    pack = making.make_pack()
    if serials:
        making.make_serials(pack, serials)
    variant = shop.make_variant(is_tracked=is_tracked)
    shop.stock(variant, stock)
    return making.make_link(pack, quantity=quantity, variant=variant)


def told(order_id: str) -> list[tuple[str, int | None, str]]:
    """What the history says of the order's fulfilment: type, units, reason."""
    events = Event.objects.filter(
        order__order_id=order_id, type__in=[EventType.FULFILLED, EventType.FULFILLMENT_FAILED]
    ).order_by("id")
    return list(events.values_list("type", "quantity", "reason"))


def later() -> None:
    OrderRecord.objects.filter(fulfill_at__isnull=False).update(
        fulfill_at=timezone.now() - timedelta(seconds=1)
    )


def test_it_is_off_by_default() -> None:
    order_id = making.paid_order(make_link())
    sweep()

    assert len(held(order_id)) == 1
    assert (shop.status(order_id), shop.count_fulfillments(order_id)) == ("unfulfilled", 0)
    assert OrderRecord.objects.get().fulfill_at is None


@pytest.mark.usefixtures("switched_on")
def test_a_line_of_delivered_serials_is_fulfilled_through_saleor() -> None:
    link = make_link(quantity=2)

    order_id = making.paid_order(link, units=3)

    [line] = shop.line_ids(order_id)
    assert len(held(order_id)) == 6
    assert shop.fulfilled(order_id) == {line: 3}
    assert (shop.status(order_id), shop.fulfillment_events(order_id)) == ("fulfilled", 1)
    assert told(order_id) == [("fulfilled", 3, "")]
    [event] = Event.objects.filter(type=EventType.FULFILLED)
    assert (event.line_id, event.actor) == (line, "system")
    assert OrderRecord.objects.get().fulfill_at is None


@pytest.mark.usefixtures("switched_on")
def test_customers_get_one_e_mail_and_it_is_ours() -> None:
    making.paid_order(make_link(), email="buyer@example.com")

    ours = [message for message in mail.outbox if "serial" in message.subject]
    assert len(ours) == 1
    assert not [message for message in mail.outbox if "ulfil" in message.subject + message.body]


@pytest.mark.usefixtures("switched_on")
def test_of_a_mixed_order_only_what_needs_no_shipping_is_fulfilled() -> None:
    link = make_link()
    book, boxed = shop.make_variant(is_shipped=True), shop.make_variant(is_shipped=True)
    for variant in (book, boxed):
        shop.stock(variant, 10)
    making.make_link(link.pack, variant=boxed)

    order_id = shop.place_order([(link.variant, 2), (book, 1), (boxed, 1)])
    shop.pay(order_id)

    [digital, *_] = shop.line_ids(order_id)
    assert len(held(order_id)) == 3
    assert shop.fulfilled(order_id) == {digital: 2}
    assert shop.status(order_id) == "partially fulfilled"


@pytest.mark.usefixtures("switched_on")
def test_a_line_without_serials_is_not_ours_to_fulfil() -> None:
    link, other = make_link(), shop.make_variant()
    shop.stock(other, 10)

    order_id = shop.place_order([(link.variant, 1), (other, 1)])
    shop.pay(order_id)

    assert list(shop.fulfilled(order_id)) == shop.line_ids(order_id)[:1]
    assert shop.status(order_id) == "partially fulfilled"


@pytest.mark.usefixtures("switched_on")
def test_a_short_line_waits_until_all_of_it_is_served() -> None:
    link = make_link(serials=2)
    order_id = making.paid_order(link, units=3)
    before = shop.fulfilled(order_id)

    making.make_serials(link.pack, 1)
    making.settle(link.pack)

    assert before == {}
    assert list(shop.fulfilled(order_id).values()) == [3]
    assert shop.status(order_id) == "fulfilled"


@pytest.mark.usefixtures("switched_on")
def test_a_line_of_two_packs_waits_for_both() -> None:
    link, other = make_link(), making.make_pack()
    making.make_link(other, variant=link.variant)
    order_id = making.paid_order(link, units=2)
    before = shop.fulfilled(order_id)

    making.make_serials(other, 2)
    making.settle(other)

    assert before == {}
    assert list(shop.fulfilled(order_id).values()) == [2]


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("assign_on", ["paid", "confirmed"])
def test_a_pack_that_is_closed_to_the_customer_keeps_no_line_from_being_fulfilled(
    assign_on: str,
) -> None:
    shop.set_plugin(automatic_fulfillment="true", assign_on=assign_on)
    link = make_link()
    closed = making.make_pack(customer_groups=["club"])
    making.make_serials(closed, 5)
    making.make_link(closed, variant=link.variant)

    order_id = making.paid_order(link, units=2)

    assert len(held(order_id)) == 2
    assert list(shop.fulfilled(order_id).values()) == [2]
    assert shop.status(order_id) == "fulfilled"


@pytest.mark.usefixtures("switched_on")
def test_a_line_of_nothing_but_a_closed_pack_is_not_fulfilled() -> None:
    link = make_link()
    lifecycle.update(link.pack.pk, customer_groups=["club"])

    order_id = making.paid_order(link, units=2)
    OrderRecord.objects.update(fulfill_at=timezone.now())

    assert not fulfill(order_id)
    assert (held(order_id), shop.fulfilled(order_id)) == ([], {})


@pytest.mark.usefixtures("switched_on")
def test_a_line_short_in_a_pack_that_closes_meanwhile_is_not_fulfilled() -> None:
    link = make_link(serials=2)
    order_id = making.paid_order(link, units=3)

    lifecycle.update(link.pack.pk, customer_groups=["club"])
    reconcile(order_id)
    OrderRecord.objects.update(fulfill_at=timezone.now())

    assert not fulfill(order_id)
    assert (shortfall(order_id), shop.fulfilled(order_id)) == (0, {})


@pytest.mark.usefixtures("switched_on")
def test_unpaid_means_unfulfilled() -> None:
    order_id = making.placed_order(make_link())
    sweep()

    assert shop.count_fulfillments(order_id) == 0


@pytest.mark.usefixtures("switched_on")
def test_what_could_not_be_told_is_not_fulfilled_whatever_else_happens() -> None:
    order_id = making.paid_order(make_link(), email="")
    OrderRecord.objects.update(fulfill_at=timezone.now())
    sweep()

    assert Delivery.objects.get().status == "failed"
    assert (len(held(order_id)), shop.count_fulfillments(order_id)) == (1, 0)


@pytest.mark.usefixtures("switched_on")
def test_with_e_mail_off_the_order_itself_tells() -> None:
    shop.set_plugin(send_email="false")

    order_id = making.paid_order(make_link(), units=2)

    assert list(shop.fulfilled(order_id).values()) == [2]
    assert Delivery.objects.count() == 0


@pytest.mark.usefixtures("switched_on")
def test_a_line_becomes_complete_without_a_delivery_when_less_of_it_is_owed() -> None:
    link = make_link(serials=2)
    order_id = making.paid_order(link, units=3)
    [line] = shop.line_ids(order_id)

    shop.set_quantity(line, 2)

    assert shortfall(order_id) == 0
    assert shop.fulfilled(order_id) == {line: 2}
    assert shop.status(order_id) == "fulfilled"


@pytest.mark.usefixtures("switched_on")
def test_what_staff_fulfilled_counts() -> None:
    link = make_link(serials=1)
    order_id = making.paid_order(link, units=3)
    [line] = shop.line_ids(order_id)
    shop.fulfill_as_staff(line, 2)

    making.make_serials(link.pack, 2)
    making.settle(link.pack)

    assert shop.fulfilled(order_id) == {line: 3}
    assert told(order_id) == [("fulfilled", 1, "")]


@pytest.mark.usefixtures("switched_on")
def test_a_fulfilment_that_staff_cancel_is_not_made_again() -> None:
    link = make_link(serials=1)
    other = make_link(serials=0)
    order_id = shop.place_order([(link.variant, 1), (other.variant, 1)])
    shop.pay(order_id)
    [first, second] = shop.line_ids(order_id)
    before = shop.fulfilled(order_id)

    shop.cancel_fulfillments(order_id)
    making.make_serials(other.pack, 1)
    making.settle(other.pack)

    assert before == {first: 1}
    assert shop.fulfilled(order_id) == {second: 1}


@pytest.mark.usefixtures("switched_on")
def test_asked_ten_times_it_is_fulfilled_once() -> None:
    order_id = making.paid_order(make_link(is_tracked=True), units=2)

    answers = []
    for _ in range(10):
        OrderRecord.objects.update(fulfill_at=timezone.now())
        answers.append(fulfill(order_id))
    sweep()

    assert answers == [False] * 10
    assert list(shop.fulfilled(order_id).values()) == [2]
    assert (shop.count_fulfillments(order_id), shop.fulfillment_events(order_id)) == (1, 1)


@pytest.mark.usefixtures("switched_on")
def test_stock_and_allocations_are_right_afterwards() -> None:
    link = make_link(stock=10, is_tracked=True)
    untracked = make_link(stock=10)

    making.paid_order(link, units=3)
    making.placed_order(link, units=2)
    making.paid_order(untracked, units=3)

    assert shop.stock_of(link.variant) == [(7, 2)]
    assert shop.stock_of(untracked.variant) == [(10, 0)]


@pytest.mark.usefixtures("switched_on")
def test_units_are_taken_from_where_they_are_allocated() -> None:
    link = make_link(stock=2, is_tracked=True)
    shop.stock(link.variant, 5, warehouse="Second")

    order_id = making.paid_order(link, units=3)

    assert list(shop.fulfilled(order_id).values()) == [3]
    assert shop.count_fulfillments(order_id) == 2
    assert shop.stock_of(link.variant) == [(0, 0), (4, 0)]


@pytest.mark.usefixtures("switched_on")
def test_without_stock_nothing_happens_but_that_staff_are_told_once() -> None:
    link = make_link(stock=1, is_tracked=True)

    order_id = making.paid_order(link, units=2)
    for _ in range(5):
        later()
        sweep()

    assert len(held(order_id)) == 2
    assert (shop.status(order_id), shop.count_fulfillments(order_id)) == ("unfulfilled", 0)
    assert shop.stock_of(link.variant) == [(1, 1)]
    assert told(order_id) == [("fulfillment_failed", None, NO_STOCK)]
    assert OrderRecord.objects.get().fulfillment_attempts == 6


@pytest.mark.usefixtures("switched_on")
def test_it_is_tried_again_when_there_is_stock() -> None:
    link = make_link(stock=1, is_tracked=True)
    order_id = making.paid_order(link, units=2)
    shop.stock(link.variant, 5, warehouse="Second")

    too_early = sweep().fulfilled
    later()
    report = sweep()

    assert (too_early, report.fulfilled) == (0, 1)
    assert list(shop.fulfilled(order_id).values()) == [2]
    assert [kind for kind, *_ in told(order_id)] == ["fulfillment_failed", "fulfilled"]
    record = OrderRecord.objects.get()
    assert (record.fulfillment_problem, record.fulfillment_attempts) == ("", 0)


@pytest.mark.usefixtures("switched_on")
def test_it_is_not_tried_for_ever() -> None:
    order_id = making.paid_order(make_link(stock=1, is_tracked=True), units=2)
    pauses = []

    for _ in range(RETRY.attempts):
        if (due_at := OrderRecord.objects.get().fulfill_at) is not None:
            pauses.append(due_at - timezone.now())
        later()
        sweep()

    assert OrderRecord.objects.get().fulfill_at is None
    assert len(pauses) == RETRY.attempts - 1
    assert [round(pause / timedelta(minutes=1)) for pause in pauses[:4]] == [2, 4, 8, 16]
    assert timedelta(days=15) < sum(pauses, timedelta()) < timedelta(days=30)
    assert len(told(order_id)) == 1


@pytest.mark.usefixtures("switched_on")
def test_one_line_without_stock_keeps_no_other_from_being_fulfilled() -> None:
    scarce, plenty, more = make_link(stock=0, is_tracked=True), make_link(), make_link()

    order_id = shop.place_order([(link.variant, 1) for link in (scarce, plenty, more)])
    shop.pay(order_id)

    assert set(shop.fulfilled(order_id)) == set(shop.line_ids(order_id)[1:])
    assert shop.status(order_id) == "partially fulfilled"
    assert told(order_id)[-1] == ("fulfillment_failed", None, NO_STOCK)


@pytest.mark.usefixtures("switched_on")
def test_an_error_of_saleors_harms_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a plugin's")

    with monkeypatch.context() as patched:
        patched.setattr(part("fulfillment"), "create_fulfillments", explode)
        order_id = making.paid_order(make_link())
    after_the_error = shop.count_fulfillments(order_id), told(order_id)
    later()
    sweep()

    assert after_the_error == (0, [("fulfillment_failed", None, "RuntimeError")])
    [serial] = held(order_id)
    assert "may not have been fulfilled" in caplog.text
    assert serial not in caplog.text
    assert shop.status(order_id) == "fulfilled"


@pytest.mark.usefixtures("switched_on")
def test_one_order_that_fails_keeps_no_other_from_being_fulfilled() -> None:
    link = make_link(stock=10)
    with shop.nothing_heard():
        orders = [making.paid_order(link) for _ in range(3)]
    original = host.fulfill

    def explode(order_id: str, units: dict[str, int]) -> None:
        if order_id == orders[0]:
            raise RuntimeError
        original(order_id, units)

    with mock.patch.object(host, "fulfill", explode):
        report = sweep()

    assert report.fulfilled == 2
    assert [shop.status(order_id) for order_id in orders] == ["unfulfilled"] + ["fulfilled"] * 2


@pytest.mark.usefixtures("switched_on")
def test_a_sweep_fulfils_so_many_orders_and_the_next_ones_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = make_link()
    with shop.nothing_heard():
        for _ in range(3):
            making.paid_order(link)
    monkeypatch.setattr(fulfillment, "MAX_PER_SWEEP", 2)

    assert [sweep().fulfilled for _ in range(3)] == [2, 1, 0]


@pytest.mark.usefixtures("switched_on")
def test_a_refund_after_it_takes_the_serials_back_as_ever() -> None:
    link = make_link()
    order_id = making.paid_order(link, units=2)

    shop.refund(order_id)
    sweep()

    assert held(order_id) == []
    assert statuses(link.pack) == {"unassigned": 2, "free": 8}
    assert told(order_id) == [("fulfilled", 2, "")]


@pytest.mark.usefixtures("switched_on")
def test_while_the_plugin_is_off_nothing_is_fulfilled() -> None:
    with shop.nothing_heard():
        order_id = making.paid_order(make_link())
    shop.set_plugin(send_email="false")
    reconcile(order_id)
    shop.set_plugin(active=False)

    answer = fulfill(order_id)
    sweep()

    assert not answer
    assert shop.count_fulfillments(order_id) == 0


def test_switching_it_on_fulfils_nothing_that_was_delivered_before() -> None:
    order_id = making.paid_order(make_link())

    shop.set_plugin(automatic_fulfillment="true")
    sweep()

    assert shop.count_fulfillments(order_id) == 0


@pytest.mark.usefixtures("switched_on")
def test_a_deleted_variant_or_order_stops_nothing() -> None:
    link = make_link()
    with shop.nothing_heard():
        first, second, third = (making.paid_order(link) for _ in range(3))
    shop.set_plugin(send_email="false")
    for order_id in (first, second, third):
        reconcile(order_id)
    shop.delete_order(first)
    shop.cancel_silently(second)

    report = sweep()

    assert report.fulfilled == 1
    assert shop.status(third) == "fulfilled"
    assert OrderRecord.objects.filter(fulfill_at__isnull=False).count() == 0


def test_the_sweep_reads_what_is_due_from_an_index() -> None:
    [index] = [each for each in OrderRecord._meta.indexes if "fulfill" in each.name]

    assert index.fields == ["fulfill_at"]
    assert str(index.condition) == "(AND: ('fulfill_at__isnull', False))"
