"""Saleor 2.10.1, the release on PyPI: orders, payments, plugin settings, mail, Celery."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sites.models import Site
from django.core.mail import get_connection
from django.db import connection
from django.db.models import CharField, F, QuerySet
from django.db.models.functions import Cast
from django.db.models.signals import post_delete, post_save, pre_delete
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from saleor.celeryconf import app as celery_app
from saleor.order import OrderEvents, OrderStatus
from saleor.order.models import Fulfillment, Order, OrderEvent, OrderLine
from saleor.payment import TransactionKind
from saleor.payment.models import Payment
from saleor.plugins.base_plugin import BasePlugin as _BasePlugin
from saleor.plugins.base_plugin import ConfigurationTypeField
from saleor.plugins.models import PluginConfiguration
from saleor.product.models import Product, ProductVariant

from saleor_serials.host.plugin_base import CheckedPlugin, values_of
from saleor_serials.host.shapes import (
    Changes,
    LineSnapshot,
    OrderOwner,
    OrderSnapshot,
    PluginState,
    Recipient,
    Sender,
)

# An event may become visible after a younger one: rows are looked at again for this long.
_OVERLAP = timedelta(minutes=5)

# Read for every event of every order: Django takes longer to put this together than PostgreSQL to
# answer it, so it is written out.
_ORDER = f"""
SELECT o.id, o.user_id, o.user_email, o.created, o.status, o.currency, o.total_gross_amount,
    paid.captured, paid.refunded, event.placed_at, event.was_draft,
    l.id, l.quantity, l.variant_id, v.product_id, l.product_name, l.variant_name, l.product_sku
FROM order_order AS o
CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.captured_amount), 0) AS captured,
        coalesce(sum((
            SELECT sum(t.amount) FROM payment_transaction AS t
            WHERE t.payment_id = p.id AND t.kind = '{TransactionKind.REFUND}' AND t.is_success
        )), 0) AS refunded
    FROM payment_payment AS p WHERE p.order_id = o.id
) AS paid
CROSS JOIN LATERAL (
    SELECT min(e.date) FILTER (
            WHERE e.type IN ('{OrderEvents.PLACED}', '{OrderEvents.PLACED_FROM_DRAFT}')
        ) AS placed_at,
        bool_or(e.type = '{OrderEvents.DRAFT_CREATED}') AS was_draft
    FROM order_orderevent AS e WHERE e.order_id = o.id
) AS event
LEFT JOIN order_orderline AS l ON l.order_id = o.id
LEFT JOIN product_productvariant AS v ON v.id = l.variant_id
WHERE o.id = %s
ORDER BY l.id
"""


def order_snapshot(order_id: str) -> OrderSnapshot | None:
    """Read an order as it stands now; None if it does not exist. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ORDER, [int(order_id)])
        rows = cursor.fetchall()
    if not rows:
        return None
    pk, user_id, email, created, status, currency, total, *sums_and_dates = rows[0][:11]
    captured, refunded, placed_at, was_draft = sums_and_dates
    # draftOrderComplete saves the order first and the event that it was placed a moment later.
    placed_at = placed_at or (timezone.now() if was_draft else created)
    return OrderSnapshot(
        id=str(pk),
        number=str(pk),
        user_id=user_id,
        email=email,
        placed_at=placed_at,
        placed=status != OrderStatus.DRAFT,
        live=status not in (OrderStatus.DRAFT, OrderStatus.CANCELED),
        # What came in ever, not what is left: a partial refund leaves less than the total.
        paid=captured + refunded >= total,
        refunded=refunded,
        gone=total > 0 and captured <= 0 and refunded > 0,
        currency=currency,
        lines=tuple(_line(*row[11:], bought_at=placed_at) for row in rows if row[11] is not None),
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
    return _ids(Order.objects.filter(status=OrderStatus.CANCELED))


def owned_orders() -> QuerySet[Any]:
    """The text ids of orders that belong to an account, for use as a subquery."""
    return _ids(Order.objects.filter(user__isnull=False))


def orders_of_user(user_id: int) -> QuerySet[Any]:
    """The text ids of an account's orders, for use as a subquery."""
    return _ids(Order.objects.filter(user=user_id))


def orders_with_variant(variant_id: int, *, since: datetime) -> QuerySet[Any]:
    """The text ids of orders placed since then that hold a variant, for use as a subquery."""
    return _ids(
        Order.objects.confirmed().filter(lines__variant=variant_id, events__date__gte=since)
    )


def _ids(orders: QuerySet[Any]) -> QuerySet[Any]:
    return (
        orders.order_by()
        .annotate(text_id=Cast(F("pk"), CharField()))
        .values_list("text_id", flat=True)
        .distinct()
    )


def order_owners(order_ids: Iterable[str]) -> dict[str, OrderOwner]:
    """Say who may see each order's serials. One statement."""
    rows = Order.objects.filter(pk__in=list(order_ids)).values_list("pk", "user_id", "token")
    return {str(pk): OrderOwner(user_id=user, token=token) for pk, user, token in rows}


def recipient(order_id: str) -> Recipient | None:
    """Say whom to tell about an order; None if the order does not exist."""
    order = Order.objects.select_related("user").filter(pk=order_id).first()
    if order is None:
        return None
    return Recipient(
        email=order.get_customer_email() or "", language=order.language_code, channel=None
    )


def sender(channel: str | None) -> Sender:
    """Say how the shop sends mail; 2.10.1 knows no channels."""
    site = Site.objects.get_current()
    return Sender(
        shop_name=site.name,
        from_email=site.settings.default_from_email,
        connection=get_connection(),
    )


def plugin_state(plugin_id: str, *, default_active: bool) -> PluginState:
    """Read how the shop has set a plugin. One statement."""
    rows = PluginConfiguration.objects.filter(identifier=plugin_id)
    for active, configuration in rows.values_list("active", "configuration"):
        return PluginState(active=active, configuration=values_of(configuration))
    return PluginState(active=default_active, configuration={})


def setting(*, default: str | bool, label: str, help_text: str) -> dict[str, str]:
    """Describe one plugin setting as this host's settings page wants it."""
    kind = (
        ConfigurationTypeField.BOOLEAN
        if isinstance(default, bool)
        else ConfigurationTypeField.STRING
    )
    return {"type": kind, "label": label, "help_text": help_text}


class BasePlugin(CheckedPlugin, _BasePlugin):
    """The host's base class of plugins, with settings that are checked."""


def connect(
    *,
    order_changed: Callable[[str], None],
    variant_leaves: Callable[[int], None],
    product_leaves: Callable[[int], None],
) -> None:
    """Call back on every Django signal that can mean that an order may have changed.

    2.10.1's paymentRefund, paymentVoid and paymentCapture call no plugin hook at all, and its
    variants have none: signals are what there is. Variants and products are told of before they
    are deleted, while order lines still name them.
    """

    def listen(model: Any, order_of: Callable[[Any], int | None]) -> None:
        def receive(instance: Any, **kwargs: Any) -> None:
            order_pk = order_of(instance)
            if order_pk is not None:
                order_changed(str(order_pk))

        for signal in (post_save, post_delete):
            signal.connect(
                receive, sender=model, weak=False, dispatch_uid=f"saleor_serials.{model.__name__}"
            )

    def announce(model: Any, leaves: Callable[[int], None]) -> None:
        def receive(instance: Any, **kwargs: Any) -> None:
            leaves(instance.pk)

        pre_delete.connect(
            receive, sender=model, weak=False, dispatch_uid=f"saleor_serials.{model.__name__}"
        )

    listen(Order, lambda order: order.pk)
    listen(OrderLine, lambda line: line.order_id)
    listen(Payment, lambda payment: payment.order_id)
    listen(Fulfillment, lambda fulfillment: fulfillment.order_id)
    announce(ProductVariant, variant_leaves)
    announce(Product, product_leaves)


def task(name: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a Celery task of the host's own app."""
    return celery_app.task(name=name, ignore_result=True)


def schedule(name: str, *, task_name: str, every: timedelta) -> None:
    """Enter a task into Celery beat's schedule.

    2.10.1 has no setting for the schedule; an entry of the shop's own under this name stays. A
    beat message that waited past the next one is dropped.
    """
    celery_app.conf.beat_schedule.setdefault(
        name,
        {"task": task_name, "schedule": every, "options": {"expires": every.total_seconds()}},
    )
