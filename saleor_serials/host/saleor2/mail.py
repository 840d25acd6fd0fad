"""Whom Saleor 2.10.1 tells about an order, and how it sends its mail."""

from django.contrib.sites.models import Site
from django.core.mail import get_connection
from saleor.order.models import Order
from saleor.site.models import SiteSettings

from saleor_serials.host.shapes import Recipient, Sender


def recipient(order_id: str) -> Recipient | None:
    """Say whom to tell about an order; None if the order does not exist."""
    order = Order.objects.select_related("user").filter(pk=order_id).first()
    if order is None:
        return None
    return Recipient(
        email=(order.get_customer_email() or "").strip(), language=order.language_code, channel=None
    )


def sender(channel: str | None) -> Sender:
    """Say how the shop sends mail, to customers and to staff; 2.10.1 knows no channels."""
    # Fresh: a process keeps the site, and its settings, as they were when it started.
    settings = SiteSettings.objects.select_related("site").get(site=Site.objects.get_current())
    return Sender(
        shop_name=settings.site.name,
        from_email=settings.default_from_email,
        connection=get_connection(),
    )
