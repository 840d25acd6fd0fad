"""Units that are sent, come back, are paid back or replaced."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from saleor.order.models import FulfillmentLine, Order

from tests.graphql.api import gid
from tests.hosts.flows3.calls import Name, call, pk_of
from tests.hosts.flows3.desk import Desk
from tests.hosts.flows3.walking import Step, flow


def sell(desk: Desk) -> tuple[str, partial[Step]]:
    """Sell four units, marked as paid as before there were transactions."""
    desk.set_channel(order_mark_as_paid_strategy="payment_flow")
    order = desk.draft(4)
    desk.complete_draft(order)
    desk.mark_as_paid(order)
    return order, partial(Step, order_id=order)


def fulfill(desk: Desk, order: str, units: int) -> str:
    """Send units of the first line; return the global id of the fulfilment."""
    made = call(
        "orderFulfill",
        "fulfillments { id }",
        by=desk.staff,
        order=gid("Order", order),
        input={
            "lines": [
                {
                    "orderLineId": desk.line(order),
                    "stocks": [{"quantity": units, "warehouse": desk.warehouse_id}],
                }
            ],
            "notifyCustomer": False,
            "allowStockToBeExceeded": True,
        },
    )
    return str(made["fulfillments"][0]["id"])


def unsent(desk: Desk, order: str, units: int, **values: Any) -> dict[str, Any]:
    """Units of the first line that are not fulfilled, as an input."""
    return {"orderLines": [{"orderLineId": desk.line(order), "quantity": units, **values}]}


def sent(order: str, units: int, *, status: str = "fulfilled", **values: Any) -> dict[str, Any]:
    """Units of a fulfilment in this status, as an input."""
    line = FulfillmentLine.objects.get(fulfillment__order=order, fulfillment__status=status)
    line_id = gid("FulfillmentLine", line.pk)
    return {"fulfillmentLines": [{"fulfillmentLineId": line_id, "quantity": units, **values}]}


def give_back(desk: Desk, order: str, units: dict[str, Any], **values: Any) -> Any:
    return call(
        "orderFulfillmentReturnProducts",
        "replaceOrder { id }",
        by=desk.staff,
        order=gid("Order", order),
        input={**units, **values},
    )["replaceOrder"]


def pay_back(desk: Desk, order: str, units: dict[str, Any], **values: Any) -> None:
    call(
        "orderFulfillmentRefundProducts",
        by=desk.staff,
        order=gid("Order", order),
        input={**units, **values},
    )


def cancel_fulfillment(desk: Desk, fulfillment: str) -> None:
    call(
        "orderFulfillmentCancel",
        by=desk.staff,
        id=fulfillment,
        input={"warehouseId": desk.warehouse_id},
    )


@flow()
def test_fulfilling_and_cancelling_it_changes_nothing(desk: Desk) -> Iterator[Step]:
    order, step = sell(desk)
    yield step(name="pay", entitled=4, held="1 2 3 4")
    fulfillment = fulfill(desk, order, 3)
    yield step(name="fulfil three", entitled=4, held="1 2 3 4")
    cancel_fulfillment(desk, fulfillment)
    yield step(name="cancel the fulfilment", entitled=4, held="1 2 3 4")
    fulfill(desk, order, 4)
    yield step(name="fulfil all", entitled=4, held="1 2 3 4")


@flow()
def test_units_paid_back_are_given_back_whether_sent_or_not(desk: Desk) -> Iterator[Step]:
    order, step = sell(desk)
    fulfill(desk, order, 2)
    yield step(name="fulfil two", entitled=4, held="1 2 3 4")
    pay_back(desk, order, unsent(desk, order, 1))
    yield step(name="refund one not sent", entitled=3, held="1 2 3", told="partly_refunded")
    pay_back(desk, order, sent(order, 1))
    yield step(name="refund one sent", entitled=2, held="1 2")
    pay_back(desk, order, {**unsent(desk, order, 1), **sent(order, 1)})
    yield step(name="refund the rest", entitled=0, held="")


@flow()
def test_paying_units_back_with_an_amount_of_its_own_counts_the_units(desk: Desk) -> Iterator[Step]:
    order, step = sell(desk)
    yield step(name="pay", entitled=4, held="1 2 3 4")
    pay_back(desk, order, unsent(desk, order, 2), amountToRefund=5)
    yield step(name="refund two for five", entitled=2, held="1 2")


@flow()
def test_units_returned_one_by_one_are_given_back_one_by_one(desk: Desk) -> Iterator[Step]:
    order, step = sell(desk)
    fulfill(desk, order, 3)
    yield step(name="fulfil three", entitled=4, held="1 2 3 4")
    give_back(desk, order, sent(order, 1))
    yield step(name="return one", entitled=3, held="1 2 3")
    give_back(desk, order, sent(order, 1))
    yield step(name="return a second", entitled=2, held="1 2")
    give_back(desk, order, unsent(desk, order, 1))
    yield step(name="return one never sent", entitled=1, held="1")
    give_back(desk, order, sent(order, 1))
    yield step(name="return the last", entitled=0, held="")


@flow()
def test_a_unit_paid_back_and_returned_counts_once(desk: Desk) -> Iterator[Step]:
    order, step = sell(desk)
    fulfill(desk, order, 4)
    yield step(name="fulfil", entitled=4, held="1 2 3 4")
    pay_back(desk, order, sent(order, 2))
    yield step(name="refund two", entitled=2, held="1 2")
    give_back(desk, order, sent(order, 2, status="refunded"))
    yield step(name="return them", entitled=2, held="1 2")
    give_back(desk, order, sent(order, 1), refund=True)
    yield step(name="return a third, and refund it", entitled=1, held="1")


@flow()
def test_a_return_and_its_granted_refund_count_once(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(4)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=40)
    fulfill(desk, order, 4)
    yield step(name="fulfil", entitled=4, held="1 2 3 4")
    give_back(desk, order, sent(order, 1))
    yield step(name="return one", entitled=3, held="1 2 3")
    desk.grant(item, units=1)
    yield step(name="grant its refund", entitled=3, held="1 2 3")
    desk.grant(item, units=2)
    yield step(name="grant two that stay out", entitled=1, held="1")


@flow()
def test_a_replaced_unit_is_given_back_and_its_replacement_is_an_order_to_be_paid(
    desk: Desk,
) -> Iterator[Step]:
    order, step = sell(desk)
    fulfill(desk, order, 4)
    yield step(name="fulfil", entitled=4, held="1 2 3 4")
    replacement = pk_of(give_back(desk, order, sent(order, 1, replace=True))["id"])
    renewed = partial(Step, order_id=replacement)
    yield step(name="replace one", entitled=3, held="1 2 3")
    yield renewed(name="draft the replacement", entitled=0, held="")
    desk.complete_draft(replacement)
    yield renewed(name="complete it", entitled=0, held="")
    desk.mark_as_paid(replacement)
    # It is the same customer, who is handed their own again.
    yield renewed(name="pay it", entitled=1, held="4")
    yield step(name="the first order", entitled=3, held="1 2 3")


@flow()
def test_a_replacement_without_a_price_gets_its_serial_when_it_is_completed(
    desk: Desk,
) -> Iterator[Step]:
    order, step = sell(desk)
    yield step(name="pay", entitled=4, held="1 2 3 4")
    made = give_back(desk, order, unsent(desk, order, 1, replace=True))
    replacement = pk_of(made["id"])
    renewed = partial(Step, order_id=replacement)
    call(
        "orderDiscountAdd",
        by=desk.staff,
        orderId=made["id"],
        input={"valueType": Name("PERCENTAGE"), "value": 100},
    )
    yield step(name="replace one", entitled=3, held="1 2 3")
    yield renewed(name="draft it for nothing", entitled=0, held="")
    desk.complete_draft(replacement)
    assert Order.objects.get(pk=replacement).total_gross_amount == 0
    yield renewed(name="complete it", entitled=1, held="4")
