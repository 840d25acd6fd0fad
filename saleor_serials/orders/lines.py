"""How many serials each line of an order is entitled to, and which lines hold more."""

from collections.abc import Sequence
from dataclasses import dataclass

from saleor_serials.assignments.release import Cause, Surplus
from saleor_serials.config import Config
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import Assignment, OrderRecord, SerialStatus
from saleor_serials.orders.entitlement import cause_of_release, entitled_serials, entitled_units
from saleor_serials.run import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Entitlement:
    """What an assignment is entitled to: ``current``, and ``full`` once nothing limits it.

    A payment issue and a pack that is closed to the customer limit ``current`` to what the
    assignment held by its terms when that was found. ``is_closed``: the pack is closed.
    """

    full: int
    current: int
    is_closed: bool


def entitlements(
    record: OrderRecord,
    order: OrderSnapshot,
    assignments: Sequence[Assignment],
    *,
    config: Config,
) -> list[Entitlement]:
    """Compute what each assignment is entitled to: the only place that does.

    Reads the payment issue and the closed packs from the record, where a reconcile stored them.
    """
    units = entitled_units(
        order, was_entitled=record.entitled_at is not None, assign_on=config.assign_on
    )
    at_issue = record.entitled_at_issue

    def entitlement(assignment: Assignment) -> Entitlement:
        is_closed = assignment.pack_id in record.closed_pack_ids
        limits = [] if at_issue is None else [at_issue.get(str(assignment.pk), 0)]
        if is_closed:
            limits.append(held_by_terms(assignment))

        def serials(at_most: int | None) -> int:
            return entitled_serials(
                units=units.get(assignment.line_id, 0),
                per_unit=assignment.per_unit,
                granted=assignment.granted,
                withheld=assignment.withheld,
                at_most=at_most,
            )

        return Entitlement(
            full=serials(None), current=serials(min(limits, default=None)), is_closed=is_closed
        )

    return [entitlement(assignment) for assignment in assignments]


def set_entitled(
    record: OrderRecord,
    order: OrderSnapshot,
    assignments: Sequence[Assignment],
    *,
    run: Run,
) -> list[Surplus]:
    """Set what each line is entitled to; return the lines that hold more, and why."""
    lines = {line.id: line for line in order.lines}
    surplus = []
    found = entitlements(record, order, assignments, config=run.config)
    for assignment, entitlement in zip(assignments, found, strict=True):
        assignment.entitled = entitlement.current
        if assignment.entitled and assignment.entitled_since is None:
            assignment.entitled_since = record.entitled_at or run.now
        if assignment.held > assignment.entitled:
            cause = cause_of_release(order, lines.get(assignment.line_id))
            status = (
                SerialStatus(assignment.pack.status_on_refund)
                if cause is Cause.REFUNDED
                else run.config.status_after_release
            )
            surplus.append(Surplus(assignment=assignment, cause=cause, status=status))
    return surplus


def held_by_terms(assignment: Assignment) -> int:
    """How many of the serials that a line holds come from its terms, not from staff."""
    return max(0, int(assignment.held - assignment.granted + assignment.withheld))
