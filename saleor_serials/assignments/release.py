"""Take serials back from those who hold them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection

from saleor_serials import history
from saleor_serials.assignments.claims import OWN_STATUSES
from saleor_serials.history import By, Move
from saleor_serials.models import Assignment, EventType, OrderRecord, Serial, SerialStatus
from saleor_serials.run import Run


class Cause(StrEnum):
    """Why a line is entitled to less than it holds."""

    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    LINE_REDUCED = "line reduced"
    LINE_REMOVED = "line removed"


# Never what was consumed; then what the customer has not been sent; then the newest.
_RELEASE = """
WITH surplus AS MATERIALIZED (
    SELECT id, status FROM saleor_serials_serial
    WHERE assignment_id = %(assignment)s AND consumed_at IS NULL
    ORDER BY delivered_at IS NOT NULL, assigned_at DESC, position DESC
    LIMIT %(limit)s FOR UPDATE
)
UPDATE saleor_serials_serial AS s
SET status = %(status)s, assignment_id = NULL,
    customer = CASE
        WHEN %(status)s = 'free' THEN ''
        WHEN s.customer = '' THEN %(customer)s
        ELSE s.customer
    END,
    assigned_at = CASE WHEN NOT %(forget)s THEN s.assigned_at END,
    delivered_at = CASE WHEN NOT %(forget)s THEN s.delivered_at END
FROM surplus WHERE s.id = surplus.id
RETURNING s.id, surplus.status
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surplus:
    """A line that holds more than its entitlement, why, and what its serials become."""

    assignment: Assignment
    cause: Cause
    status: SerialStatus


def release(order: OrderRecord, surplus: Sequence[Surplus], *, run: Run) -> frozenset[int]:
    """Take back what lines hold beyond their entitlement, and lower their ``held``.

    A consumed serial stays. Two statements per line and pack, whatever the number of serials.

    Returns:
        The packs that somebody may be waiting for, and that have a serial for them again.
    """
    freed = set()
    for each in surplus:
        assignment = each.assignment
        with connection.cursor() as cursor:
            cursor.execute(
                _RELEASE,
                {
                    "assignment": assignment.pk,
                    "customer": assignment.customer,
                    "status": each.status,
                    "limit": assignment.held - assignment.entitled,
                    "forget": run.config.forget_on_release,
                },
            )
            released = cursor.fetchall()
        assignment.held -= len(released)
        history.record_serials(
            EventType.RELEASED,
            [
                Move(serial_id=pk, line_id=assignment.line_id, was=was, now=each.status)
                for pk, was in released
            ],
            order=order,
            at=run.now,
            by=By(reason=each.cause.value),
        )
        if released and may_serve(each.status):
            freed.add(assignment.pack_id)
    return frozenset(freed)


def may_serve(status: SerialStatus) -> bool:
    """Tell whether somebody who waits may get a serial that has come to be in this status."""
    return status in (SerialStatus.FREE, *OWN_STATUSES)


_PUT = """
UPDATE saleor_serials_serial AS s
SET status = %(status)s, assignment_id = NULL,
    customer = CASE
        WHEN %(status)s = 'free' THEN ''
        WHEN %(customer)s <> '' THEN %(customer)s
        WHEN s.customer = '' THEN coalesce(holder.customer, '')
        ELSE s.customer
    END,
    assigned_at = CASE WHEN NOT %(forget)s THEN s.assigned_at END,
    delivered_at = CASE WHEN NOT %(forget)s THEN s.delivered_at END
FROM saleor_serials_serial AS was
LEFT JOIN saleor_serials_assignment AS holder ON holder.id = was.assignment_id
WHERE s.id = ANY(%(ids)s) AND was.id = s.id
"""


def put(
    serials: Sequence[Serial],
    status: SerialStatus,
    type: EventType,
    *,
    run: Run,
    customer: str = "",
) -> None:
    """Bring locked serials into a status in which nobody holds them, and record it.

    ``customer``: the key they are kept for; empty: the one they had. One statement, and one for
    the history of each order.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT,
            {
                "ids": [serial.pk for serial in serials],
                "status": status.value,
                "customer": customer,
                "forget": run.config.forget_on_release,
            },
        )
    record(serials, type, status, by=run.by, now=run.now)


def record(
    serials: Iterable[Serial], type: EventType, status: SerialStatus, *, by: By, now: datetime
) -> None:
    """Record what was done with serials, which still say where they were."""
    moves = defaultdict(list)
    for serial in serials:
        order = serial.assignment.order if serial.assignment else None
        line = serial.assignment.line_id if serial.assignment else ""
        moves[order].append(
            Move(serial_id=serial.pk, line_id=line, was=serial.status, now=status.value)
        )
    for order, of_order in moves.items():
        history.record_serials(type, of_order, order=order, at=now, by=by)
