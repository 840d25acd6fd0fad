"""The statements that claim serials for an assignment.

Each process remembers where it last found the first free serial of a pack.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from saleor_serials.config import Config
from saleor_serials.history import Move
from saleor_serials.models import Assignment, Pack, SerialStatus
from saleor_serials.models.expiry import NOT_EXPIRED
from saleor_serials.run import Run

# A serial's own customer comes before everybody else: kept for them, or had by them before.
OWN_STATUSES = (SerialStatus.RESERVED, SerialStatus.ASSIGNED, SerialStatus.UNASSIGNED)

IS_OWN = (
    "customer = %(customer)s AND customer <> '' AND assignment_id IS NULL AND status = ANY(%(own)s)"
)

# One statement, no waiting. The ordered sub-select walks the partial index on free serials; the
# literal LIMIT keeps the planner on it. ARRAY() makes it run once, before the update.
CLAIM_FREE = f"""
UPDATE saleor_serials_serial
SET status = %(status)s, assignment_id = %(assignment)s, customer = %(holder)s,
    assigned_at = %(now)s, delivered_at = NULL
WHERE id = ANY(ARRAY(
    SELECT id FROM saleor_serials_serial
    WHERE pack_id = %(pack)s AND status = 'free' AND position >= %(head)s
        AND {NOT_EXPIRED}
    ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING id, 'free', position
"""

CLAIM_OWN = f"""
WITH own AS MATERIALIZED (
    SELECT id, status FROM saleor_serials_serial
    WHERE pack_id = %(pack)s AND {IS_OWN} AND {NOT_EXPIRED}
    ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE saleor_serials_serial AS s
SET status = %(status)s, assignment_id = %(assignment)s, customer = %(holder)s,
    assigned_at = %(now)s, delivered_at = NULL
FROM own WHERE s.id = own.id
RETURNING s.id, own.status, s.position
"""

# What others gave back, where the shop lets anybody have it.
CLAIM_UNASSIGNED = f"""
UPDATE saleor_serials_serial
SET status = %(status)s, assignment_id = %(assignment)s, customer = %(holder)s,
    assigned_at = %(now)s, delivered_at = NULL
WHERE id = ANY(ARRAY(
    SELECT id FROM saleor_serials_serial
    WHERE pack_id = %(pack)s AND status = 'unassigned'
        AND {NOT_EXPIRED}
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING id, 'unassigned', position
"""

# Named ones, that a generator has just made for this line or that staff have chosen.
CLAIM_NAMED = f"""
WITH named AS MATERIALIZED (
    SELECT id, status FROM saleor_serials_serial
    WHERE id = ANY(%(ids)s) AND pack_id = %(pack)s AND assignment_id IS NULL
        AND status = ANY(%(from)s) AND {NOT_EXPIRED}
    ORDER BY id FOR UPDATE
)
UPDATE saleor_serials_serial AS s
SET status = %(status)s, assignment_id = %(assignment)s, customer = %(holder)s,
    assigned_at = %(now)s, delivered_at = NULL
FROM named WHERE s.id = named.id
RETURNING s.id, named.status, s.position
"""


def status_held(pack: Pack) -> SerialStatus:
    """The status in which a pack's serials come to their holder (mission P11)."""
    return SerialStatus.ASSIGNED if pack.is_consumable else SerialStatus.USED


def own_statuses(config: Config) -> frozenset[SerialStatus]:
    """The statuses in which a serial goes to its own customer before all others.

    What they kept or gave back always does; what is reserved for them, where orders may take it.
    """
    never = {SerialStatus.RESERVED} - config.assignable_statuses
    return frozenset(OWN_STATUSES) - never


def own_status_values(config: Config) -> list[str]:
    return [status.value for status in own_statuses(config)]


def claim(statement: str, assignment: Assignment, *, run: Run) -> list[Move]:
    """Claim up to the shortfall of one line in one statement.

    A second statement follows only where serials may lie below the remembered head.
    """
    head = _heads.get(assignment.pack_id) if statement is CLAIM_FREE else None
    values = {**_values(assignment, now=run.now), "own": own_status_values(run.config)}
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
    return _moves(assignment, taken)


def claim_named(
    serial_ids: Sequence[int],
    assignment: Assignment,
    *,
    statuses: Sequence[SerialStatus],
    now: datetime,
) -> list[Move]:
    """Claim those of these serials that are in one of the statuses, on no line, and not expired.

    Waits for transactions that have locked them. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM_NAMED,
            {
                **_values(assignment, now=now),
                "ids": list(serial_ids),
                "from": [status.value for status in statuses],
            },
        )
        return _moves(assignment, cursor.fetchall())


def _moves(assignment: Assignment, taken: Iterable[tuple[int, str, int]]) -> list[Move]:
    to = status_held(assignment.pack).value
    return [Move(serial_id=pk, line_id=assignment.line_id, was=was, now=to) for pk, was, _ in taken]


def _values(assignment: Assignment, *, now: datetime) -> dict[str, Any]:
    pack = assignment.pack
    return {
        "assignment": assignment.pk,
        "pack": assignment.pack_id,
        "customer": assignment.customer,
        "holder": assignment.customer if pack.assigns_user else "",
        "status": status_held(pack).value,
        "now": now,
    }


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
