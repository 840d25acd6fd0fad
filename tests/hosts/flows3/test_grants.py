"""Refunds that staff grant: of lines, of amounts, before and after the money moves."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.graphql.api import gid
from tests.hosts.flows3.calls import answer, call
from tests.hosts.flows3.desk import Desk
from tests.hosts.flows3.provider import answering
from tests.hosts.flows3.walking import Step, flow


def sell(desk: Desk) -> tuple[str, str]:
    """Sell three units; return the order, and the global id of its transaction."""
    order = desk.check_out(3)
    return order, desk.create_transaction(gid("Order", order), amountCharged=30)


def request(desk: Desk, transaction: str, grant: str) -> Any:
    """Ask the provider for a refund that was granted."""
    return answer(
        "transactionRequestRefundForGrantedRefund",
        by=desk.staff,
        id=transaction,
        grantedRefundId=grant,
    )["errors"]


@flow()
def test_granting_lines_releases_their_units_before_the_money_moves(desk: Desk) -> Iterator[Step]:
    order, item = sell(desk)
    step = partial(Step, order_id=order)
    yield step(name="charge", entitled=3, held="1 2 3")
    desk.grant(item, units=1)
    yield step(name="grant one", entitled=2, held="1 2", told="")
    desk.report(item, "REFUND_SUCCESS", 10, reference="refund")
    yield step(name="refund one", entitled=2, held="1 2", told="partly_refunded")
    desk.grant(item, units=2)
    yield step(name="grant the rest", entitled=0, held="")
    desk.report(item, "REFUND_SUCCESS", 20, reference="rest")
    yield step(name="refund the rest", entitled=0, held="")


@flow()
def test_a_grant_can_be_changed_both_ways(desk: Desk) -> Iterator[Step]:
    order, item = sell(desk)
    step = partial(Step, order_id=order)
    yield step(name="charge", entitled=3, held="1 2 3")
    grant = desk.grant(item, units=2)
    yield step(name="grant two", entitled=1, held="1")
    made = call(
        "orderGrantRefundUpdate",
        "grantedRefund { lines { id } }",
        by=desk.staff,
        id=grant,
        input={"addLines": [{"id": desk.line(order), "quantity": 1}]},
    )
    lines = [line["id"] for line in made["grantedRefund"]["lines"]]
    yield step(name="grant three", entitled=0, held="")
    call(
        "orderGrantRefundUpdate",
        by=desk.staff,
        id=grant,
        input={"removeLines": lines, "amount": 5},
    )
    yield step(name="grant an amount instead", entitled=3, held="1 2 3")


@flow()
def test_a_granted_amount_names_no_line_and_releases_nothing(desk: Desk) -> Iterator[Step]:
    order, item = sell(desk)
    step = partial(Step, order_id=order)
    yield step(name="charge", entitled=3, held="1 2 3")
    desk.grant(item, 10)
    yield step(name="grant ten", entitled=3, held="1 2 3", told="")
    desk.report(item, "REFUND_SUCCESS", 10, reference="refund")
    yield step(name="refund ten", entitled=3, held="1 2 3", told="partly_refunded")


@flow()
def test_a_grant_of_everything_releases_by_its_lines_or_once_it_is_paid_back(
    desk: Desk,
) -> Iterator[Step]:
    by_lines, item = sell(desk)
    desk.grant(item, units=3)
    yield Step(name="grant all lines", order_id=by_lines, entitled=0, held="")
    by_amount, item = sell(desk)
    desk.grant(item, 30)
    # The first three were this customer's before.
    yield Step(name="grant the whole amount", order_id=by_amount, entitled=3, held="1 2 3")
    desk.report(item, "REFUND_SUCCESS", 30, reference="all")
    yield Step(name="refund it", order_id=by_amount, entitled=0, held="")


@flow()
def test_what_is_granted_of_an_order_need_not_be_paid_any_more(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=20)
    yield step(name="charge two of three", entitled=0, held="")
    desk.grant(item, units=1)
    yield step(name="grant the third", entitled=2, held="1 2")


@flow()
def test_granting_an_unpaid_order_gives_nothing(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order, entitled=0, held="")
    item = desk.create_transaction(gid("Order", order), amountAuthorized=30)
    yield step(name="authorize")
    desk.grant(item, units=1)
    yield step(name="grant a unit")
    desk.grant(item, units=2)
    yield step(name="grant the rest")


@flow()
def test_a_grant_that_nobody_can_pay_out_gives_its_serials_back(desk: Desk) -> Iterator[Step]:
    order, item = sell(desk)
    step = partial(Step, order_id=order)
    yield step(name="charge", entitled=3, held="1 2 3")
    grant = desk.grant(item, units=2)
    yield step(name="grant two", entitled=1, held="1")
    [refusal] = request(desk, item, grant)
    assert refusal["code"] == "MISSING_TRANSACTION_ACTION_REQUEST_WEBHOOK"
    yield step(name="ask an app that does not answer", entitled=3, held="1 2 3")


@flow()
def test_a_grant_whose_refund_fails_gives_its_serials_back(desk: Desk) -> Iterator[Step]:
    order, item = sell(desk)
    step = partial(Step, order_id=order)
    yield step(name="charge", entitled=3, held="1 2 3")
    grant = desk.grant(item, units=2)
    yield step(name="grant two", entitled=1, held="1")
    with answering(desk.app, {"pspReference": "refund"}):
        assert request(desk, item, grant) == []
    yield step(name="ask", entitled=1, held="1")
    desk.report(item, "REFUND_FAILURE", 20, reference="refund")
    yield step(name="fail", entitled=3, held="1 2 3", told="")
    with answering(desk.app, {"pspReference": "again"}):
        assert request(desk, item, grant) == []
    yield step(name="ask again", entitled=1, held="1")
    desk.report(item, "REFUND_SUCCESS", 20, reference="again")
    yield step(name="succeed", entitled=1, held="1", told="partly_refunded")


@flow()
def test_staff_are_told_of_a_refund_that_its_failed_grant_does_not_name(
    desk: Desk,
) -> Iterator[Step]:
    order, item = sell(desk)
    step = partial(Step, order_id=order)
    yield step(name="charge", entitled=3, held="1 2 3")
    grant = desk.grant(item, units=1)
    request(desk, item, grant)
    yield step(name="fail to refund", entitled=3, held="1 2 3", told="")
    desk.report(item, "REFUND_SUCCESS", 10, reference="by hand, at the provider")
    yield step(name="refund by hand", entitled=3, held="1 2 3", told="partly_refunded")
