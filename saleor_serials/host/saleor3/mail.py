"""Whom Saleor 3 tells about an order, and how it sends its mail."""

from django.contrib.sites.models import Site
from django.core.mail import get_connection
from saleor.order.models import Order

from saleor_serials.host.shapes import Recipient, Sender


def recipient(order_id: str) -> Recipient | None:
    """Say whom to tell about an order; None if the order does not exist."""
    order = Order.objects.select_related("user", "channel").filter(pk=order_id).first()
    if order is None:
        return None
    return Recipient(
        email=order.get_customer_email() or "",
        language=order.language_code,
        channel=order.channel.slug,
    )


def sender(channel: str | None) -> Sender:
    """Say how the shop sends mail: as its environment says."""
    site = Site.objects.get_current()
    return Sender(
        shop_name=site.name,
        from_email=site.settings.default_from_email,
        connection=get_connection(),
    )
