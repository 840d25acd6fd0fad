"""How many serials each line of an order is entitled to, and which lines hold more."""

from collections.abc import Sequence
from datetime import datetime

from saleor_serials import config
from saleor_serials.assignments.release import Cause, Surplus
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import Assignment, OrderRecord, SerialStatus
from saleor_serials.orders.entitlement import cause_of_release, entitled_serials, entitled_units


def set_entitled(
    record: OrderRecord,
    order: OrderSnapshot,
    assignments: Sequence[Assignment],
    *,
    closed: frozenset[int],
    settings: config.Config,
    now: datetime,
) -> list[Surplus]:
    """Set what each line is owed; return those that hold more, and what that becomes."""
    units = entitled_units(
        order, was_entitled=record.entitled_at is not None, assign_on=settings.assign_on
    )
    lines = {line.id: line for line in order.lines}
    kept = record.noted.get("kept")
    surplus = []
    for assignment in assignments:
        at_most = None if kept is None else kept.get(str(assignment.pk), 0)
        if assignment.pack_id in closed:
            held = held_by_terms(assignment)
            at_most = held if at_most is None else min(held, at_most)
        assignment.entitled = entitled_serials(
            units=units.get(assignment.line_id, 0),
            per_unit=assignment.per_unit,
            granted=assignment.granted,
            withheld=assignment.withheld,
            at_most=at_most,
        )
        if assignment.entitled and assignment.entitled_since is None:
            assignment.entitled_since = record.entitled_at or now
        if assignment.held > assignment.entitled:
            cause = cause_of_release(order, lines.get(assignment.line_id))
            status = (
                SerialStatus(assignment.pack.status_on_refund)
                if cause is Cause.REFUNDED
                else settings.status_after_release
            )
            surplus.append(Surplus(assignment=assignment, cause=cause, status=status))
    return surplus


def held_by_terms(assignment: Assignment) -> int:
    """How much of what a line holds is not by hand."""
    return max(0, int(assignment.held - assignment.granted + assignment.withheld))
