"""What happened, when, by whom, to which serial. Rows are only ever added."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from saleor_serials.models import Assignment, Batch, Event, EventType, OrderRecord, Serial

SYSTEM = "system"


@dataclass(frozen=True, kw_only=True, slots=True)
class By:
    """Who did something, and why."""

    actor: str = SYSTEM
    reason: str = ""


BY_SYSTEM = By()


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A serial went from the status ``was`` to ``now``; ``line_id`` is empty without an order."""

    serial_id: int
    was: str
    now: str
    line_id: str = ""


def record_serials(
    type: EventType,
    moves: Iterable[Move],
    *,
    order: OrderRecord | None,
    at: datetime,
    by: By = BY_SYSTEM,
) -> None:
    """Record that serials moved. One statement, however many."""
    rows = list(moves)
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO saleor_serials_event
                (type, serial_id, order_id, line_id, from_status, to_status,
                 actor, title, reason, created_at)
            SELECT %s, moved.*, %s, '', %s, %s
            FROM (
                SELECT serial_id, %s::bigint, line_id, from_status, to_status
                FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
                    AS t(serial_id, line_id, from_status, to_status)
            ) AS moved
            """,
            [
                *(type.value, by.actor, by.reason, at),
                order and order.pk,
                [move.serial_id for move in rows],
                [move.line_id for move in rows],
                [move.was for move in rows],
                [move.now for move in rows],
            ],
        )


def record_batch(batch: Batch, *, actor: str, reason: str = "") -> None:
    """Record that a batch of serials was made: once, not once per serial."""
    Event.objects.create(
        type=EventType.CREATED,
        batch=batch,
        quantity=batch.quantity,
        to_status="free",
        actor=actor,
        reason=reason,
    )


def record_imported(
    assignment_ids: Iterable[int], *, batch_ids: Iterable[int], at: datetime, by: By
) -> None:
    """Record who holds the serials that were written for these batches at this moment.

    One statement, however many.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO saleor_serials_event
                (type, serial_id, order_id, line_id, from_status, to_status,
                 actor, title, reason, happened_at, created_at)
            SELECT %s, s.id, a.order_id, a.line_id, '', s.status, %s, '', %s,
                s.assigned_at, %s
            FROM saleor_serials_assignment AS a
            JOIN saleor_serials_serial AS s ON s.assignment_id = a.id
            WHERE a.id = ANY(%s) AND s.batch_id = ANY(%s) AND s.created_at = %s
            """,
            [
                *(EventType.ASSIGNED.value, by.actor, by.reason, at),
                *(list(assignment_ids), list(batch_ids), at),
            ],
        )


def record_order(type: EventType, order: OrderRecord, *, reason: str = "") -> None:
    """Record something about an order's serials as a whole, for staff to see."""
    Event.objects.create(type=type, order=order, actor=SYSTEM, reason=reason)


def record_line(type: EventType, order: OrderRecord, *, line_id: str, quantity: int) -> None:
    """Record something about so many units of an order line, for staff to see."""
    Event.objects.create(type=type, order=order, line_id=line_id, quantity=quantity, actor=SYSTEM)


def record_note(
    serial: Serial, *, title: str, text: str, happened_at: datetime | None, actor: str
) -> None:
    """Record what somebody wrote down about a serial, and when that happened if not now."""
    Event.objects.create(
        type=EventType.REPORTED,
        serial=serial,
        title=title,
        reason=text,
        happened_at=happened_at,
        actor=actor,
    )


def of_serials(
    serials: Iterable[tuple[int, int | None]],
) -> dict[tuple[int, int | None], list[Event]]:
    """Read whole lives, oldest event first, of serials given as ``(serial id, batch id)``.

    A serial's life is its batch's making, then its own events. One statement.
    """
    keys = list(serials)
    batch_ids = {batch_id for _, batch_id in keys if batch_id is not None}
    events = Event.objects.filter(
        Q(serial__in=[serial_id for serial_id, _ in keys])
        | Q(batch__in=batch_ids, batch__isnull=False, serial__isnull=True)
    )
    of_serial, of_batch = defaultdict(list), defaultdict(list)
    for event in events.select_related("order").order_by("id"):
        if event.serial_id is None:
            of_batch[event.batch_id].append(event)
        else:
            of_serial[event.serial_id].append(event)
    return {key: [*of_batch[key[1]], *of_serial[key[0]]] for key in keys}


def of_orders(
    order_ids: Iterable[str], *, packs: frozenset[int] | None = None
) -> dict[str, list[Event]]:
    """Read what happened to orders as a whole, oldest first. One statement.

    ``packs``: only where the order, or the line that an event is about, has to do with one of
    these.
    """
    found: dict[str, list[Event]] = {order_id: [] for order_id in order_ids}
    events = Event.objects.filter(order__order_id__in=list(found), serial__isnull=True)
    if packs is not None:
        concerned = Assignment.objects.filter(order=OuterRef("order"), pack__in=packs)
        events = events.filter(
            Exists(concerned.filter(line_id=OuterRef("line_id"))) | Q(Exists(concerned), line_id="")
        )
    for event in events.select_related("order").order_by("id"):
        found[event.order.order_id].append(event)
    return found
