"""Make what an order holds equal what it is owed. Start reading here.

Events never say what to do, only that an order may have changed. ``reconcile`` may be called by
any of them, twice, late, at the same time from two machines, or by the sweeper: the result is the
same. It is one transaction, under the lock of the order's own ``OrderRecord``.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from saleor_serials import allocation, config, delivery, fulfillment, mirror, owing, records
from saleor_serials.errors import without_details
from saleor_serials.models import (
    Assignment,
    OrderRecord,
    Pack,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a reconcile did, and what is left for others to do once it is committed.

    ``delivery_id``: new serials wait to be sent. ``unsettled_pack_ids``: in these packs the order
    stayed short, or freed serials that others may be waiting for. ``mirrored_order_id``: this
    order's metadata may be behind. ``order_id_to_fulfill``: lines of this order may be complete
    without a delivery. ``moved_pack_ids``: serials left these packs, or came back.
    """

    allocated: int
    delivery_id: int | None
    unsettled_pack_ids: frozenset[int]
    mirrored_order_id: str | None
    order_id_to_fulfill: str | None
    moved_pack_ids: frozenset[int]

    @classmethod
    def of_packs(cls, pack_ids: Iterable[int], *, moved: Iterable[int]) -> "Outcome":
        """Say that packs have serials for somebody again, of no order in particular."""
        return cls(
            allocated=0,
            delivery_id=None,
            unsettled_pack_ids=frozenset(pack_ids),
            mirrored_order_id=None,
            order_id_to_fulfill=None,
            moved_pack_ids=frozenset(moved),
        )


def reconcile(order_id: str, *, first_in_line: bool = False) -> Outcome | None:
    """Allocate what the order lacks and release what it has too much; None if nothing applies.

    Nothing applies to an order that does not exist, is still a draft, or was placed before the
    plugin was switched on, and to any order while the plugin is off. The number of statements
    depends on the order's lines and packs, never on how many serials move.

    ``first_in_line``: do not stand behind older shortfalls of other orders.

    Raises:
        StorageFailed: the database refused; nothing has changed.
    """
    settings = config.current()
    if settings is None:
        return None
    with without_details(), transaction.atomic():
        locked = records.lock_and_read(order_id)
        if locked is None:
            return None
        record, order = locked
        now = timezone.now()
        remembered = records.remembered(record)
        records.freeze_terms([(record, order)])
        records.follow_customer(record, order)
        assignments = list(record.assignments.select_related("pack").order_by("id"))
        owing.remember_payment(record, order, assignments, settings=settings, now=now)
        closed = owing.closed_packs(record, order, assignments)
        if records.remembered(record) != remembered:
            record.save(update_fields=records.REMEMBERED)
        stored = [_owing(assignment) for assignment in assignments]
        surplus = owing.set_wanted(
            record, order, assignments, closed=closed, settings=settings, now=now
        )
        freed = allocation.release(record, surplus, settings=settings, now=now)
        allocated = allocation.allocate(
            record, assignments, settings=settings, now=now, first_in_line=first_in_line
        )
        changed = [a for a, was in zip(assignments, stored, strict=True) if _owing(a) != was]
        _store(changed)
        return conclude(
            record,
            serial_ids=allocated.serial_ids,
            unsettled=allocated.short_pack_ids | freed,
            changed=bool(changed),
            moved=frozenset(
                a.pack_id
                for a, (_, held, _) in zip(assignments, stored, strict=True)
                if a.held != held
            ),
            holds=any(a.held for a in assignments),
            settings=settings,
            now=now,
        )


def conclude(
    record: OrderRecord,
    *,
    serial_ids: Sequence[int],
    unsettled: frozenset[int],
    moved: frozenset[int],
    settings: config.Config,
    now: datetime,
    changed: bool = True,
    holds: bool = True,
) -> Outcome:
    """Enter, in the caller's transaction, what follows from what an order got or gave back.

    ``serial_ids`` are new to it. ``moved``: the packs whose serials moved. ``changed``: what a line
    is owed or holds; ``holds``: the order holds some.
    """
    outbox = delivery.enter(record, serial_ids, now=now) if settings.send_email else None
    is_mirrored = mirror.enter(record, settings=settings, moved=bool(moved), holds=holds)
    to_fulfill = settings.automatic_fulfillment and changed and outbox is None
    if to_fulfill:
        fulfillment.enter(record, now=now)
    return Outcome(
        allocated=len(serial_ids),
        delivery_id=outbox,
        unsettled_pack_ids=unsettled,
        mirrored_order_id=record.order_id if is_mirrored else None,
        order_id_to_fulfill=record.order_id if to_fulfill else None,
        moved_pack_ids=moved,
    )


def _owing(assignment: Assignment) -> tuple[Any, ...]:
    return assignment.wanted, assignment.held, assignment.owed_since


def _store(assignments: Sequence[Assignment]) -> None:
    """Write what the lines want and hold, in one statement."""
    if not assignments:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE saleor_serials_assignment AS a
            SET wanted = t.wanted, held = t.held, owed_since = t.owed_since
            FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::timestamptz[])
                AS t(id, wanted, held, owed_since)
            WHERE a.id = t.id
                AND (a.wanted, a.held, a.owed_since)
                    IS DISTINCT FROM (t.wanted, t.held, t.owed_since)
            """,
            [
                [assignment.pk for assignment in assignments],
                [assignment.wanted for assignment in assignments],
                [assignment.held for assignment in assignments],
                [assignment.owed_since for assignment in assignments],
            ],
        )


def settle(pack_id: int) -> Iterator[Outcome]:
    """Serve a pack's open shortfalls, oldest first, while it has serials to hand out.

    One transaction per order. An order that fails is logged and left for the sweep.
    """
    settings = config.current()
    pack = Pack.objects.filter(pk=pack_id).first()
    if settings is None or pack is None:
        return
    looked_at: tuple[datetime | None, int] | None = None
    while True:
        lines = allocation.servable(pack, settings=settings)
        if looked_at:
            since, pk = looked_at
            lines = lines.filter(Q(owed_since__gt=since) | Q(owed_since=since, pk__gt=pk))
        found = lines.select_related("order").first()
        if found is None:
            return
        looked_at = (found.owed_since, found.pk)
        outcome = attempt(found.order.order_id, failed=[], first_in_line=True)
        if outcome is not None:
            yield outcome


def attempt(order_id: str, *, failed: list[str], first_in_line: bool = False) -> Outcome | None:
    """Reconcile for a caller who has more orders to look at.

    A failure is logged, and the order's id added to ``failed``; it is never raised.
    """
    try:
        return reconcile(order_id, first_in_line=first_in_line)
    except Exception:
        # Whatever is wrong with one order must not keep the others from their serials.
        logger.exception("Order %s could not be reconciled.", order_id)
        failed.append(order_id)
        return None
