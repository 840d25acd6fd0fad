"""Hand serials to order lines and take them back: the only code that changes who holds a serial.

Every caller holds the lock on the lines' ``OrderRecord``. A claim never waits: rows that a rival
has locked are skipped, so what it finds is what it may have, and a shortfall is never final.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from saleor_serials import history
from saleor_serials.assignments import claims
from saleor_serials.config import Config
from saleor_serials.history import Move
from saleor_serials.models import (
    Assignment,
    EventType,
    OrderRecord,
    Pack,
    PackSource,
    Serial,
    SerialStatus,
)
from saleor_serials.models.expiry import not_expired
from saleor_serials.run import Run
from saleor_serials.serials import generation

logger = logging.getLogger(__name__)

# Ordered by pack: a generator locks its pack, and every transaction that generates for two packs
# locks them in one order, so that none deadlock.
_CHOICES = f"""
SELECT a.id,
    EXISTS (SELECT FROM saleor_serials_serial WHERE pack_id = p.id AND {claims.IS_OWN}) AS has_own,
    (SELECT short.entitled_since FROM saleor_serials_assignment AS short
     WHERE short.pack_id = p.id AND short.entitled > short.held
        AND short.order_id IS DISTINCT FROM %(order)s
     ORDER BY short.entitled_since, short.id LIMIT 1) AS others_wait_since
FROM saleor_serials_assignment AS a JOIN saleor_serials_pack AS p ON p.id = a.pack_id
WHERE a.id = ANY(%(assignments)s) AND p.is_published
ORDER BY p.id, a.id
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
    run: Run,
    first_in_line: bool,
) -> Allocated:
    """Claim for each line what it is short of, and raise its ``held``.

    Statements: one, plus one per line and pack that is short (one more each where serials of the
    customer's own, or given back by others, are there, and three where the pack's generator makes
    them), plus one for the history; the number of serials does not matter.

    ``first_in_line``: do not stand behind older shortfalls of other orders in the same pack.
    """
    short = [assignment for assignment in assignments if assignment.shortfall]
    if not short:
        return Allocated(serial_ids=(), short_pack_ids=frozenset())
    moves: list[Move] = []
    by_id = {assignment.pk: assignment for assignment in short}
    for choice in _choices(order, short, config=run.config):
        assignment = by_id[choice.assignment_id]
        is_next = first_in_line or not choice.is_preceded(assignment)
        moves += _take(assignment, has_own=choice.has_own, is_next=is_next, run=run)
    history.record_serials(EventType.ASSIGNED, moves, order=order, at=run.now, by=run.by)
    return Allocated(
        serial_ids=tuple(move.serial_id for move in moves),
        short_pack_ids=frozenset(a.pack_id for a in short if a.shortfall),
    )


def fill(assignment: Assignment, *, run: Run) -> list[Move]:
    """Claim what a line or gift is short of, before all who wait; count it in its ``held``.

    The caller records the moves in the history.
    """
    return _take(assignment, has_own=True, is_next=True, run=run)


def _take(assignment: Assignment, *, has_own: bool, is_next: bool, run: Run) -> list[Move]:
    taken: list[Move] = []
    for way in _ways(assignment.pack, has_own=has_own, is_next=is_next, config=run.config):
        if not assignment.shortfall:
            break
        found = way(assignment, run=run)
        assignment.held += len(found)
        taken += found
    return taken


@dataclass(frozen=True, slots=True)
class _Choice:
    """A row of ``_CHOICES``: what an assignment may take from its pack."""

    assignment_id: int
    has_own: bool
    others_wait_since: datetime | None

    def is_preceded(self, assignment: Assignment) -> bool:
        """Whether another order has been short in the pack for longer."""
        since = self.others_wait_since
        return since is not None and assignment.entitled_since > since


def _choices(order: OrderRecord, short: Sequence[Assignment], *, config: Config) -> list[_Choice]:
    with connection.cursor() as cursor:
        cursor.execute(
            _CHOICES,
            {
                "assignments": [assignment.pk for assignment in short],
                "customer": order.customer,
                "order": order.pk,
                "own": claims.own_status_values(config),
            },
        )
        return [_Choice(*row) for row in cursor.fetchall()]


type _Way = Callable[..., list[Move]]


def _ways(pack: Pack, *, has_own: bool, is_next: bool, config: Config) -> Iterator[_Way]:
    """The ways in which a line may get a pack's serials, the first to be tried first."""
    if pack.source == PackSource.STOCK:
        if has_own:
            yield partial(claims.claim, claims.CLAIM_OWN)
        if is_next:
            yield partial(claims.claim, claims.CLAIM_FREE)
            if SerialStatus.UNASSIGNED in config.assignable_statuses:
                yield partial(claims.claim, claims.CLAIM_UNASSIGNED)
    if pack.generator:
        yield _generate


def _generate(assignment: Assignment, *, run: Run) -> list[Move]:
    """Generate what a line lacks, and claim it; a generator that fails is logged."""
    pack = assignment.pack
    try:
        with transaction.atomic():
            ids = generation.generate_for_order(pack, assignment.shortfall, now=run.now)
    except Exception as error:
        # Its text may quote what it made. The line stays short, and the sweep tries again.
        logger.error("The generator of pack %s failed: %s", pack.pk, type(error).__name__)
        return []
    history.record_serials(
        EventType.CREATED,
        [Move(serial_id=pk, was="", now=SerialStatus.FREE.value) for pk in ids],
        order=None,
        at=run.now,
    )
    return claims.claim_named(ids, assignment, statuses=[SerialStatus.FREE], now=run.now)


def servable(pack: Pack, *, config: Config) -> QuerySet[Assignment]:
    """The lines that are short in a pack and could get a serial of it now, oldest first."""
    short = Assignment.objects.filter(
        pack=pack, pack__is_published=True, order__isnull=False, entitled__gt=F("held")
    ).order_by("entitled_since", "id")
    if pack.generator:
        return short
    available = Serial.objects.filter(
        not_expired(timezone.now()), pack=pack, assignment__isnull=True
    )
    anybodys = config.assignable_statuses - {SerialStatus.RESERVED}
    if available.filter(status__in=anybodys).exists():
        return short
    own = available.filter(customer=OuterRef("customer"), status__in=claims.own_statuses(config))
    return short.filter(Exists(own.exclude(customer="")))
