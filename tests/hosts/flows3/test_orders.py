"""From placing an order to the end of it: drafts, marks of payment, bulk, cancelling, expiring."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from saleor.order.models import Order
from saleor.order.tasks import delete_expired_orders_task, expire_orders_task
from saleor.tax.models import TaxClass

from saleor_serials.host import host
from tests import making
from tests.graphql.api import gid
from tests.hosts import shop
from tests.hosts.flows3.calls import Name, call, money, pk_of
from tests.hosts.flows3.desk import ADDRESS, Desk
from tests.hosts.flows3.walking import Step, flow


def confirm(desk: Desk, order: str) -> None:
    call("orderConfirm", by=desk.staff, id=gid("Order", order))


def cancel(desk: Desk, order: str) -> None:
    call("orderCancel", by=desk.staff, id=gid("Order", order))


def create_in_bulk(desk: Desk, *, charged: int = 0, age: timedelta = timedelta(0)) -> str:
    """Have an order of two units made as an import from another shop does; return its id."""
    moment = (shop.now() - age).isoformat()
    price = {"net": 20, "gross": 20}
    made = call(
        "orderBulkCreate",
        "results { order { id } errors { message } }",
        by=desk.staff,
        orders=[
            {
                "channel": "main",
                "status": Name("UNFULFILLED"),
                "createdAt": moment,
                "user": {"email": "buyer@example.com"},
                "billingAddress": {**ADDRESS, "country": Name("US")},
                "currency": "USD",
                "languageCode": Name("EN"),
                "lines": [
                    {
                        "variantId": desk.variant_id,
                        "createdAt": moment,
                        "quantity": 2,
                        "isShippingRequired": False,
                        "isGiftCard": False,
                        "totalPrice": price,
                        "undiscountedTotalPrice": price,
                        "taxClassId": gid("TaxClass", TaxClass.objects.create(name="Any").pk),
                        "warehouse": desk.warehouse_id,
                    }
                ],
                "transactions": [{"name": "Card", "amountCharged": money(charged)}],
            }
        ],
        stockUpdatePolicy=Name("SKIP"),
    )
    [result] = made["results"]
    assert result["errors"] in (None, [])
    return pk_of(result["order"]["id"])


@flow()
def test_an_order_without_a_price_gets_its_serials_when_it_is_placed(desk: Desk) -> Iterator[Step]:
    desk.set_price(0)
    order = desk.check_out(2)
    yield Step(name="complete", order_id=order, entitled=2, held="1 2")


@pytest.mark.parametrize("strategy", ["payment_flow", "transaction_flow"])
@flow()
def test_a_completed_draft_gets_its_serials_when_it_is_marked_as_paid(
    desk: Desk, strategy: str
) -> Iterator[Step]:
    desk.set_channel(order_mark_as_paid_strategy=strategy)
    order = desk.draft(2)
    step = partial(Step, order_id=order)
    yield step(name="draft", entitled=0, held="")
    desk.complete_draft(order)
    yield step(name="complete", entitled=0, held="")
    desk.mark_as_paid(order)
    yield step(name="mark as paid", entitled=2, held="1 2")


@pytest.mark.parametrize("strategy", ["payment_flow", "transaction_flow"])
@flow()
def test_a_draft_that_is_marked_as_paid_gets_its_serials_when_it_is_completed(
    desk: Desk, strategy: str
) -> Iterator[Step]:
    desk.set_channel(order_mark_as_paid_strategy=strategy)
    order = desk.draft(2)
    step = partial(Step, order_id=order)
    desk.mark_as_paid(order)
    yield step(name="mark as paid", entitled=0, held="")
    desk.complete_draft(order)
    yield step(name="complete", entitled=2, held="1 2")


@flow()
def test_a_checkout_that_is_marked_as_paid_waits_to_be_confirmed(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    desk.mark_as_paid(order)
    # Saleor confirms what a transaction pays, but not what staff mark.
    assert Order.objects.get(pk=order).status == "unconfirmed"
    yield step(name="mark as paid", entitled=0, held="")
    confirm(desk, order)
    yield step(name="confirm", entitled=2, held="1 2")


@flow()
def test_a_draft_without_a_price_gets_its_serials_when_it_is_completed(
    desk: Desk,
) -> Iterator[Step]:
    desk.set_price(0)
    order = desk.draft(2)
    step = partial(Step, order_id=order)
    yield step(name="draft", entitled=0, held="")
    desk.complete_draft(order)
    yield step(name="complete", entitled=2, held="1 2")


@flow()
def test_a_deleted_draft_leaves_nothing(desk: Desk) -> Iterator[Step]:
    order = desk.draft(2)
    step = partial(Step, order_id=order, entitled=0, held="")
    yield step(name="draft")
    call("draftOrderDelete", by=desk.staff, id=gid("Order", order))
    yield step(name="delete")


@flow()
def test_an_imported_order_that_is_paid_gets_its_serials(desk: Desk) -> Iterator[Step]:
    order = create_in_bulk(desk, charged=20)
    yield Step(name="import", order_id=order, entitled=2, held="1 2")


@flow()
def test_an_imported_order_gets_its_serials_when_it_is_paid(desk: Desk) -> Iterator[Step]:
    order = create_in_bulk(desk)
    step = partial(Step, order_id=order)
    yield step(name="import", entitled=0, held="")
    desk.create_transaction(gid("Order", order), amountCharged=20)
    yield step(name="pay", entitled=2, held="1 2")


@flow()
def test_an_imported_order_from_before_the_link_gets_nothing(desk: Desk) -> Iterator[Step]:
    order = create_in_bulk(desk, charged=20, age=timedelta(days=1))
    yield Step(name="import", order_id=order, entitled=0, held="")


@flow()
def test_a_cancelled_order_gives_back_although_it_stays_paid(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(2, charged=20)
    step = partial(Step, order_id=order)
    yield step(name="pay", entitled=2, held="1 2")
    cancel(desk, order)
    assert Order.objects.get(pk=order).charge_status == "full"
    yield step(name="cancel", entitled=0, held="")


@flow()
def test_orders_cancelled_together_each_give_back(desk: Desk) -> Iterator[Step]:
    first, second = desk.check_out(2, charged=20), desk.check_out(2, charged=20)
    yield Step(name="pay one", order_id=first, entitled=2, held="1 2")
    yield Step(name="pay another", order_id=second, entitled=2, held="3 4")
    orders = [gid("Order", order) for order in (first, second)]
    call("orderBulkCancel", by=desk.staff, ids=orders)
    yield Step(name="cancel one", order_id=first, entitled=0, held="")
    yield Step(name="cancel the other", order_id=second, entitled=0, held="")


@flow()
def test_an_order_paid_after_it_was_cancelled_is_taken_up_again(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    cancel(desk, order)
    yield step(name="cancel", entitled=0, held="")
    desk.create_transaction(gid("Order", order), amountCharged=20)
    assert Order.objects.get(pk=order).status == "unfulfilled"
    yield step(name="pay", entitled=2, held="1 2")


@flow()
def test_an_order_that_expires_gets_nothing_until_it_is_paid_after_all(
    desk: Desk,
) -> Iterator[Step]:
    desk.set_channel(expire_orders_after=1)
    order = desk.check_out(2)
    step = partial(Step, order_id=order)
    yield step(name="place", entitled=0, held="")
    Order.objects.filter(pk=order).update(created_at=shop.now() - timedelta(hours=1))
    expire_orders_task()
    assert Order.objects.get(pk=order).status == "expired"
    yield step(name="expire", entitled=0, held="")
    desk.create_transaction(gid("Order", order), amountCharged=20)
    assert Order.objects.get(pk=order).status == "unfulfilled"
    yield step(name="pay", entitled=2, held="1 2")


@flow()
def test_a_free_order_that_waits_to_be_confirmed_expires_with_nothing(
    desk: Desk,
) -> Iterator[Step]:
    desk.hold_orders()
    desk.set_price(0)
    desk.set_channel(expire_orders_after=1, delete_expired_orders_after=timedelta(minutes=1))
    order = desk.check_out(2)
    step = partial(Step, order_id=order, entitled=0, held="")
    yield step(name="place")
    Order.objects.filter(pk=order).update(created_at=shop.now() - timedelta(hours=1))
    expire_orders_task()
    yield step(name="expire")
    Order.objects.filter(pk=order).update(expired_at=shop.now() - timedelta(hours=1))
    delete_expired_orders_task()
    assert not Order.objects.filter(pk=order).exists()
    yield step(name="delete")


@flow(silent=True, by_memory=True)
def test_what_a_script_cancels_in_the_database_is_found_by_a_sweep(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(2, charged=20)
    step = partial(Step, order_id=order)
    yield step(name="pay", entitled=2, held="1 2")
    shop.cancel_silently(order)
    yield step(name="cancel", entitled=0, held="")


@flow(by_memory=True)
def test_an_order_whose_rows_are_deleted_keeps_what_it_had(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(2, charged=20)
    step = partial(Step, order_id=order, entitled=2, held="1 2")
    yield step(name="pay")
    shop.delete_order(order)
    yield step(name="delete")


PLACED: dict[str, Any] = {
    "a checkout with a transaction": lambda desk: desk.check_out(2, charged=20),
    "a checkout without": lambda desk: desk.check_out(2),
    "an import": lambda desk: create_in_bulk(desk, charged=20),
}


@pytest.mark.parametrize("place", PLACED.values(), ids=PLACED)
def test_prices_are_reckoned_in_ordinary_orders(place: Any) -> None:
    order = Order.objects.get(pk=place(Desk()))

    assert not order.should_refresh_prices
    assert order.subtotal_gross_amount == order.total_gross_amount == 20


def test_prices_are_reckoned_when_a_draft_is_completed() -> None:
    desk = Desk()
    order_id = desk.draft(2)
    as_draft = Order.objects.get(pk=order_id).should_refresh_prices

    desk.complete_draft(order_id)

    order = Order.objects.get(pk=order_id)
    assert (as_draft, order.should_refresh_prices) == (True, False)
    assert order.subtotal_gross_amount == order.total_gross_amount == 20


def test_a_mark_that_prices_are_to_be_reckoned_stalls_nothing_that_was_paid() -> None:
    desk = Desk()
    order_id = desk.draft(2)
    desk.complete_draft(order_id)
    # As a script leaves it, and every order from before Saleor had the mark.
    Order.objects.update(should_refresh_prices=True, subtotal_gross_amount=0)

    desk.mark_as_paid(order_id)

    assert making.held(order_id) == ["1", "2"]
    snapshot = host.order_snapshot(order_id)
    assert (snapshot.paid, snapshot.prices_stale) == (True, False)
