"""What happened, when, by whom, to which serial. Rows are only ever added."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from saleor_serials.models import Batch, Event, EventType, OrderRecord, Serial

SYSTEM = "system"


def record_serials(
    type: EventType,
    moves: Iterable[tuple[int, str, str, str]],
    *,
    order: OrderRecord,
    at: datetime,
    actor: str = SYSTEM,
    reason: str = "",
) -> None:
    """Record that serials moved: ``(serial id, line id, from status, to status)`` each.

    One statement, however many.
    """
    rows = list(moves)
    if not rows:
        return
    ids, lines, from_statuses, to_statuses = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO saleor_serials_event
                (type, serial_id, order_id, line_id, from_status, to_status,
                 actor, reason, created_at)
            SELECT %s, moved.*, %s, %s, %s
            FROM (
                SELECT serial_id, %s::bigint, line_id, from_status, to_status
                FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
                    AS t(serial_id, line_id, from_status, to_status)
            ) AS moved
            """,
            [
                *(type.value, actor, reason, at),
                *(order.pk, ids, lines, from_statuses, to_statuses),
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


def record_order(type: EventType, order: OrderRecord, *, reason: str = "") -> None:
    """Record something about an order's serials as a whole, for staff to see."""
    Event.objects.create(type=type, order=order, actor=SYSTEM, reason=reason)


def of_serial(serial: Serial) -> QuerySet[Event]:
    """A serial's whole history, oldest first: its batch's making, then its own events."""
    return (
        Event.objects.filter(
            Q(serial=serial.pk) | Q(batch=serial.batch_id, batch__isnull=False, serial__isnull=True)
        )
        .select_related("order")
        .order_by("id")
    )
