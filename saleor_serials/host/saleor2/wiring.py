"""Saleor 2.10.1's signals and its Celery."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete
from saleor.celeryconf import app as celery_app
from saleor.order.models import Fulfillment, Order, OrderLine
from saleor.payment.models import Payment
from saleor.product.models import Product, ProductVariant

from saleor_serials.host.private_metadata import mentions_serials
from saleor_serials.host.shapes import Target

_METADATA = "private_metadata"


def connect(
    *,
    order_changed: Callable[[str], None],
    before_variant_deleted: Callable[[int], None],
    before_product_deleted: Callable[[int], None],
    metadata_links_changed: Callable[[Target], None],
) -> None:
    """Call back on every Django signal after which an order or metadata links may have changed.

    2.10.1's paymentRefund, paymentVoid and paymentCapture call no plugin hook at all, and its
    variants and metadata have none: signals are what there is. Variants and products are told of
    before they are deleted, while order lines still name them.
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

    def read(model: Any, kind: str) -> None:
        def receive(instance: Any, update_fields: Any, **kwargs: Any) -> None:
            # The metadata mutations save this column alone; only they can take a key away.
            if _METADATA in update_fields if update_fields else mentions_serials(instance):
                metadata_links_changed(Target(kind=kind, id=instance.pk))

        post_save.connect(receive, sender=model, weak=False, dispatch_uid=f"saleor_serials.{kind}")

    listen(Order, lambda order: order.pk)
    listen(OrderLine, lambda line: line.order_id)
    listen(Payment, lambda payment: payment.order_id)
    listen(Fulfillment, lambda fulfillment: fulfillment.order_id)
    announce(ProductVariant, before_variant_deleted)
    announce(Product, before_product_deleted)
    read(ProductVariant, "variant")
    read(Product, "product")


def task(name: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a Celery task of the host's own app."""
    decorate: Callable[[Callable[..., Any]], Any] = celery_app.task(name=name, ignore_result=True)
    return decorate


def schedule(name: str, *, task_name: str, every: timedelta) -> None:
    """Enter a task into Celery beat's schedule.

    2.10.1 has no setting for the schedule; an entry of the shop's own under this name stays. A
    beat message that waited past the next one is dropped.
    """
    celery_app.conf.beat_schedule.setdefault(
        name,
        {"task": task_name, "schedule": every, "options": {"expires": every.total_seconds()}},
    )
