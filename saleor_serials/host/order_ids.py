"""Orders and lines by their text ids: the type of their keys differs between hosts."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import CharField, F, QuerySet
from django.db.models.functions import Cast
from graphene import Node
from saleor.order.models import Order, OrderLine

ORDERS = "SELECT id::text AS id FROM order_order"


def text_ids(orders: QuerySet[Any]) -> QuerySet[Any]:
    """The text ids of orders, each once, for use as a subquery."""
    return (
        orders.order_by()
        .annotate(text_id=Cast(F("pk"), CharField()))
        .values_list("text_id", flat=True)
        .distinct()
    )


def owned_orders() -> QuerySet[Any]:
    """The text ids of orders that belong to an account."""
    return text_ids(Order.objects.filter(user__isnull=False))


def orders_of_user(user_id: int) -> QuerySet[Any]:
    """The text ids of an account's orders."""
    return text_ids(Order.objects.filter(user=user_id))


def line_global_id(line_id: str) -> str:
    """Return what both hosts' GraphQL calls an order line."""
    return str(Node.to_global_id("OrderLine", line_id))


def order_of_line(line_id: str) -> str | None:
    """The text id of the order that a line belongs to; None if there is no such line."""
    try:
        lines = OrderLine.objects.filter(pk=line_id).order_by()
        order_id = lines.values_list("order_id", flat=True).first()
    except (ValueError, ValidationError):  # it is no key at all
        return None
    return None if order_id is None else str(order_id)
