"""What came in and went back, against a plain model of the balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_serials.host.balance import Balance, Movement, unexplained

TOTAL = Decimal(20)


def balance_after(*amounts: str, total: Decimal = TOTAL, granted: int = 0) -> Balance:
    """What is there after movements such as ``+20``, ``-20`` (a refund), ``!20`` (a chargeback)."""
    movements = [_movement(at, text) for at, text in enumerate(amounts)]
    # Their order in the database is not that of time.
    return Balance(total=total, granted=Decimal(granted)).after(reversed(movements))


def _movement(at: int, text: str) -> Movement:
    kind, amount = text[0], Decimal(text[1:])
    if kind == "-":
        return Movement(at=at, refunded=amount)
    return Movement(at=at, inflow=amount if kind == "+" else -amount)


@pytest.mark.parametrize(
    ("amounts", "paid", "refunded"),
    [
        ((), False, False),
        (("+19",), False, False),
        (("+20",), True, False),
        (("+10", "+10"), True, False),
        # A partial refund takes nothing back, a full one does.
        (("+20", "-5"), True, False),
        (("+20", "-5", "-15"), True, True),
        # The money must have been there all at once.
        (("+10", "-5", "+10"), False, False),
        (("+10", "-5", "+15"), True, False),
        # What came and went is not there.
        (("+20", "-20", "+1"), False, True),
        (("+20", "-20", "+19"), False, True),
        (("+20", "-20", "+10", "+10"), True, False),
        (("+20", "-20", "+20", "-20", "+1"), False, True),
        (("+20", "-20", "+20", "-1"), True, False),
        # A chargeback is no refund.
        (("+20", "!5"), False, False),
        (("+20", "!20"), False, False),
        (("+20", "!20", "+20"), True, False),
        (("+20", "-10", "!10"), False, False),
        (("+20", "-20", "+20", "!20"), False, False),
        (("+20", "-20", "+19", "!19", "+1"), False, True),
    ],
)
def test_what_the_movements_come_to(amounts: Sequence[str], paid: bool, refunded: bool) -> None:
    balance = balance_after(*amounts)

    assert (balance.covers(TOTAL), balance.is_refunded) == (paid, refunded)


@pytest.mark.parametrize(
    ("amounts", "granted", "paid", "refunded"),
    [
        (("+15",), 5, True, False),
        (("+14",), 5, False, False),
        (("+20", "-20"), 20, True, True),
        (("+20", "-20", "+1"), 20, True, True),
        (("!20",), 20, False, False),
    ],
)
def test_what_staff_granted_need_not_be_paid(
    amounts: Sequence[str], granted: int, paid: bool, refunded: bool
) -> None:
    balance = balance_after(*amounts, granted=granted)

    assert (balance.covers(TOTAL), balance.is_refunded) == (paid, refunded)


def test_what_costs_nothing_is_paid_and_never_refunded() -> None:
    free = balance_after("+5", "-5", total=Decimal(0))

    assert (free.covers(Decimal(0)), free.is_refunded) == (True, False)


def test_a_refund_that_is_reversed_is_money_that_came_in() -> None:
    movements = [_movement(0, "+20"), _movement(1, "-20"), _movement(2, "--20")]
    balance = Balance(total=TOTAL).after(movements)

    assert (balance.covers(TOTAL), balance.is_refunded, balance.refunded_ever) == (
        *(True, False),
        Decimal(0),
    )


def test_sums_without_movements_count_from_the_first_and_the_last_moment() -> None:
    charged = [Movement(at=5, inflow=Decimal(10))]

    more = unexplained(charged, inflow=Decimal(20), refunded=Decimal(20), first=1, last=9)
    less = unexplained(charged, inflow=Decimal(4), refunded=Decimal(-1), first=1, last=9)

    assert more[1:] == [Movement(at=1, inflow=Decimal(10)), Movement(at=9, refunded=Decimal(20))]
    assert less[1:] == [Movement(at=1, refunded=Decimal(-1)), Movement(at=9, inflow=Decimal(-6))]


@dataclass
class Till:
    """The model: a drawer, and whether the customer has the right to what they bought."""

    content: int = 0
    taken_by_chargeback: int = 0
    has_right: bool = False

    def charge(self, amount: int) -> None:
        if self.content == 0:
            self.taken_by_chargeback = 0
        self.content += amount
        self.has_right |= self.content >= TOTAL

    def refund(self, amount: int) -> None:
        self.content -= amount
        if self.content == 0 and not self.taken_by_chargeback:
            self.has_right = False

    def charge_back(self, amount: int) -> None:
        self.content -= amount
        self.taken_by_chargeback += amount


@given(
    st.lists(
        st.tuples(st.sampled_from(["+", "+", "-", "-", "!"]), st.sampled_from([1, 5, 10, 15, 20])),
        max_size=12,
    )
)
def test_the_right_is_that_of_a_plain_till(steps: list[tuple[str, int]]) -> None:
    till, amounts, was_paid = Till(), list[str](), False
    for kind, amount in steps:
        # No more can come in than is due, and no more go than is there.
        amount = min(amount, 20 - till.content if kind == "+" else till.content)
        if not amount:
            continue
        {"+": till.charge, "-": till.refund, "!": till.charge_back}[kind](amount)
        amounts.append(f"{kind}{amount}")
        balance = balance_after(*amounts)
        # As the order's record remembers it.
        was_paid |= balance.covers(TOTAL)
        assert balance.now == till.content
        assert (was_paid and not balance.is_refunded) == till.has_right, amounts
