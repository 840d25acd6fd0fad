"""Orders of Saleor 3 as they stand, which may have changed, and whose they are."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from saleor.core.prices import quantize_price
from saleor.order import (
    FulfillmentStatus,
    OrderEvents,
    OrderGrantedRefundStatus,
    OrderOrigin,
    OrderStatus,
)
from saleor.order.models import Order, OrderEvent, OrderGrantedRefund, OrderLine
from saleor.payment import TransactionKind
from saleor.payment.models import TransactionEvent

from saleor_serials.host.balance import Balance
from saleor_serials.host.order_ids import text_ids
from saleor_serials.host.saleor3 import money
from saleor_serials.host.shapes import Changes, LineSnapshot, OrderOwner, OrderSnapshot

# A change may become visible after a younger one: rows are looked at again for this long.
_OVERLAP = timedelta(minutes=5)

_NOT_OPEN = (
    OrderStatus.DRAFT,
    OrderStatus.CANCELED,
    OrderStatus.EXPIRED,
    # Its lines can still be edited, and its total does not follow.
    OrderStatus.UNCONFIRMED,
)

# Only what was fulfilled can be returned.
_FULFILLED = (OrderStatus.FULFILLED, OrderStatus.PARTIALLY_RETURNED, OrderStatus.RETURNED)

# Units move into fulfilments of these kinds when they are refunded, returned or replaced.
_OUT = (
    FulfillmentStatus.REFUNDED,
    FulfillmentStatus.RETURNED,
    FulfillmentStatus.REFUNDED_AND_RETURNED,
    FulfillmentStatus.REPLACED,
)

_PLACED = (
    OrderEvents.PLACED,
    OrderEvents.PLACED_FROM_DRAFT,
    OrderEvents.PLACED_AUTOMATICALLY_FROM_PAID_CHECKOUT,
)

_DRAFTED = (OrderEvents.DRAFT_CREATED, OrderEvents.DRAFT_CREATED_FROM_REPLACE)

_ORDER = f"""
SELECT o.id, o.number, o.user_id, o.user_email, o.created_at, o.status, o.currency,
    o.total_gross_amount, o.subtotal_gross_amount, o.shipping_price_gross_amount,
    o.should_refresh_prices, o.origin, ({money.SELECT}),
    coalesce(granted.amount, 0),
    (SELECT slug FROM channel_channel WHERE id = o.channel_id), event.placed_at, event.was_draft
FROM order_order AS o
CROSS JOIN LATERAL (
    SELECT sum(amount_value) AS amount FROM order_ordergrantedrefund
    WHERE order_id = o.id AND status <> %(failed)s
) AS granted
CROSS JOIN LATERAL (
    SELECT min(date) FILTER (WHERE type = ANY(%(placed)s)) AS placed_at,
        bool_or(type = ANY(%(drafted)s)) AS was_draft
    FROM order_orderevent WHERE order_id = o.id
) AS event
WHERE o.id = ANY(%(orders)s)
"""

# The normal way returns a unit and grants its refund: the larger of the two counts, not the sum.
_LINES = """
SELECT l.order_id, l.id, l.quantity,
    greatest(
        coalesce((
            SELECT sum(fl.quantity) FROM order_fulfillmentline AS fl
            JOIN order_fulfillment AS f ON f.id = fl.fulfillment_id
            WHERE fl.order_line_id = l.id AND f.status = ANY(%(out)s)
        ), 0),
        coalesce((
            SELECT sum(gl.quantity) FROM order_ordergrantedrefundline AS gl
            JOIN order_ordergrantedrefund AS g ON g.id = gl.granted_refund_id
            WHERE gl.order_line_id = l.id AND g.status <> %(failed)s
        ), 0)
    ),
    l.variant_id, v.product_id, l.product_name, l.variant_name, coalesce(l.product_sku, ''),
    l.created_at, l.total_price_gross_amount
FROM order_orderline AS l
LEFT JOIN product_productvariant AS v ON v.id = l.variant_id
WHERE l.order_id = ANY(%(orders)s)
ORDER BY l.created_at, l.id
"""

# Rows that Saleor adds where it leaves ``Order.updated_at``: their order, and their time.
_TELLING = {
    "event": (OrderEvent, "order_id", "date"),
    "transaction": (TransactionEvent, "transaction__order_id", "created_at"),
}

# Those that cost something, and for which no money ever came in.
UNPAID_ORDERS = f"""
SELECT o.id::text AS id FROM order_order AS o
WHERE o.total_gross_amount > 0 AND NOT EXISTS (
    SELECT FROM payment_payment AS p
    WHERE p.order_id = o.id AND (p.captured_amount > 0 OR EXISTS (
        SELECT FROM payment_transaction AS t
        WHERE t.payment_id = p.id AND t.is_success
            AND t.kind IN ('{TransactionKind.CAPTURE}', '{TransactionKind.REFUND}')
    ))
)
AND NOT EXISTS (
    SELECT FROM payment_transactionitem AS i
    WHERE i.order_id = o.id
        AND (i.charged_value > 0 OR i.refunded_value > 0 OR i.refund_pending_value > 0)
)
"""


def order_snapshot(order_id: str) -> OrderSnapshot | None:
    """Read an order as it stands now; None if it does not exist. Two statements.

    ``charge_status`` tells neither paid nor fully refunded: a partial refund makes it partial, and
    a full grant with a full refund makes it full with nothing charged.
    """
    return order_snapshots([order_id]).get(order_id)


def order_snapshots(order_ids: Iterable[str]) -> dict[str, OrderSnapshot]:
    """Read orders as they stand now, by id; those that do not exist are missing. Two statements."""
    keys = [UUID(order_id) for order_id in order_ids if _is_uuid(order_id)]
    if not keys:
        return {}
    values = {
        "orders": keys,
        **money.PARAMETERS,
        "failed": OrderGrantedRefundStatus.FAILURE,
        "placed": list(_PLACED),
        "drafted": list(_DRAFTED),
        "out": list(_OUT),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ORDER, values)
        orders = cursor.fetchall()
        if not orders:
            return {}
        cursor.execute(_LINES, values)
        of_orders: dict[UUID, list[Any]] = {pk: [] for pk, *_ in orders}
        for order_id, *line in cursor.fetchall():
            of_orders[order_id].append(line)
    return {str(row[0]): _order(row, of_orders[row[0]]) for row in orders}


def _order(row: tuple[Any, ...], lines: list[Any]) -> OrderSnapshot:
    pk, number, user_id, email, created, status, currency, *amounts, placed_at, was_draft = row
    total, subtotal, shipping, is_edited, origin, moved, granted, channel = amounts
    balance = Balance(total=total, granted=granted).after(money.movements(moved))
    price = total
    if is_edited:
        # Saleor reckons it anew when somebody looks at it, and no more once it is confirmed. Both
        # must say that it rose: scripts leave the mark, too, and one sum or the other empty.
        subtotal_now = sum(line[-1] for line in lines)
        price = max(total, min(subtotal_now + shipping, total + subtotal_now - subtotal))
    # Completing a draft saves the order first and the event that it was placed a moment later.
    placed_at = placed_at or (timezone.now() if was_draft else created)
    return OrderSnapshot(
        id=str(pk),
        number=str(number),
        user_id=user_id,
        email=email,
        placed_at=placed_at,
        placed=status != OrderStatus.DRAFT,
        is_open=status not in _NOT_OPEN,
        paid=balance.covers(price),
        fulfilled=status in _FULFILLED,
        prices_stale=balance.covers(total) and not balance.covers(price),
        # Amounts are kept with three decimals here, whatever the currency has.
        refunded=quantize_price(balance.refunded_ever, currency),
        fully_refunded=balance.is_refunded,
        currency=currency,
        channel=channel,
        lines=tuple(
            _line(*line[:-1], placed_at=placed_at, is_imported=origin == OrderOrigin.BULK_CREATE)
            for line in lines
        ),
    )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _line(
    pk: UUID,
    quantity: int,
    returned: int,
    variant_id: int | None,
    product_id: int | None,
    product_name: str,
    variant_name: str,
    sku: str,
    created_at: datetime,
    *,
    placed_at: datetime,
    is_imported: bool,
) -> LineSnapshot:
    return LineSnapshot(
        id=str(pk),
        quantity=quantity,
        returned=int(returned),
        variant_id=variant_id,
        product_id=product_id,
        product_name=product_name,
        variant_name=variant_name,
        sku=sku,
        # Lines can be added to an order that waits to be confirmed; those of an import were bought
        # with it, however long ago.
        bought_at=placed_at if is_imported else max(placed_at, created_at),
    )


def find_orders(texts: Iterable[str]) -> dict[str, str]:
    """Find orders by number or id: their ids by text. One statement."""
    texts = set(texts)
    numbers = [text for text in texts if text.isascii() and text.isdigit() and int(text) < 2**31]
    uuids = [text for text in texts if _is_uuid(text)]
    rows = Order.objects.filter(Q(number__in=numbers) | Q(pk__in=uuids))
    by_uuid = {UUID(text): text for text in uuids}
    return {
        text: str(pk)
        for pk, number in rows.values_list("pk", "number")
        for text in (by_uuid.get(pk, ""), str(number))
        if text in texts
    }


def orders_of_lines(line_ids: Iterable[str]) -> dict[str, str]:
    """Find the orders of order lines: their ids by line. One statement."""
    by_uuid = {UUID(text): text for text in line_ids if _is_uuid(text)}
    rows = OrderLine.objects.filter(pk__in=list(by_uuid)).values_list("pk", "order_id")
    return {by_uuid[pk]: str(order_id) for pk, order_id in rows}


def changed_orders(cursor: Mapping[str, Any], *, not_before: datetime) -> Changes:
    """Find orders that may have changed since ``cursor`` (empty: ever), from ``not_before`` on.

    ``Order.updated_at`` alone misses a second return, an expiry, and a grant that failed. Those
    leave a row, found by its key: not every version has an index on its time.
    """
    settled = timezone.now() - _OVERLAP
    since = parse_datetime(cursor["since"]) if "since" in cursor else not_before
    orders = Order.objects.filter(updated_at__gte=since).order_by("updated_at")
    granted = OrderGrantedRefund.objects.filter(updated_at__gte=since).order_by("updated_at")
    found = dict.fromkeys(orders.values_list("pk", flat=True))
    found |= dict.fromkeys(granted.values_list("order_id", flat=True))
    moved: dict[str, Any] = {"since": settled.isoformat()}
    for name, (model, order, time) in _TELLING.items():
        last = cursor.get(name)
        fresh = Q(pk__gt=last) if last else Q(**{f"{time}__gte": not_before})
        rows = list(model.objects.filter(fresh).order_by("pk").values_list("pk", order, time))
        found |= dict.fromkeys(order for _, order, _ in rows if order)
        moved[name] = max((pk for pk, _, at in rows if at < settled), default=last)
    return Changes(order_ids=[str(pk) for pk in found], cursor=moved)


def dead_orders() -> QuerySet[Any]:
    """The text ids of orders that were cancelled or have expired, for use as a subquery."""
    return text_ids(Order.objects.filter(status__in=(OrderStatus.CANCELED, OrderStatus.EXPIRED)))


def orders_with_variant(variant_id: int, *, since: datetime) -> QuerySet[Any]:
    """The text ids of orders placed since then that hold a variant, for use as a subquery."""
    return text_ids(
        Order.objects.exclude(status=OrderStatus.DRAFT).filter(
            lines__variant=variant_id, updated_at__gte=since
        )
    )


def order_owners(order_ids: Iterable[str]) -> dict[str, OrderOwner]:
    """Say who may see each order's serials; the token of a guest's order is its own UUID."""
    rows = Order.objects.filter(pk__in=list(order_ids)).values_list("pk", "user_id")
    return {str(pk): OrderOwner(user_id=user, token=str(pk)) for pk, user in rows}
