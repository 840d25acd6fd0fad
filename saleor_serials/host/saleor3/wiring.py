"""Saleor 3's signals and its Celery."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete, post_save, pre_delete
from saleor.celeryconf import app as celery_app
from saleor.core.db.connection import allow_writer
from saleor.order.models import OrderGrantedRefund
from saleor.product.models import Product, ProductVariant

from saleor_serials.host.shapes import Target


def connect(
    *,
    order_changed: Callable[[str], None],
    before_variant_deleted: Callable[[int], None],
    before_product_deleted: Callable[[int], None],
    metadata_links_changed: Callable[[Target], None],
) -> None:
    """Listen where Saleor 3 calls no hook: granted refunds, deleted variants and products.

    A grant's lines are made after it, in the same transaction: after its commit all are there.
    ``metadata_links_changed`` is not needed: hooks report metadata, and its mutations send no
    signal.
    """

    def granted(instance: Any, **kwargs: Any) -> None:
        order_changed(str(instance.order_id))

    def announce(model: Any, leaves: Callable[[int], None]) -> None:
        def receive(instance: Any, **kwargs: Any) -> None:
            leaves(instance.pk)

        pre_delete.connect(
            receive, sender=model, weak=False, dispatch_uid=f"saleor_serials.{model.__name__}"
        )

    for signal in (post_save, post_delete):
        signal.connect(
            granted,
            sender=OrderGrantedRefund,
            weak=False,
            dispatch_uid="saleor_serials.OrderGrantedRefund",
        )
    announce(ProductVariant, before_variant_deleted)
    announce(Product, before_product_deleted)


def task(name: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a Celery task of the host's own app, that is allowed to write."""

    def decorate(function: Callable[..., Any]) -> Any:
        @wraps(function)
        def allowed(*args: Any, **kwargs: Any) -> Any:
            with allow_writer():
                return function(*args, **kwargs)

        return celery_app.task(name=name, ignore_result=True)(allowed)

    return decorate


def schedule(name: str, *, task_name: str, every: timedelta) -> None:
    """Enter a task into Celery beat's schedule; an entry of the shop's own under this name stays.

    A beat message that waited past the next one is dropped.
    """
    settings.CELERY_BEAT_SCHEDULE.setdefault(
        name,
        {"task": task_name, "schedule": every, "options": {"expires": every.total_seconds()}},
    )
