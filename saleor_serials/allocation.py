"""Hand serials to order lines and take them back: the only code that changes who holds a serial.

Every caller holds the lock on the lines' ``OrderRecord``. A claim never waits: rows that a rival
has locked are skipped, so what it finds is what it may have, and a shortfall is never final.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from saleor_serials import history, supply
from saleor_serials.config import Config
from saleor_serials.entitlement import Cause
from saleor_serials.history import BY_SYSTEM, By
from saleor_serials.models import (
    Assignment,
    EventType,
    OrderRecord,
    Pack,
    PackSource,
    Serial,
    SerialStatus,
)

logger = logging.getLogger(__name__)

# A serial's own customer comes before everybody else: kept for them, or had by them before.
_OWN_STATUSES = (SerialStatus.RESERVED, SerialStatus.ASSIGNED, SerialStatus.UNASSIGNED)
_OWN = (
    "customer = %(customer)s AND customer <> '' AND assignment_id IS NULL AND status = ANY(%(own)s)"
)

# By pack: whoever takes from two that lock something takes them in the same order.
_CHOICES = f"""
SELECT a.id,
    EXISTS (SELECT FROM saleor_serials_serial WHERE pack_id = p.id AND {_OWN}) AS has_own,
    (SELECT short.owed_since FROM saleor_serials_assignment AS short
     WHERE short.pack_id = p.id AND short.wanted > short.held
        AND short.order_id IS DISTINCT FROM %(order)s
     ORDER BY short.owed_since, short.id LIMIT 1) AS others_wait_since
FROM saleor_serials_assignment AS a JOIN saleor_serials_pack AS p ON p.id = a.pack_id
WHERE a.id = ANY(%(assignments)s) AND p.is_published
ORDER BY p.id, a.id
"""

# One statement, no waiting. The ordered sub-select walks the partial index on free serials; the
# literal LIMIT keeps the planner on it. ARRAY() makes it run once, before the update.
CLAIM_FREE = """
UPDATE saleor_serials_serial
SET status = %(status)s, assignment_id = %(assignment)s, customer = %(holder)s,
    assigned_at = %(now)s, delivered_at = NULL
WHERE id = ANY(ARRAY(
    SELECT id FROM saleor_serials_serial
    WHERE pack_id = %(pack)s AND status = 'free' AND position >= %(head)s
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
SET status = %(status)s, assignment_id = %(assignment)s, customer = %(holder)s,
    assigned_at = %(now)s, delivered_at = NULL
FROM own WHERE s.id = own.id
RETURNING s.id, own.status, s.position
"""

# What others gave back, where the shop lets anybody have it.
CLAIM_UNASSIGNED = """
UPDATE saleor_serials_serial
SET status = %(status)s, assignment_id = %(assignment)s, customer = %(holder)s,
    assigned_at = %(now)s, delivered_at = NULL
WHERE id = ANY(ARRAY(
    SELECT id FROM saleor_serials_serial
    WHERE pack_id = %(pack)s AND status = 'unassigned'
        AND (expires_at IS NULL OR expires_at > %(now)s)
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
))
RETURNING id, 'unassigned', position
"""

# Named ones, that a generator has just made for this line or that staff have chosen.
CLAIM_NAMED = """
WITH named AS MATERIALIZED (
    SELECT id, status FROM saleor_serials_serial
    WHERE id = ANY(%(ids)s) AND pack_id = %(pack)s AND assignment_id IS NULL
        AND status = ANY(%(from)s) AND (expires_at IS NULL OR expires_at > %(now)s)
    ORDER BY id FOR UPDATE
)
UPDATE saleor_serials_serial AS s
SET status = %(status)s, assignment_id = %(assignment)s, customer = %(holder)s,
    assigned_at = %(now)s, delivered_at = NULL
FROM named WHERE s.id = named.id
RETURNING s.id, named.status, s.position
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
class Allocated:
    """What one call handed out, and in which packs it left lines short."""

    serial_ids: tuple[int, ...]
    short_pack_ids: frozenset[int]


def allocate(
    order: OrderRecord,
    assignments: Sequence[Assignment],
    *,
    settings: Config,
    now: datetime,
    first_in_line: bool,
    by: By = BY_SYSTEM,
) -> Allocated:
    """Claim for each line what it is owed and does not hold; note it on the lines' ``held``.

    Statements: one, plus one per line and pack that is short (one more each where serials of the
    customer's own, or given back by others, are there, and three where the pack's generator makes
    them), plus one for the history; the number of serials does not matter.

    ``first_in_line``: do not stand behind older shortfalls of other orders in the same pack.
    ``by``: who asks for it, if not the system.
    """
    short = [assignment for assignment in assignments if assignment.shortfall]
    if not short:
        return Allocated(serial_ids=(), short_pack_ids=frozenset())
    moves: list[tuple[int, str, str, str]] = []
    by_id = {assignment.pk: assignment for assignment in short}
    for pk, has_own, others_wait_since in _choices(order, short, settings=settings):
        assignment = by_id[pk]
        is_next = (
            first_in_line or not others_wait_since or assignment.owed_since <= others_wait_since
        )
        to = status_held(assignment.pack).value
        taken = _take(assignment, has_own=has_own, is_next=is_next, settings=settings, now=now)
        moves += [(serial_id, assignment.line_id, was, to) for serial_id, was in taken]
    history.record_serials(EventType.ASSIGNED, moves, order=order, at=now, by=by)
    return Allocated(
        serial_ids=tuple(serial_id for serial_id, *_ in moves),
        short_pack_ids=frozenset(a.pack_id for a in short if a.shortfall),
    )


def fill(assignment: Assignment, *, settings: Config, now: datetime) -> list[tuple[int, str]]:
    """Claim what a line or gift is short of, before all who wait; note it on ``held``.

    Returns ``(serial id, status before)``; the history is the caller's.
    """
    return _take(assignment, has_own=True, is_next=True, settings=settings, now=now)


def _take(
    assignment: Assignment, *, has_own: bool, is_next: bool, settings: Config, now: datetime
) -> list[tuple[int, str]]:
    taken: list[tuple[int, str]] = []
    for way in _ways(assignment.pack, has_own=has_own, is_next=is_next, settings=settings):
        if not assignment.shortfall:
            break
        found = way(assignment, settings=settings, now=now)
        assignment.held += len(found)
        taken += found
    return taken


def status_held(pack: Pack) -> SerialStatus:
    """The status in which a pack's serials come to their holder (mission P11)."""
    return SerialStatus.ASSIGNED if pack.is_consumable else SerialStatus.USED


def _choices(
    order: OrderRecord, short: Sequence[Assignment], *, settings: Config
) -> list[tuple[int, bool, datetime | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _CHOICES,
            {
                "assignments": [assignment.pk for assignment in short],
                "customer": order.customer,
                "order": order.pk,
                "own": _own(settings),
            },
        )
        return cursor.fetchall()


def own_statuses(settings: Config) -> frozenset[SerialStatus]:
    """The statuses in which a serial goes to its own customer before all others.

    What they kept or gave back always does; what is reserved for them, where orders may take it.
    """
    never = {SerialStatus.RESERVED} - settings.assignable_statuses
    return frozenset(_OWN_STATUSES) - never


def _own(settings: Config) -> list[str]:
    return [status.value for status in own_statuses(settings)]


type _Way = Callable[..., list[tuple[int, str]]]


def _ways(pack: Pack, *, has_own: bool, is_next: bool, settings: Config) -> Iterator[_Way]:
    """The ways in which a line may get a pack's serials, the first to be tried first."""
    if pack.source == PackSource.STOCK:
        if has_own:
            yield partial(claim, CLAIM_OWN)
        if is_next:
            yield partial(claim, CLAIM_FREE)
            if SerialStatus.UNASSIGNED in settings.assignable_statuses:
                yield partial(claim, CLAIM_UNASSIGNED)
    if pack.generator:
        yield _generate


def _generate(assignment: Assignment, *, settings: Config, now: datetime) -> list[tuple[int, str]]:
    """Have the pack's generator make what a line lacks; nothing if it fails, which is logged."""
    pack = assignment.pack
    try:
        with transaction.atomic():
            ids = supply.generate_for_order(pack, assignment.shortfall, now=now)
    except Exception as error:
        # Its text may quote what it made. The line stays short, and the sweep tries again.
        logger.error("The generator of pack %s failed: %s", pack.pk, type(error).__name__)
        return []
    history.record_serials(
        EventType.CREATED,
        [(pk, "", "", SerialStatus.FREE.value) for pk in ids],
        order=None,
        at=now,
    )
    return claim_named(ids, assignment, statuses=[SerialStatus.FREE], now=now)


def claim(
    statement: str, assignment: Assignment, *, settings: Config, now: datetime
) -> list[tuple[int, str]]:
    """Claim up to the shortfall of one line in one statement: ``(serial id, status before)``.

    A second statement follows only where serials may lie below the remembered head.
    """
    head = _heads.get(assignment.pack_id) if statement is CLAIM_FREE else None
    values = {**_values(assignment, now=now), "own": _own(settings)}
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


def claim_named(
    serial_ids: Sequence[int],
    assignment: Assignment,
    *,
    statuses: Sequence[SerialStatus],
    now: datetime,
) -> list[tuple[int, str]]:
    """Claim those of these serials that are in one of the statuses, on no line, and not expired.

    Waits for whoever is at them. Returns ``(serial id, status before)``. One statement.
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
        return [(pk, was) for pk, was, _ in cursor.fetchall()]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Surplus:
    """A line that holds more than it is owed, why, and what its serials become."""

    assignment: Assignment
    cause: Cause
    status: SerialStatus


def release(
    order: OrderRecord, surplus: Sequence[Surplus], *, settings: Config, now: datetime
) -> frozenset[int]:
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
                    "customer": assignment.customer,
                    "status": each.status,
                    "limit": assignment.held - assignment.wanted,
                    "forget": settings.forget_on_release,
                },
            )
            released = cursor.fetchall()
        assignment.held -= len(released)
        history.record_serials(
            EventType.RELEASED,
            [(pk, assignment.line_id, was, each.status) for pk, was in released],
            order=order,
            at=now,
            by=By(reason=each.cause.value),
        )
        if released and may_serve(each.status):
            freed.add(assignment.pack_id)
    return frozenset(freed)


def may_serve(status: SerialStatus) -> bool:
    """Tell whether somebody who waits may get a serial that has come to be in this status."""
    return status in (SerialStatus.FREE, *_OWN_STATUSES)


def servable(pack: Pack, *, settings: Config) -> QuerySet[Assignment]:
    """The lines that are short in a pack and could get a serial of it now, oldest first."""
    short = Assignment.objects.filter(
        pack=pack, pack__is_published=True, order__isnull=False, wanted__gt=F("held")
    ).order_by("owed_since", "id")
    if pack.generator:
        return short
    unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    available = Serial.objects.filter(unexpired, pack=pack, assignment__isnull=True)
    anybodys = settings.assignable_statuses - {SerialStatus.RESERVED}
    if available.filter(status__in=anybodys).exists():
        return short
    own = available.filter(customer=OuterRef("customer"), status__in=own_statuses(settings))
    return short.filter(Exists(own.exclude(customer="")))
