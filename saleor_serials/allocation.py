"""Hand serials to order lines and take them back: the only code that changes who holds a serial.

Every caller holds the lock on the lines' ``OrderRecord``. A claim never waits: rows that a rival
has locked are skipped, so what it finds is what it may have, and a shortfall is never final.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from saleor_serials import history
from saleor_serials.entitlement import Cause
from saleor_serials.models import Assignment, EventType, OrderRecord, Serial, SerialStatus

# A serial's own customer comes before everybody else: kept for them, or had by them before.
_OWN_STATUSES = (SerialStatus.RESERVED, SerialStatus.ASSIGNED, SerialStatus.UNASSIGNED)
_OWN = (
    "customer = %(customer)s AND customer <> '' AND assignment_id IS NULL"
    f" AND status IN ({', '.join(f"'{status}'" for status in _OWN_STATUSES)})"
)
_FREE = "status = 'free'"

_CHOICES = f"""
SELECT a.id, p.is_consumable,
    EXISTS (SELECT FROM saleor_serials_serial WHERE pack_id = p.id AND {_OWN}) AS has_own,
    (SELECT short.owed_since FROM saleor_serials_assignment AS short
     WHERE short.pack_id = p.id AND short.wanted > short.held AND short.order_id <> %(order)s
     ORDER BY short.owed_since, short.id LIMIT 1) AS others_wait_since
FROM saleor_serials_assignment AS a JOIN saleor_serials_pack AS p ON p.id = a.pack_id
WHERE a.id = ANY(%(assignments)s) AND p.is_published
ORDER BY a.id
"""

# One statement, no waiting. The ordered sub-select walks the partial index on free serials; the
# literal LIMIT keeps the planner on it. ARRAY() makes it run once, before the update.
CLAIM_FREE = f"""
UPDATE saleor_serials_serial
SET status = %(status)s, assignment_id = %(assignment)s, customer = %(customer)s,
    assigned_at = %(now)s, delivered_at = NULL
WHERE id = ANY(ARRAY(
    SELECT id FROM saleor_serials_serial
    WHERE pack_id = %(pack)s AND {_FREE} AND position >= %(head)s
        AND (expires_at IS NULL OR expires_at > %(now)s)
    ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING id, 'free', position
"""

CLAIM_OWN = f"""
WITH own AS MATERIALIZED (
    SELECT id, status FROM saleor_serials_serial
    WHERE pack_id = %(pack)s AND {_OWN} AND (expires_at IS NULL OR expires_at > %(now)s)
    ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE saleor_serials_serial AS s
SET status = %(status)s, assignment_id = %(assignment)s, assigned_at = %(now)s, delivered_at = NULL
FROM own WHERE s.id = own.id
RETURNING s.id, own.status, s.position
"""

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
    customer = CASE WHEN %(status)s = 'free' THEN '' ELSE s.customer END
FROM surplus WHERE s.id = surplus.id
RETURNING s.id, surplus.status
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Allocated:
    """What one call handed out, and in which packs it left lines short."""

    serial_ids: tuple[int, ...]
    short_pack_ids: frozenset[int]


def allocate(
    order: OrderRecord, assignments: Sequence[Assignment], *, now: datetime, first_in_line: bool
) -> Allocated:
    """Claim for each line what it is owed and does not hold; note it on the lines' ``held``.

    Statements: one, plus one per line and pack that is short (a second where serials of the
    customer's own are there), plus one for the history; the number of serials does not matter.

    ``first_in_line``: do not stand behind older shortfalls of other orders in the same pack.
    """
    short = [assignment for assignment in assignments if assignment.shortfall]
    if not short:
        return Allocated(serial_ids=(), short_pack_ids=frozenset())
    moves: list[tuple[int, str, str, str]] = []
    by_id = {assignment.pk: assignment for assignment in short}
    for pk, is_consumable, has_own, others_wait_since in _choices(order, short):
        assignment = by_id[pk]
        status = SerialStatus.ASSIGNED if is_consumable else SerialStatus.USED
        claims = [CLAIM_OWN] if has_own else []
        if first_in_line or not others_wait_since or assignment.owed_since <= others_wait_since:
            claims.append(CLAIM_FREE)
        for statement in claims:
            if not assignment.shortfall:
                break
            taken = claim(statement, assignment, status=status, now=now)
            assignment.held += len(taken)
            moves += [(pk, assignment.line_id, was, status.value) for pk, was in taken]
    history.record_serials(EventType.ASSIGNED, moves, order=order, at=now)
    return Allocated(
        serial_ids=tuple(serial_id for serial_id, *_ in moves),
        short_pack_ids=frozenset(a.pack_id for a in short if a.shortfall),
    )


def _choices(
    order: OrderRecord, short: Sequence[Assignment]
) -> list[tuple[int, bool, bool, datetime | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _CHOICES,
            {
                "assignments": [assignment.pk for assignment in short],
                "customer": order.customer,
                "order": order.pk,
            },
        )
        return cursor.fetchall()


def claim(
    statement: str, assignment: Assignment, *, status: SerialStatus, now: datetime
) -> list[tuple[int, str]]:
    """Claim up to the shortfall of one line in one statement: ``(serial id, status before)``.

    A second statement follows only where serials may lie below the remembered head.
    """
    head = _heads.get(assignment.pack_id) if statement is CLAIM_FREE else None
    values = {
        "assignment": assignment.pk,
        "pack": assignment.pack_id,
        "customer": assignment.customer,
        "status": status.value,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {**values, "head": head or _Heads.BOTTOM, "limit": assignment.shortfall},
        )
        taken = cursor.fetchall()
        missing = assignment.shortfall - len(taken)
        if missing and head is not None:
            cursor.execute(statement, {**values, "head": _Heads.BOTTOM, "limit": missing})
            taken += cursor.fetchall()
    if taken and statement is CLAIM_FREE:
        _heads.remember(assignment.pack_id, min(position for *_, position in taken))
    return [(pk, was) for pk, was, _ in taken]


class _Heads:
    """Where this process last found the first free serial of each pack.

    Below lie the index entries of sold serials, which every claim would walk past until the next
    vacuum: 5,600 claims a second fall to 400 behind 880,000 of them. A serial that is freed below
    is found when the memory ends, or when there is nothing above.
    """

    BOTTOM = -(2**63)
    SECONDS = 5.0

    def __init__(self) -> None:
        self._heads: dict[int, tuple[int, float]] = {}

    def get(self, pack_id: int) -> int | None:
        position, until = self._heads.get(pack_id, (None, 0.0))
        return position if time.monotonic() < until else None

    def remember(self, pack_id: int, position: int) -> None:
        _, until = self._heads.get(pack_id, (position, 0.0))
        if time.monotonic() >= until:
            until = time.monotonic() + self.SECONDS
        self._heads[pack_id] = (position, until)


_heads = _Heads()


@dataclass(frozen=True, kw_only=True, slots=True)
class Surplus:
    """A line that holds more than it is owed, why, and what its serials become."""

    assignment: Assignment
    cause: Cause
    status: SerialStatus


def release(order: OrderRecord, surplus: Sequence[Surplus], *, now: datetime) -> frozenset[int]:
    """Take back what lines hold beyond what they are owed; note it on the lines' ``held``.

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
                    "status": each.status,
                    "limit": assignment.held - assignment.wanted,
                },
            )
            released = cursor.fetchall()
        assignment.held -= len(released)
        history.record_serials(
            EventType.RELEASED,
            [(pk, assignment.line_id, was, each.status) for pk, was in released],
            order=order,
            at=now,
            reason=each.cause.value,
        )
        if released and each.status in (SerialStatus.FREE, *_OWN_STATUSES):
            freed.add(assignment.pack_id)
    return frozenset(freed)


def servable(pack_id: int) -> QuerySet[Assignment]:
    """The lines that are short in a pack and could get a serial of it now, oldest first."""
    short = Assignment.objects.filter(
        pack=pack_id, pack__is_published=True, wanted__gt=F("held")
    ).order_by("owed_since", "id")
    unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    available = Serial.objects.filter(unexpired, pack=pack_id, assignment__isnull=True)
    if available.filter(status=SerialStatus.FREE).exists():
        return short
    own = available.filter(customer=OuterRef("customer"), status__in=_OWN_STATUSES)
    return short.filter(Exists(own.exclude(customer="")))
