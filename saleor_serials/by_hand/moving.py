"""How serials come to a line or gift by hand, and how they are taken from it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from saleor_serials import allocation, history
from saleor_serials.by_hand.hand import COUNTS
from saleor_serials.config import Config
from saleor_serials.errors import NotEnough, WrongStatus
from saleor_serials.history import By
from saleor_serials.models import Assignment, EventType, OrderRecord, Serial, SerialStatus
from saleor_serials.reconcile import Outcome, conclude

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
    by: By,
    settings: Config,
    now: datetime,
    customer: str = "",
) -> None:
    """Bring locked serials into a status in which nobody holds them, and record it.

    ``customer``: who they are kept for; empty: whoever they were with. One statement, and one for
    the history of each order.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT,
            {
                "ids": [serial.pk for serial in serials],
                "status": status.value,
                "customer": customer,
                "forget": settings.forget_on_release,
            },
        )
    record(serials, type, status, by=by, now=now)


def record(
    serials: Iterable[Serial], type: EventType, status: SerialStatus, *, by: By, now: datetime
) -> None:
    """Record what was done with serials, which still say where they were."""
    moves = defaultdict(list)
    for serial in serials:
        order = serial.assignment.order if serial.assignment else None
        line = serial.assignment.line_id if serial.assignment else ""
        moves[order].append((serial.pk, line, serial.status, status.value))
    for order, of_order in moves.items():
        history.record_serials(type, of_order, order=order, at=now, by=by)


def grant(assignment: Assignment, quantity: int, *, now: datetime) -> None:
    """Have a line or gift be owed so many more by hand."""
    if quantity > 0:
        assignment.granted += quantity
        assignment.wanted += quantity
        assignment.owed_since = assignment.owed_since or now


def withhold(assignment: Assignment, quantity: int) -> None:
    """Have a line or gift be owed so many less by hand: first of what was granted so."""
    granted = min(quantity, assignment.granted)
    assignment.granted -= granted
    assignment.withheld += quantity - granted
    assignment.wanted = max(0, assignment.wanted - quantity)


def claim(assignment: Assignment, serials: Sequence[Serial], *, by: By, now: datetime) -> None:
    """Have a line or gift hold these locked serials, and record it.

    Raises:
        WrongStatus: one of them has expired meanwhile.
    """
    taken = allocation.claim_named(
        [serial.pk for serial in serials], assignment, statuses=list(SerialStatus), now=now
    )
    if len(taken) < len(serials):
        raise WrongStatus("One of them has just expired.", field="serials")
    assignment.held += len(taken)
    _hold(assignment, taken, by=by, now=now)


def fill(assignment: Assignment, *, settings: Config, by: By, now: datetime) -> None:
    """Have a line or gift hold what it is short of, from its pack.

    Raises:
        NotEnough: the pack has not as many.
    """
    taken = allocation.fill(assignment, settings=settings, now=now)
    if assignment.shortfall:
        raise NotEnough(f"The pack has only {len(taken)} to give.", field="quantity")
    _hold(assignment, taken, by=by, now=now)


def _hold(
    assignment: Assignment, taken: Sequence[tuple[int, str]], *, by: By, now: datetime
) -> None:
    """Record what a line or gift has come to hold: ``(serial id, status before)`` each."""
    assignment.save(update_fields=COUNTS)
    to = allocation.status_held(assignment.pack).value
    history.record_serials(
        EventType.ASSIGNED,
        [(pk, assignment.line_id, was, to) for pk, was in taken],
        order=assignment.order,
        at=now,
        by=by,
    )


def outcomes(
    assignments: Iterable[Assignment],
    *,
    given: Sequence[int] = (),
    freed: Iterable[int] = (),
    settings: Config,
    now: datetime,
) -> list[Outcome]:
    """Enter what is left to do for the orders of these assignments, and say it.

    ``given``: the serials that the (one) order got. ``freed``: packs that somebody may wait for.
    """
    of_orders: dict[OrderRecord, list[Assignment]] = defaultdict(list)
    moved = set()
    for assignment in assignments:
        moved.add(assignment.pack_id)
        if assignment.order is not None:
            of_orders[assignment.order].append(assignment)
    found = [
        conclude(
            order,
            serial_ids=given,
            unsettled=frozenset(a.pack_id for a in of_order if a.shortfall),
            moved=frozenset(a.pack_id for a in of_order),
            settings=settings,
            now=now,
        )
        for order, of_order in of_orders.items()
    ]
    return [*found, Outcome.of_packs(freed, moved=moved)]
