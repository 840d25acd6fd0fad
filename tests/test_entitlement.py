"""What an order is owed, for every order that can be: no database."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from saleor_serials.assignments.release import Cause
from saleor_serials.host.shapes import LineSnapshot, OrderSnapshot
from saleor_serials.orders.entitlement import cause_of_release, entitled_serials, entitled_units

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
COUNTS = st.integers(min_value=0, max_value=10_000)


@st.composite
def orders(draw: st.DrawFn) -> OrderSnapshot:
    flags = {
        name: draw(st.booleans())
        for name in ("placed", "is_open", "paid", "fulfilled", "prices_stale", "fully_refunded")
    }
    lines = draw(st.lists(st.tuples(COUNTS, COUNTS), max_size=4))
    return OrderSnapshot(
        id="1",
        number="1",
        user_id=draw(st.none() | st.integers(1, 9)),
        email=draw(st.sampled_from(["", "a@example.com", " A@Example.com "])),
        placed_at=MOMENT,
        refunded=Decimal(draw(COUNTS)),
        currency="USD",
        channel="",
        lines=tuple(
            LineSnapshot(
                id=str(number),
                quantity=quantity,
                returned=returned,
                variant_id=1,
                product_id=1,
                product_name="",
                variant_name="",
                sku="",
                bought_at=MOMENT,
            )
            for number, (quantity, returned) in enumerate(lines)
        ),
        **flags,
    )


@given(orders(), st.booleans())
def test_every_line_is_owed_between_nothing_and_its_quantity(
    order: OrderSnapshot, was_entitled: bool
) -> None:
    units = entitled_units(order, was_entitled=was_entitled, assign_on="paid")

    assert set(units) == {line.id for line in order.lines}
    assert all(0 <= units[line.id] <= line.quantity for line in order.lines)


@given(orders(), st.booleans())
def test_nothing_is_owed_while_the_order_is_not_open_or_the_money_went_back(
    order: OrderSnapshot, was_entitled: bool
) -> None:
    for dead in (replace(order, is_open=False), replace(order, fully_refunded=True)):
        assert not any(entitled_units(dead, was_entitled=was_entitled, assign_on="paid").values())


@given(orders())
def test_an_order_never_seen_paid_is_owed_nothing_until_it_is_paid(order: OrderSnapshot) -> None:
    assert not any(
        entitled_units(replace(order, paid=False), was_entitled=False, assign_on="paid").values()
    )


@given(orders())
def test_paid_once_counts_as_paid_for_ever(order: OrderSnapshot) -> None:
    paid = entitled_units(replace(order, paid=True), was_entitled=False, assign_on="paid")

    assert entitled_units(replace(order, paid=False), was_entitled=True, assign_on="paid") == paid


@given(orders(), st.integers(min_value=1, max_value=99))
def test_a_return_never_raises_what_is_owed(order: OrderSnapshot, more: int) -> None:
    returned = replace(
        order, lines=tuple(replace(line, returned=line.returned + more) for line in order.lines)
    )

    before = entitled_units(order, was_entitled=True, assign_on="paid")
    after = entitled_units(returned, was_entitled=True, assign_on="paid")

    assert all(after[line] <= before[line] for line in before)


@given(units=COUNTS, per_unit=COUNTS, granted=COUNTS, withheld=COUNTS)
def test_entitled_is_the_terms_plus_granted_minus_withheld_and_never_negative(
    units: int, per_unit: int, granted: int, withheld: int
) -> None:
    result = entitled_serials(units=units, per_unit=per_unit, granted=granted, withheld=withheld)

    assert result == max(0, units * per_unit + granted - withheld)


@given(units=COUNTS, per_unit=COUNTS, granted=COUNTS, withheld=COUNTS, at_most=COUNTS)
def test_a_payment_issue_limits_the_terms_and_never_what_staff_decide(
    units: int, per_unit: int, granted: int, withheld: int, at_most: int
) -> None:
    result = entitled_serials(
        units=units, per_unit=per_unit, granted=granted, withheld=withheld, at_most=at_most
    )

    assert result == max(0, min(units * per_unit, at_most) + granted - withheld)


@given(orders())
def test_money_that_went_back_weighs_more_than_a_cancellation(order: OrderSnapshot) -> None:
    assert (
        cause_of_release(replace(order, fully_refunded=True, is_open=False), None) is Cause.REFUNDED
    )
    assert (
        cause_of_release(replace(order, fully_refunded=False, is_open=False), None)
        is Cause.CANCELLED
    )
    assert (
        cause_of_release(replace(order, fully_refunded=False, is_open=True), None)
        is Cause.LINE_REMOVED
    )


@given(orders())
def test_a_customers_key_is_the_account_else_the_address_else_the_order(
    order: OrderSnapshot,
) -> None:
    if order.user_id is not None:
        assert order.customer == f"user:{order.user_id}"
    elif order.email:
        assert order.customer == "email:a@example.com"
    else:
        assert order.customer == "order:1"
