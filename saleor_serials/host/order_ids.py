"""Orders by their text ids, for use as subqueries: the type of their keys differs between hosts."""

from typing import Any

from django.db.models import CharField, F, QuerySet
from django.db.models.functions import Cast
from saleor.order.models import Order


def text_ids(orders: QuerySet[Any]) -> QuerySet[Any]:
    """The text ids of orders, each once."""
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
