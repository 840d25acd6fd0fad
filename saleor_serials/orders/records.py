"""Our own record of an order: made when it is first seen placed, and the lock of all that it holds.

With it the terms are written down under which each line was bought, once and for ever.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from saleor_serials import config
from saleor_serials.assignments.holders import move_customer
from saleor_serials.assignments.lines import line_assignment
from saleor_serials.errors import without_details
from saleor_serials.host import host
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import Assignment, OrderRecord
from saleor_serials.packs import links

logger = logging.getLogger(__name__)

# What is set on a locked record; each value is replaced, never changed in place.
_SAVED = (
    *("lines", "customer", "entitled_at", "closed_pack_ids"),
    *("refunded", "payment_issue", "entitled_at_issue"),
    *("metadata_copy", "fulfill_at"),
)


@contextmanager
def saving(record: OrderRecord) -> Iterator[None]:
    """Save a locked record once, when the block ends: only the columns that changed in it.

    Nothing is saved where nothing changed, or where the block raises.
    """
    before = {name: getattr(record, name) for name in _SAVED}
    yield
    changed = [name for name, value in before.items() if getattr(record, name) != value]
    if changed:
        record.save(update_fields=changed)


def lock_order(order_id: str) -> tuple[OrderRecord, OrderSnapshot] | None:
    """Lock our record of an order, its terms written down, and read it; None if nothing applies."""
    locked = lock_and_read(order_id)
    if locked is not None:
        record, order = locked
        with saving(record):
            freeze_terms([(record, order)])
    return locked


def lock_and_read(order_id: str) -> tuple[OrderRecord, OrderSnapshot] | None:
    """Lock our record of the order, and read the order under that lock.

    The record is made when the order is first seen placed. The transaction that makes it may
    keep the order it read before: acting on a later state would have needed the record.
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
    locked = OrderRecord.objects.select_for_update().filter(order_id=order_id)
    record: OrderRecord | None = locked.first()
    return record


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
    made = insert_records([order], now=record.created_at, since_active=True)
    if not made:
        return None
    [record.pk] = made
    record._state.adding = False
    return record


# The only INSERT of records: it leaves out the columns that may be null.
_INSERT = """
INSERT INTO saleor_serials_orderrecord
    (order_id, number, customer, placed_at, lines, closed_pack_ids, payment_issue, metadata_copy,
     fulfillment_problem, fulfillment_attempts, created_at)
SELECT t.*, '[]', '{}', '', '', '', 0, %(now)s
FROM unnest(
    %(orders)s::text[], %(numbers)s::text[], %(customers)s::text[], %(placed)s::timestamptz[]
) AS t(order_id, number, customer, placed_at)
WHERE NOT %(since_active)s OR NOT EXISTS (
    SELECT FROM saleor_serials_sweepstate WHERE active_since > t.placed_at
)
ON CONFLICT (order_id) DO NOTHING RETURNING id
"""


def insert_records(
    orders: Collection[OrderSnapshot], *, now: datetime, since_active: bool
) -> list[int]:
    """Insert the records that orders do not have yet; return the ids of the new ones.

    ``since_active``: leave out orders placed before the plugin was last switched on. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "orders": [order.id for order in orders],
                "numbers": [order.number for order in orders],
                "customers": [order.customer for order in orders],
                "placed": [order.placed_at for order in orders],
                "since_active": since_active,
                "now": now,
            },
        )
        return [pk for (pk,) in cursor.fetchall()]


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
        line_assignment(
            fresh[terms.line.id][0], terms.line, pack_id=terms.pack_id, per_unit=terms.per_unit
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


def before_variant_deleted(variant_id: int) -> None:
    """Freeze what orders take through a variant that is about to be deleted. Never raises."""
    try:
        with transaction.atomic():
            if config.active_config() is not None:
                freeze_terms_with(variant_id)
            links.end(variant_id=variant_id)
    except Exception:
        logger.exception("Orders with variant %s may lose their terms.", variant_id)


def follow_customer(record: OrderRecord, order: OrderSnapshot) -> None:
    """Move the serials of an order that now belongs to another customer: an account claimed it."""
    if record.customer != order.customer:
        move_customer(record, to=order.customer)
