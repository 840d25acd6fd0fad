"""What an order is entitled to. Pure: no database, no clock."""

from saleor_serials.assignments.release import Cause
from saleor_serials.host.shapes import LineSnapshot, OrderSnapshot


def has_reached(order: OrderSnapshot, *, assign_on: str) -> bool:
    """Tell whether an order is now in the status that assigns: paid, confirmed or fulfilled.

    Where that is not the payment, it does not matter whether anything was paid.
    """
    if assign_on == "confirmed":
        return order.is_open
    return order.fulfilled if assign_on == "fulfilled" else order.paid


def entitled_units(order: OrderSnapshot, *, was_entitled: bool, assign_on: str) -> dict[str, int]:
    """Count, per line id, the units that the customer is entitled to.

    ``was_entitled``: the order once reached the status that assigns. That is remembered; afterwards
    entitlement falls only on positive evidence: a refund, a return, a cancellation, a removed line.
    """
    entitled = was_entitled or has_reached(order, assign_on=assign_on)
    if not order.is_open or order.fully_refunded or not entitled:
        return {line.id: 0 for line in order.lines}
    return {line.id: max(0, line.quantity - line.returned) for line in order.lines}


def entitled_serials(
    *, units: int, per_unit: int, granted: int, withheld: int, at_most: int | None = None
) -> int:
    """How many serials: the frozen terms, plus what staff granted, minus what they withheld.

    ``at_most``: the most that the terms give; staff's numbers count beside it.
    """
    by_terms = units * per_unit if at_most is None else min(units * per_unit, at_most)
    return max(0, by_terms + granted - withheld)


def cause_of_release(order: OrderSnapshot, line: LineSnapshot | None) -> Cause:
    """Say why a line holds too much. ``line`` is None where the line is no more.

    Money that went back weighs more than a cancellation: the customer's refund rule then counts.
    """
    if order.fully_refunded or (line is not None and line.returned > 0):
        return Cause.REFUNDED
    if not order.is_open:
        return Cause.CANCELLED
    return Cause.LINE_REMOVED if line is None else Cause.LINE_REDUCED
