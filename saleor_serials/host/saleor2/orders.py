"""Orders of Saleor 2.10.1 as they stand, which may have changed, and whose they are."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from saleor.order import OrderEvents, OrderStatus
from saleor.order.models import Order, OrderEvent, OrderLine
from saleor.payment import TransactionKind
from saleor.payment.models import Payment

from saleor_serials.host.balance import Balance
from saleor_serials.host.order_ids import text_ids
from saleor_serials.host.saleor2 import money
from saleor_serials.host.shapes import Changes, LineSnapshot, OrderOwner, OrderSnapshot

# An event may become visible after a younger one: rows are looked at again for this long.
_OVERLAP = timedelta(minutes=5)

# Read for every event of every order: Django takes longer to put this together than PostgreSQL to
# answer it, so it is written out.
_ORDER = f"""
SELECT o.id, o.user_id, o.user_email, o.created, o.status, o.currency, o.total_gross_amount,
    ({money.SELECT}), event.placed_at, event.was_draft,
    l.id, l.quantity, l.variant_id, v.product_id, l.product_name, l.variant_name, l.product_sku
FROM order_order AS o
CROSS JOIN LATERAL (
    SELECT min(e.date) FILTER (
            WHERE e.type IN ('{OrderEvents.PLACED}', '{OrderEvents.PLACED_FROM_DRAFT}')
        ) AS placed_at,
        bool_or(e.type = '{OrderEvents.DRAFT_CREATED}') AS was_draft
    FROM order_orderevent AS e WHERE e.order_id = o.id
) AS event
LEFT JOIN order_orderline AS l ON l.order_id = o.id
LEFT JOIN product_productvariant AS v ON v.id = l.variant_id
WHERE o.id = ANY(%(orders)s)
ORDER BY l.id
"""

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
"""


def order_snapshot(order_id: str) -> OrderSnapshot | None:
    """Read an order as it stands now; None if it does not exist. One statement."""
    return order_snapshots([order_id]).get(order_id)


def order_snapshots(order_ids: Iterable[str]) -> dict[str, OrderSnapshot]:
    """Read orders as they stand now, by id; those that do not exist are missing. One statement."""
    with connection.cursor() as cursor:
        keys = [int(order_id) for order_id in order_ids]
        cursor.execute(_ORDER, {"orders": keys, **money.PARAMETERS})
        rows = cursor.fetchall()
    of_orders: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        of_orders.setdefault(row[0], []).append(row)
    return {str(pk): _order(found) for pk, found in of_orders.items()}


def _order(rows: list[tuple[Any, ...]]) -> OrderSnapshot:
    pk, user_id, email, created, status, currency, total, *rest = rows[0][:10]
    moved, placed_at, was_draft = rest
    balance = Balance(total=total).after(money.movements(moved))
    # draftOrderComplete saves the order first and the event that it was placed a moment later.
    placed_at = placed_at or (timezone.now() if was_draft else created)
    return OrderSnapshot(
        id=str(pk),
        number=str(pk),
        user_id=user_id,
        email=email,
        placed_at=placed_at,
        placed=status != OrderStatus.DRAFT,
        is_open=status not in (OrderStatus.DRAFT, OrderStatus.CANCELED),
        paid=balance.covers(total),
        fulfilled=status == OrderStatus.FULFILLED,
        # A placed order's lines are not edited any more.
        prices_stale=False,
        refunded=balance.refunded_ever,
        fully_refunded=balance.is_refunded,
        currency=currency,
        channel="",
        lines=tuple(_line(*row[10:], bought_at=placed_at) for row in rows if row[10] is not None),
    )


def _line(
    pk: int,
    quantity: int,
    variant_id: int | None,
    product_id: int | None,
    product_name: str,
    variant_name: str,
    sku: str,
    *,
    bought_at: datetime,
) -> LineSnapshot:
    return LineSnapshot(
        id=str(pk),
        quantity=quantity,
        # 2.10.1 refunds amounts, never lines.
        returned=0,
        variant_id=variant_id,
        product_id=product_id,
        product_name=product_name,
        variant_name=variant_name,
        sku=sku,
        bought_at=bought_at,
    )


def find_orders(texts: Iterable[str]) -> dict[str, str]:
    """Find orders by number or id, which are the same here; their ids by text. One statement."""
    return _existing(Order.objects.values_list("pk", "pk"), texts)


def orders_of_lines(line_ids: Iterable[str]) -> dict[str, str]:
    """Find the orders of order lines: their ids by line. One statement."""
    return _existing(OrderLine.objects.values_list("pk", "order_id"), line_ids)


def _existing(rows: QuerySet[Any], texts: Iterable[str]) -> dict[str, str]:
    numbers = {int(text): text for text in texts if text.isascii() and text.isdigit()}
    keys = [number for number in numbers if number < 2**31]
    return {numbers[pk]: str(order_id) for pk, order_id in rows.filter(pk__in=keys)}


def changed_orders(cursor: Mapping[str, Any], *, not_before: datetime) -> Changes:
    """Find orders that may have changed since ``cursor`` (empty: ever), from ``not_before`` on.

    2.10.1 has no ``Order.updated_at``: what tells is the order's events, its payments'
    ``modified``, and for rows written by neither, the order's own key.
    """
    now = timezone.now()
    events = OrderEvent.objects.filter(pk__gt=cursor.get("event", 0), date__gte=not_before)
    orders = Order.objects.filter(pk__gt=cursor.get("order", 0), created__gte=not_before)
    modified_since = parse_datetime(cursor["payment"]) if "payment" in cursor else not_before
    payments = Payment.objects.filter(modified__gte=modified_since, order__isnull=False)
    event_rows = list(events.values_list("pk", "order_id", "date"))
    order_rows = list(orders.values_list("pk", "created"))
    found = {order for _, order, _ in event_rows} | {order for order, _ in order_rows}
    found.update(payments.values_list("order_id", flat=True))
    settled = now - _OVERLAP
    return Changes(
        order_ids=[str(pk) for pk in sorted(found)],
        cursor={
            "event": max(
                (pk for pk, _, date in event_rows if date < settled), default=cursor.get("event", 0)
            ),
            "order": max(
                (pk for pk, date in order_rows if date < settled), default=cursor.get("order", 0)
            ),
            "payment": settled.isoformat(),
        },
    )


def dead_orders() -> QuerySet[Any]:
    """The text ids of orders that were cancelled, for use as a subquery."""
    return text_ids(Order.objects.filter(status=OrderStatus.CANCELED))


def orders_with_variant(variant_id: int, *, since: datetime) -> QuerySet[Any]:
    """The text ids of orders placed since then that hold a variant, for use as a subquery."""
    return text_ids(
        Order.objects.confirmed().filter(lines__variant=variant_id, events__date__gte=since)
    )


def order_owners(order_ids: Iterable[str]) -> dict[str, OrderOwner]:
    """Say who may see each order's serials. One statement."""
    rows = Order.objects.filter(pk__in=list(order_ids)).values_list("pk", "user_id", "token")
    return {str(pk): OrderOwner(user_id=user, token=token) for pk, user, token in rows}
