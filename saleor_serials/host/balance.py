"""What came in for an order and went back, in the order of time. Pure: no database, no clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """Money that moved at a time, in seconds since 1970.

    ``inflow``: what came in, negative where a chargeback or a correction took it. ``refunded``:
    what was paid back, negative where that was reversed.
    """

    at: float
    inflow: Decimal = _NOTHING
    refunded: Decimal = _NOTHING


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """The running balance of an order since it was last zero: ``inflow`` less ``refunded``.

    ``total``: what the order costs; ``granted``: what of it staff have granted to pay back.
    ``peak``: the most that was there. ``was_refunded``: the balance came back to zero before,
    because all was paid back; ``peak_since_refund`` is the most that was there since, whatever
    chargebacks took. ``refunded_ever``: what was paid back in all.
    """

    total: Decimal
    granted: Decimal = _NOTHING
    inflow: Decimal = _NOTHING
    refunded: Decimal = _NOTHING
    peak: Decimal = _NOTHING
    was_refunded: bool = False
    peak_since_refund: Decimal = _NOTHING
    refunded_ever: Decimal = _NOTHING

    def after(self, movements: Iterable[Movement]) -> "Balance":
        """Add movements up, in the order of time."""
        balance = self
        for movement in sorted(movements, key=lambda movement: movement.at):
            balance = balance._add(movement)
        return balance

    @property
    def now(self) -> Decimal:
        """What is there."""
        return self.inflow - self.refunded

    def covers(self, price: Decimal) -> bool:
        """Tell whether it has reached a price, and no chargeback has taken that since.

        A refund that followed changes nothing: ``is_refunded`` tells of it.
        """
        if price <= 0:
            return True
        reached = self.peak >= price and self.inflow >= price
        return self.inflow > 0 and (reached or self.now >= price - self.granted)

    @property
    def is_refunded(self) -> bool:
        """Whether all was paid back, and what came in since has not reached the total."""
        if self.total <= 0:
            return False
        return self._is_emptied or (self.was_refunded and self.peak_since_refund < self.total)

    @property
    def _is_emptied(self) -> bool:
        """Whether nothing is left, and because it was paid back: no chargeback took it."""
        paid_back = self.refunded >= min(self.peak, self.total - self.granted)
        return self.now <= 0 < self.refunded and paid_back

    def _add(self, movement: Movement) -> "Balance":
        was_refunded, peak_since_refund = self.was_refunded, self.peak_since_refund
        inflow, refunded, peak = self.inflow, self.refunded, self.peak
        if peak > 0 >= self.now and movement.inflow > movement.refunded:
            # A refund that is reversed now is money that came in.
            inflow = refunded = max(-movement.refunded, _NOTHING)
            peak = _NOTHING
            if self._is_emptied:
                was_refunded, peak_since_refund = True, _NOTHING
        inflow, refunded = inflow + movement.inflow, refunded + movement.refunded
        return replace(
            self,
            inflow=inflow,
            refunded=refunded,
            peak=max(peak, inflow - refunded),
            was_refunded=was_refunded,
            peak_since_refund=max(peak_since_refund, inflow - refunded),
            refunded_ever=self.refunded_ever + movement.refunded,
        )


def unexplained(
    movements: list[Movement], *, inflow: Decimal, refunded: Decimal, first: float, last: float
) -> list[Movement]:
    """Add to movements what is missing in them of the sums that a payment says.

    Rows of imports and of scripts have sums without movements. What came in counts from ``first``
    on, what went away from ``last``.
    """
    inflow -= sum((each.inflow for each in movements), _NOTHING)
    refunded -= sum((each.refunded for each in movements), _NOTHING)
    return [
        *movements,
        Movement(at=first, inflow=max(inflow, _NOTHING), refunded=min(refunded, _NOTHING)),
        Movement(at=last, inflow=min(inflow, _NOTHING), refunded=max(refunded, _NOTHING)),
    ]
