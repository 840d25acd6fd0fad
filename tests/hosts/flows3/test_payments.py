"""Payments from before there were transactions: through a gateway, or marked by hand."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from saleor.order.models import Order
from saleor.settings import BUILTIN_PLUGINS

from tests.graphql.api import gid
from tests.hosts.flows3.calls import call
from tests.hosts.flows3.desk import Desk
from tests.hosts.flows3.walking import Step, flow

GATEWAY = "mirumee.payments.dummy"
needs_gateway = pytest.mark.skipif(
    not any("DummyGateway" in plugin for plugin in BUILTIN_PLUGINS),
    reason="3.24 has no gateway of this kind that works without its provider",
)


def check_out(desk: Desk, units: int, *, card: str = "a card") -> str:
    """Buy as a storefront does; the gateway charges every card but `not-charged`."""
    # Saleor looks at such a payment only where there must be one.
    desk.set_channel(allow_unpaid_orders=False)
    checkout = desk.start_checkout(units)
    call(
        "checkoutPaymentCreate",
        by=None,
        id=checkout,
        input={"gateway": GATEWAY, "token": card, "amount": units * 10},
    )
    return desk.complete_checkout(checkout)


def do(desk: Desk, mutation: str, order: str, **arguments: Any) -> None:
    """Call a mutation of the order, or of its payment."""
    owner = Order.objects.get(pk=order)
    named = {"id": gid("Order", order)}
    if mutation.startswith("payment"):
        named = {"paymentId": gid("Payment", owner.payments.get().pk)}
    call(mutation, by=desk.staff, **named, **arguments)


def sell_as_staff(desk: Desk, units: int) -> str:
    """Sell to somebody whose payment staff mark."""
    desk.set_channel(order_mark_as_paid_strategy="payment_flow")
    order = desk.draft(units)
    desk.complete_draft(order)
    desk.mark_as_paid(order)
    return order


@needs_gateway
@flow()
def test_a_card_that_is_charged_at_once_gives_serials(desk: Desk) -> Iterator[Step]:
    order = check_out(desk, 2)
    yield Step(name="complete", order_id=order, entitled=2, held="1 2")


@needs_gateway
@flow()
def test_a_card_that_is_authorized_gives_serials_when_all_is_captured(
    desk: Desk,
) -> Iterator[Step]:
    order = check_out(desk, 3, card="not-charged")
    step = partial(Step, order_id=order)
    yield step(name="authorize", entitled=0, held="")
    do(desk, "orderCapture", order, amount=30)
    yield step(name="capture", entitled=3, held="1 2 3")


@needs_gateway
@flow(silent=True)
def test_a_sweep_finds_a_capture_of_a_payment_by_itself(desk: Desk) -> Iterator[Step]:
    order = check_out(desk, 3, card="not-charged")
    step = partial(Step, order_id=order)
    yield step(name="authorize", entitled=0, held="")
    do(desk, "paymentCapture", order, amount=30)
    yield step(name="capture", entitled=3, held="1 2 3")


@needs_gateway
@flow()
def test_what_a_capture_leaves_a_transaction_can_pay(desk: Desk) -> Iterator[Step]:
    order = check_out(desk, 3, card="not-charged")
    step = partial(Step, order_id=order)
    do(desk, "orderCapture", order, amount=20)
    yield step(name="capture a part", entitled=0, held="")
    desk.create_transaction(gid("Order", order), amountCharged=10)
    yield step(name="pay the rest", entitled=3, held="1 2 3")


@needs_gateway
@pytest.mark.parametrize("door", ["order", "payment"])
@flow()
def test_a_card_whose_charge_is_voided_gives_nothing(desk: Desk, door: str) -> Iterator[Step]:
    order = check_out(desk, 2, card="not-charged")
    step = partial(Step, order_id=order, entitled=0, held="", told="")
    yield step(name="authorize")
    do(desk, f"{door}Void", order)
    yield step(name="void")


@needs_gateway
@pytest.mark.parametrize("door", ["order", "payment"])
@flow()
def test_a_card_refunded_by_amounts_releases_when_nothing_is_left(
    desk: Desk, door: str
) -> Iterator[Step]:
    order = check_out(desk, 3)
    step = partial(Step, order_id=order)
    yield step(name="pay", entitled=3, held="1 2 3")
    do(desk, f"{door}Refund", order, amount=10)
    yield step(name="refund a part", entitled=3, held="1 2 3", told="partly_refunded")
    do(desk, f"{door}Refund", order, amount=20)
    yield step(name="refund the rest", entitled=0, held="", told="partly_refunded")


@needs_gateway
@flow()
def test_a_card_that_waits_with_the_order_is_charged_when_it_is_confirmed(
    desk: Desk,
) -> Iterator[Step]:
    desk.hold_orders()
    order = check_out(desk, 2, card="not-charged")
    step = partial(Step, order_id=order)
    yield step(name="authorize", entitled=0, held="")
    do(desk, "orderConfirm", order)
    yield step(name="confirm", entitled=2, held="1 2")


@pytest.mark.parametrize("door", ["order", "payment"])
@flow()
def test_a_mark_of_payment_is_refunded_like_a_card(desk: Desk, door: str) -> Iterator[Step]:
    order = sell_as_staff(desk, 3)
    step = partial(Step, order_id=order)
    yield step(name="mark as paid", entitled=3, held="1 2 3")
    do(desk, f"{door}Refund", order, amount=10)
    yield step(name="refund a part", entitled=3, held="1 2 3", told="partly_refunded")
    do(desk, f"{door}Refund", order, amount=20)
    yield step(name="refund the rest", entitled=0, held="", told="partly_refunded")


@flow()
def test_a_gateways_payment_from_before_an_upgrade_still_counts(desk: Desk) -> Iterator[Step]:
    order = desk.draft(2)
    desk.complete_draft(order)
    owner = Order.objects.get(pk=order)
    step = partial(Step, order_id=order)
    yield step(name="complete", entitled=0, held="")
    payment = owner.payments.create(
        gateway="mirumee.payments.gone", total=20, captured_amount=20, currency="USD"
    )
    do(desk, "orderUpdate", order, input={"externalReference": "captured before"})
    yield step(name="captured", entitled=2, held="1 2")
    payment.captured_amount = 0
    payment.save()
    payment.transactions.create(
        kind="refund", is_success=True, amount=20, currency="USD", gateway_response={}
    )
    do(desk, "orderUpdate", order, input={"externalReference": "refunded before"})
    yield step(name="refunded", entitled=0, held="")
