"""Make what an order holds equal what it is owed. Start reading here.

Events never say what to do, only that an order may have changed. ``reconcile`` may be called by
any of them, twice, late, at the same time from two machines, or by the sweeper: the result is the
same. It is one transaction, under the lock of the order's own ``OrderRecord``.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from saleor_serials import allocation, config, delivery, fulfillment, history, links, mirror
from saleor_serials.allocation import Surplus
from saleor_serials.entitlement import (
    Cause,
    cause_of_release,
    entitled_units,
    has_reached,
    wanted,
)
from saleor_serials.errors import without_details
from saleor_serials.host import host
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import (
    Assignment,
    EventType,
    OrderRecord,
    Pack,
    Serial,
    SerialStatus,
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
        locked = _lock_and_read(order_id)
        if locked is None:
            return None
        record, order = locked
        now = timezone.now()
        remembered = _remembered(record)
        freeze_terms([(record, order)])
        _follow_customer(record, order)
        assignments = list(record.assignments.select_related("pack").order_by("id"))
        _remember_payment(record, order, assignments, settings=settings, now=now)
        closed = _closed_packs(record, order, assignments)
        if _remembered(record) != remembered:
            record.save(update_fields=_REMEMBERED)
        stored = [_owing(assignment) for assignment in assignments]
        surplus = _set_wanted(record, order, assignments, closed=closed, settings=settings, now=now)
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


_REMEMBERED = ("lines", "customer", "entitled_at", "noted")


def _remembered(record: OrderRecord) -> list[Any]:
    return [getattr(record, name) for name in _REMEMBERED]


def lock_order(order_id: str) -> tuple[OrderRecord, OrderSnapshot] | None:
    """Lock our record of an order, its terms written down, and read it; None if nothing applies."""
    locked = _lock_and_read(order_id)
    if locked is not None:
        record, order = locked
        freeze_terms([(record, order)])
        record.save(update_fields=_REMEMBERED)
    return locked


def _lock_and_read(order_id: str) -> tuple[OrderRecord, OrderSnapshot] | None:
    """Lock our record of the order, and read the order under that lock.

    The record is made when the order is first seen placed. Whoever makes it may keep what they
    read before: nobody can have acted on a later state, for that takes the record.
    """
    record = _lock(order_id)
    if record is None:
        order = host.order_snapshot(order_id)
        if order is None or not order.placed:
            return None
        record = _make_record(order)
        if record is not None:
            return record, order
        # Somebody else has just made it, or the order is left alone.
        record = _lock(order_id)
    order = host.order_snapshot(order_id) if record else None
    return (record, order) if record and order else None


def _lock(order_id: str) -> OrderRecord | None:
    return OrderRecord.objects.select_for_update().filter(order_id=order_id).first()


def _make_record(order: OrderSnapshot) -> OrderRecord | None:
    """Make our record of an order; None if there is one, or none is to be.

    An order that was placed before the plugin was last switched on is left alone.
    """
    record = OrderRecord(
        order_id=order.id,
        number=order.number,
        customer=order.customer,
        placed_at=order.placed_at,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO saleor_serials_orderrecord
                (order_id, number, customer, placed_at, lines, noted, mirror, created_at)
            SELECT %(order)s, %(number)s, %(customer)s, %(placed_at)s, '[]', '{}', '', %(now)s
            WHERE NOT EXISTS (
                SELECT FROM saleor_serials_sweepstate WHERE active_since > %(placed_at)s
            )
            ON CONFLICT (order_id) DO NOTHING RETURNING id
            """,
            {
                "order": record.order_id,
                "number": record.number,
                "customer": record.customer,
                "placed_at": record.placed_at,
                "now": record.created_at,
            },
        )
        made = cursor.fetchone()
    if made is None:
        return None
    [record.pk] = made
    record._state.adding = False
    return record


def freeze_terms(orders: Sequence[tuple[OrderRecord, OrderSnapshot]]) -> None:
    """Write down, for lines seen for the first time, which packs they take from.

    Two statements, however many orders; the callers store ``lines``.
    """
    fresh = {
        line.id: (record, line)
        for record, order in orders
        for line in order.lines
        if line.id not in record.lines
    }
    if not fresh:
        return
    Assignment.objects.bulk_create(
        Assignment(
            order=fresh[terms.line.id][0],
            line_id=terms.line.id,
            pack_id=terms.pack_id,
            customer=fresh[terms.line.id][0].customer,
            per_unit=terms.per_unit,
            product_name=terms.line.product_name,
            variant_name=terms.line.variant_name,
            sku=terms.line.sku,
            variant_id=terms.line.variant_id,
            product_id=terms.line.product_id,
        )
        for terms in links.terms(line for _, line in fresh.values())
    )
    for line_id, (record, _) in fresh.items():
        record.lines = [*record.lines, line_id]


def freeze_terms_with(variant_id: int) -> None:
    """Write down the terms of placed orders with this variant that nobody told us about yet.

    For the moment before a variant is deleted: its order lines forget it then.
    """
    since = links.first_since()
    if since is None:
        return
    orders = set(host.orders_with_variant(variant_id, since=since))
    known = OrderRecord.objects.filter(order_id__in=orders).values_list("order_id", flat=True)
    for order_id in orders.difference(known):
        with without_details(), transaction.atomic():
            lock_order(order_id)


def _follow_customer(record: OrderRecord, order: OrderSnapshot) -> None:
    """Move the serials of an order that has come to belong to another customer.

    That is a guest's order claimed by an account. What the guest has on no line (kept after a
    refund, say) follows as well.
    """
    was, now = record.customer, order.customer
    if was == now:
        return
    theirs = Q(assignment__order=record)
    if was.startswith("email:"):
        theirs |= Q(customer=was, assignment__isnull=True)
    Serial.objects.filter(theirs).update(customer=now)
    record.assignments.update(customer=now)
    record.customer = now


_DOUBTS = {
    EventType.PAYMENT_GONE: "The payments no longer cover the total",
    EventType.PRICES_STALE: "The payments cover the total, but not what its edited lines cost",
}


def _doubt(
    record: OrderRecord, order: OrderSnapshot, *, settings: config.Config
) -> EventType | None:
    """Say what speaks against giving an order more, though nothing was paid back."""
    if settings.assign_on != "paid" or order.paid or order.gone or not order.live:
        return None
    if order.prices_stale:
        return EventType.PRICES_STALE
    return EventType.PAYMENT_GONE if record.entitled_at else None


# What is noted of an order's payment; the rest is others'.
_OF_PAYMENT = {"refunded", "doubt", "kept"}


def _remember_payment(
    record: OrderRecord,
    order: OrderSnapshot,
    assignments: Sequence[Assignment],
    *,
    settings: config.Config,
    now: datetime,
) -> None:
    """Keep the first moment the order was entitled; tell staff of money that went, to no effect.

    An amount that was refunded names no line, and a payment that vanished is no refund: staff
    read it in the history and decide. Until then lines keep what they hold by their terms.
    """
    if record.entitled_at is None and has_reached(order, assign_on=settings.assign_on):
        record.entitled_at = now
    was: dict[str, Any] = record.noted
    noted = {name: value for name, value in was.items() if name not in _OF_PAYMENT}
    if order.refunded and record.entitled_at:
        noted["refunded"] = str(order.refunded)
        if order.refunded > Decimal(was.get("refunded", 0)) and not order.gone:
            history.record_order(
                EventType.PARTLY_REFUNDED,
                record,
                reason=f"{order.refunded} {order.currency} refunded in all; "
                "an amount alone takes no serial back",
            )
    if doubt := _doubt(record, order, settings=settings):
        noted["doubt"] = doubt.value
        noted["kept"] = was.get("kept") or {
            str(each.pk): _held_by_terms(each) for each in assignments
        }
        if was.get("doubt") != doubt:
            reason = f"{_DOUBTS[doubt]}; it keeps its serials and gets no more"
            history.record_order(doubt, record, reason=reason)
    record.noted = noted


_CLOSED = "closed"


def _closed_packs(
    record: OrderRecord, order: OrderSnapshot, assignments: Sequence[Assignment]
) -> frozenset[int]:
    """Find the packs that do not serve this order's customer or channel; tell staff of new ones.

    One statement more where a pack asks for groups. Leaving a group takes nothing back.
    """
    packs = {each.pack_id: each.pack for each in assignments}.values()
    groups: frozenset[str] = frozenset()
    if order.user_id is not None and any(pack.customer_groups for pack in packs):
        groups = host.customer_groups(order.user_id)
    reasons = {pack.pk: _why_closed(pack, order, groups) for pack in packs}
    closed = {pk: reason for pk, reason in reasons.items() if reason}
    known = record.noted.get(_CLOSED, [])
    for pk in sorted(closed.keys() - set(known)):
        history.record_order(EventType.NOT_SERVED, record, reason=closed[pk])
    if sorted(closed) != known:
        record.noted = {**record.noted, _CLOSED: sorted(closed)}
    return frozenset(closed)


def _why_closed(pack: Pack, order: OrderSnapshot, groups: frozenset[str]) -> str:
    if pack.channels and order.channel not in pack.channels:
        return f"The pack '{pack.slug}' serves other channels than this order's"
    if pack.customer_groups and not groups.intersection(pack.customer_groups):
        return f"The pack '{pack.slug}' serves customers of other groups"
    return ""


def _set_wanted(
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
            held = _held_by_terms(assignment)
            at_most = held if at_most is None else min(held, at_most)
        assignment.wanted = wanted(
            units=units.get(assignment.line_id, 0),
            per_unit=assignment.per_unit,
            granted=assignment.granted,
            withheld=assignment.withheld,
            at_most=at_most,
        )
        if assignment.wanted and assignment.owed_since is None:
            assignment.owed_since = record.entitled_at or now
        if assignment.held > assignment.wanted:
            cause = cause_of_release(order, lines.get(assignment.line_id))
            status = (
                SerialStatus(assignment.pack.status_on_refund)
                if cause is Cause.REFUNDED
                else settings.status_after_release
            )
            surplus.append(Surplus(assignment=assignment, cause=cause, status=status))
    return surplus


def _held_by_terms(assignment: Assignment) -> int:
    """How much of what a line holds is not by hand."""
    return max(0, assignment.held - assignment.granted + assignment.withheld)


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
