"""Lines that staff edit while an order waits to be confirmed."""

from collections.abc import Iterator
from functools import partial

from saleor.order.models import Order, OrderLine

from tests.graphql.api import ask, gid
from tests.hosts import shop
from tests.hosts.flows3.calls import Name, call
from tests.hosts.flows3.desk import Desk
from tests.hosts.flows3.walking import Step, flow


def set_units(desk: Desk, order: str, units: int) -> None:
    call("orderLineUpdate", by=desk.staff, id=desk.line(order), input={"quantity": units})


def reprice(desk: Desk, order: str) -> None:
    """Look at the price, as the Dashboard does after an edit: that is when Saleor reckons it."""
    query = "query Price($id: ID!) { order(id: $id) { total { gross { amount } } } }"
    ask(query, {"id": gid("Order", order)}, by=desk.staff)


def confirm(desk: Desk, order: str) -> None:
    call("orderConfirm", by=desk.staff, id=gid("Order", order))


@flow()
def test_a_paid_order_gets_its_serials_when_it_is_confirmed(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(2, charged=20)
    step = partial(Step, order_id=order)
    yield step(name="pay", entitled=0, held="")
    confirm(desk, order)
    yield step(name="confirm", entitled=2, held="1 2")


@flow()
def test_a_confirmed_order_gets_its_serials_when_it_is_paid(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    confirm(desk, order)
    yield step(name="confirm", entitled=0, held="")
    desk.create_transaction(gid("Order", order), amountCharged=20)
    yield step(name="pay", entitled=2, held="1 2")


@flow()
def test_lines_edited_before_the_order_is_paid_are_paid_as_they_are(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    set_units(desk, order, 3)
    reprice(desk, order)
    yield step(name="one more", entitled=0, held="")
    confirm(desk, order)
    yield step(name="confirm", entitled=0, held="")
    item = desk.create_transaction(gid("Order", order), amountCharged=20)
    yield step(name="pay the old price", entitled=0, held="")
    desk.report(item, "CHARGE_SUCCESS", 10, reference="rest")
    yield step(name="pay the rest", entitled=3, held="1 2 3")


@flow()
def test_fewer_units_than_were_paid_give_as_many_serials(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(3, charged=30)
    step = partial(Step, order_id=order)
    set_units(desk, order, 2)
    yield step(name="one less", entitled=0, held="")
    confirm(desk, order)
    yield step(name="confirm", entitled=2, held="1 2", told="")


@flow()
def test_more_units_than_were_paid_wait_for_the_rest_of_the_money(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=20)
    yield step(name="pay", entitled=0, held="")
    set_units(desk, order, 3)
    reprice(desk, order)
    confirm(desk, order)
    yield step(name="one more, and confirm", entitled=0, held="", told="payment_reversed")
    desk.report(item, "CHARGE_SUCCESS", 10, reference="rest")
    yield step(name="pay the rest", entitled=3, held="1 2 3", told="payment_reversed")


@flow()
def test_units_added_without_a_new_price_wait_until_they_are_paid(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=20)
    yield step(name="pay", entitled=0, held="", told="")
    set_units(desk, order, 3)
    yield step(name="one more", entitled=0, held="", told="")
    confirm(desk, order)
    assert Order.objects.get(pk=order).total_gross_amount == 20
    yield step(name="confirm", entitled=0, held="", told="prices_stale")
    desk.report(item, "CHARGE_SUCCESS", 10, reference="rest")
    yield step(name="pay the rest", entitled=3, held="1 2 3", told="prices_stale")


@flow()
def test_granting_the_units_that_were_added_without_a_price_gives_the_paid_ones(
    desk: Desk,
) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=20)
    set_units(desk, order, 3)
    confirm(desk, order)
    yield step(name="one more, and confirm", entitled=0, held="", told="prices_stale")
    desk.grant(item, units=1)
    yield step(name="grant the third", entitled=2, held="1 2")


@flow()
def test_a_price_reckoned_before_the_order_is_confirmed_lets_it_go_on(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(2, charged=30)
    step = partial(Step, order_id=order)
    set_units(desk, order, 4)
    yield step(name="two more", entitled=0, held="", told="")
    set_units(desk, order, 3)
    reprice(desk, order)
    confirm(desk, order)
    yield step(name="only one more, and confirm", entitled=3, held="1 2 3", told="")


@flow()
def test_a_free_order_that_grows_without_a_price_gets_nothing(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    desk.set_price(0)
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    yield step(name="place", entitled=0, held="")
    desk.set_price(10)
    call(
        "orderLinesCreate",
        by=desk.staff,
        id=gid("Order", order),
        input=[{"variantId": desk.variant_id, "quantity": 1, "forceNewLine": True}],
    )
    confirm(desk, order)
    yield step(name="add one with a price, and confirm", entitled=(0, 0), held="")
    desk.create_transaction(gid("Order", order), amountCharged=10)
    yield step(name="pay it", entitled=(2, 1), held="1 2 3")


@flow()
def test_lines_are_added_and_removed_before_the_order_is_confirmed(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    yield step(name="place", entitled=0, held="")
    call(
        "orderLinesCreate",
        by=desk.staff,
        id=gid("Order", order),
        input=[{"variantId": gid("ProductVariant", desk.other_variant().pk), "quantity": 1}],
    )
    reprice(desk, order)
    yield step(name="add a line", entitled=(0, 0), held="")
    call("orderLineDelete", by=desk.staff, id=desk.line(order))
    reprice(desk, order)
    confirm(desk, order)
    yield step(name="remove the first, and confirm", entitled=(0, 0), held="")
    desk.create_transaction(gid("Order", order), amountCharged=10)
    yield step(name="pay", entitled=1, held="1")


@flow(by_memory=True)
def test_returns_and_cancellation_count_while_a_price_is_open(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3, charged=30)
    step = partial(Step, order_id=order)
    yield step(name="pay", entitled=3, held="1 2 3", told="")
    # Saleor edits no confirmed order: somebody's script does.
    OrderLine.objects.filter(order=order).update(quantity=5, total_price_gross_amount=50)
    Order.objects.filter(pk=order).update(should_refresh_prices=True, updated_at=shop.now())
    shop.call_hook("order_updated", order)
    yield step(name="two more", entitled=3, held="1 2 3", told="prices_stale")
    call(
        "orderFulfillmentReturnProducts",
        by=desk.staff,
        order=gid("Order", order),
        input={"orderLines": [{"orderLineId": desk.line(order), "quantity": 3}]},
    )
    yield step(name="return three", entitled=2, held="1 2", told="prices_stale")
    call("orderCancel", by=desk.staff, id=gid("Order", order))
    yield step(name="cancel", entitled=0, held="")


@flow()
def test_a_discount_does_not_stall_an_order(desk: Desk) -> Iterator[Step]:
    desk.hold_orders()
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    yield step(name="place", entitled=0, held="")
    made = call(
        "orderDiscountAdd",
        "order { discounts { id } }",
        by=desk.staff,
        orderId=gid("Order", order),
        input={"valueType": Name("FIXED"), "value": 5},
    )
    [discount] = made["order"]["discounts"]
    reprice(desk, order)
    desk.create_transaction(gid("Order", order), amountCharged=15)
    yield step(name="pay the lower price", entitled=0, held="", told="")
    call("orderDiscountDelete", by=desk.staff, discountId=discount["id"])
    assert Order.objects.get(pk=order).should_refresh_prices
    confirm(desk, order)
    yield step(name="take the discount away, and confirm", entitled=2, held="1 2", told="")
