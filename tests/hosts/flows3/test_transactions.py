"""Money that payment apps tell of."""

from collections.abc import Iterator
from functools import partial

from tests.graphql.api import gid
from tests.hosts.flows3.calls import Name, call
from tests.hosts.flows3.desk import Desk
from tests.hosts.flows3.provider import answering
from tests.hosts.flows3.walking import Step, flow


@flow()
def test_a_paid_checkout_gets_its_serials(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3, charged=30)
    yield Step(name="complete", order_id=order, entitled=3, held="1 2 3")


@flow()
def test_a_charge_in_two_parts_gives_everything_at_the_second(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    yield step(name="place", entitled=0, held="")
    item = desk.create_transaction(gid("Order", order), amountAuthorized=30)
    yield step(name="authorize", entitled=0, held="")
    desk.report(item, "CHARGE_SUCCESS", 20, reference="first")
    yield step(name="charge a part", entitled=0, held="", told="")
    desk.report(item, "CHARGE_SUCCESS", 10, reference="second")
    yield step(name="charge the rest", entitled=3, held="1 2 3", told="")


@flow()
def test_a_refund_by_amounts_releases_when_nothing_is_left(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=30)
    yield step(name="charge", entitled=3, held="1 2 3")
    desk.report(item, "REFUND_SUCCESS", 10, reference="one")
    yield step(name="refund one", entitled=3, held="1 2 3", told="partly_refunded")
    desk.report(item, "REFUND_SUCCESS", 20, reference="two")
    yield step(name="refund the rest", entitled=0, held="", told="partly_refunded")


@flow()
def test_a_refund_that_is_reversed_gives_the_same_serials_again(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=30)
    yield step(name="charge", entitled=3, held="1 2 3")
    desk.report(item, "REFUND_SUCCESS", 30, reference="refund")
    yield step(name="refund", entitled=0, held="")
    desk.report(item, "REFUND_REVERSE", 30, reference="refund")
    yield step(name="reverse", entitled=3, held="1 2 3")


@flow(by_memory=True)
def test_a_chargeback_releases_nothing_and_staff_are_told_each_time(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order, entitled=3, held="1 2 3")
    item = desk.create_transaction(gid("Order", order), amountCharged=30)
    yield step(name="charge", told="")
    desk.report(item, "CHARGE_BACK", 10, reference="claim")
    yield step(name="charge back a part", told="payment_reversed")
    desk.report(item, "CHARGE_BACK", 20, reference="another claim")
    yield step(name="charge back the rest", told="payment_reversed")
    desk.report(item, "CHARGE_SUCCESS", 30, reference="won")
    yield step(name="win the case", told="payment_reversed")
    desk.report(item, "CHARGE_BACK", 30, reference="appeal")
    yield step(name="lose it again", told="payment_reversed payment_reversed")


@flow(by_memory=True)
def test_what_a_refund_left_may_be_charged_back_and_releases_nothing(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order, entitled=3, held="1 2 3")
    item = desk.create_transaction(gid("Order", order), amountCharged=30)
    yield step(name="charge", told="")
    desk.report(item, "REFUND_SUCCESS", 10, reference="refund")
    yield step(name="refund one", told="partly_refunded")
    desk.report(item, "CHARGE_BACK", 20, reference="claim")
    yield step(name="charge back the rest", told="partly_refunded payment_reversed")


@flow(by_memory=True)
def test_a_chargeback_gives_nothing_new_until_the_money_is_back(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(11)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=110)
    yield step(name="charge", entitled=11, held="1 2 3 4 5 6 7 8 9")
    desk.report(item, "CHARGE_BACK", 110, reference="claim")
    yield step(name="charge back", entitled=9, held="1 2 3 4 5 6 7 8 9")
    desk.refill("a", "b", "c")
    yield step(name="refill", entitled=9, held="1 2 3 4 5 6 7 8 9")
    desk.report(item, "CHARGE_SUCCESS", 110, reference="won")
    yield step(name="win the case", entitled=11, held="1 2 3 4 5 6 7 8 9 a b")


@flow(by_memory=True)
def test_amounts_that_an_app_overwrites_release_nothing(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order, entitled=3, held="1 2 3")
    item = desk.create_transaction(gid("Order", order), amountCharged=30)
    yield step(name="charge", told="")
    desk.update_transaction(item, amountCharged=0)
    yield step(name="set to nothing", told="payment_reversed")
    desk.update_transaction(item, amountCharged=30)
    yield step(name="set right again", told="payment_reversed")


@flow()
def test_paying_too_much_gives_no_more_and_refunding_it_takes_none(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order, entitled=3, held="1 2 3")
    item = desk.create_transaction(gid("Order", order), amountCharged=30)
    yield step(name="charge")
    desk.report(item, "CHARGE_SUCCESS", 20, reference="by mistake")
    yield step(name="charge too much")
    desk.report(item, "REFUND_SUCCESS", 20, reference="the mistake")
    yield step(name="refund what was too much")


@flow()
def test_two_transactions_pay_together_and_are_refunded_one_by_one(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    first = desk.create_transaction(gid("Order", order), amountCharged=10)
    yield step(name="charge one", entitled=0, held="")
    second = desk.create_transaction(gid("Order", order), amountCharged=20)
    yield step(name="charge the other", entitled=3, held="1 2 3")
    desk.report(first, "REFUND_SUCCESS", 10, reference="one")
    yield step(name="refund one", entitled=3, held="1 2 3")
    desk.report(second, "REFUND_SUCCESS", 20, reference="other")
    yield step(name="refund the other", entitled=0, held="")


@flow()
def test_a_refund_counts_once_it_is_done_not_when_it_is_asked_for(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=30)
    yield step(name="charge", entitled=3, held="1 2 3")
    with answering(desk.app, {"pspReference": "refund"}):
        desk.request_refund(item, 30)
    yield step(name="ask", entitled=3, held="1 2 3", told="")
    desk.report(item, "REFUND_FAILURE", 30, reference="refund")
    yield step(name="fail", entitled=3, held="1 2 3", told="")
    with answering(desk.app, {"pspReference": "again"}):
        desk.request_refund(item, 30)
    desk.report(item, "REFUND_SUCCESS", 30, reference="again")
    yield step(name="succeed", entitled=0, held="", told="")


@flow()
def test_a_session_at_the_provider_gives_serials_when_it_ends_in_a_charge(
    desk: Desk,
) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    redirect = {"result": "CHARGE_ACTION_REQUIRED", "amount": 30, "pspReference": "session"}
    with answering(desk.app, redirect, {**redirect, "result": "CHARGE_SUCCESS"}):
        made = call(
            "transactionInitialize",
            "transaction { id }",
            by=None,
            id=gid("Order", order),
            paymentGateway={"id": desk.app.identifier},
            amount=30,
        )
        yield step(name="initialize", entitled=0, held="")
        call("transactionProcess", by=None, id=made["transaction"]["id"])
    yield step(name="process", entitled=3, held="1 2 3")


@flow()
def test_a_session_before_the_checkout_is_completed_pays_the_order(desk: Desk) -> Iterator[Step]:
    checkout = desk.start_checkout(3)
    charge = {"result": "CHARGE_SUCCESS", "amount": 30, "pspReference": "session"}
    with answering(desk.app, charge):
        call(
            "transactionInitialize",
            by=None,
            id=checkout,
            paymentGateway={"id": desk.app.identifier},
        )
    order = desk.complete_checkout(checkout)
    yield Step(name="complete", order_id=order, entitled=3, held="1 2 3")


@flow()
def test_a_charge_that_staff_ask_for_gives_serials_when_it_is_done(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountAuthorized=30)
    yield step(name="authorize", entitled=0, held="")
    with answering(desk.app, {"pspReference": "charge", "result": "CHARGE_SUCCESS", "amount": 30}):
        call(
            "transactionRequestAction",
            by=desk.staff,
            id=item,
            actionType=Name("CHARGE"),
            amount=30,
        )
    yield step(name="charge", entitled=3, held="1 2 3")


@flow()
def test_a_charge_after_a_full_refund_gives_nothing_until_it_is_all(
    desk: Desk,
) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=30)
    yield step(name="charge", entitled=3, held="1 2 3")
    desk.report(item, "REFUND_SUCCESS", 30, reference="refund")
    yield step(name="refund", entitled=0, held="")
    desk.create_transaction(gid("Order", order), amountCharged=1)
    yield step(name="charge one", entitled=0, held="")
    desk.report(item, "CHARGE_SUCCESS", 28, reference="more")
    yield step(name="charge more", entitled=0, held="")
    desk.report(item, "CHARGE_SUCCESS", 1, reference="the rest")
    yield step(name="charge the rest", entitled=3, held="1 2 3")


@flow()
def test_an_app_that_overwrites_amounts_tells_of_a_refund_as_well(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    item = desk.create_transaction(gid("Order", order), amountCharged=30)
    yield step(name="charge", entitled=3, held="1 2 3")
    desk.update_transaction(item, amountCharged=0, amountRefunded=30)
    yield step(name="refund", entitled=0, held="")
    desk.update_transaction(item, amountCharged=1)
    yield step(name="charge one", entitled=0, held="")
    desk.update_transaction(item, amountCharged=30)
    yield step(name="charge the rest", entitled=3, held="1 2 3")


@flow()
def test_of_two_transactions_one_may_be_refunded(desk: Desk) -> Iterator[Step]:
    order = desk.check_out(3)
    step = partial(Step, order_id=order)
    first = desk.create_transaction(gid("Order", order), amountCharged=20)
    second = desk.create_transaction(gid("Order", order), amountCharged=10)
    yield step(name="charge both", entitled=3, held="1 2 3")
    desk.report(first, "REFUND_SUCCESS", 20, reference="one")
    yield step(name="refund the first", entitled=3, held="1 2 3")
    desk.report(second, "REFUND_SUCCESS", 10, reference="two")
    yield step(name="refund the second", entitled=0, held="")
    desk.report(second, "CHARGE_SUCCESS", 10, reference="again")
    yield step(name="charge the second again", entitled=0, held="")
