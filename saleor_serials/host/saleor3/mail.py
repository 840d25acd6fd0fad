"""Whom Saleor 3 tells about an order, and how it sends its mail."""

from dataclasses import asdict
from email.headerregistry import Address
from typing import Any

from django.contrib.sites.models import Site
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from saleor.order.models import Order
from saleor.plugins.admin_email.constants import PLUGIN_ID as _ADMIN_EMAIL
from saleor.plugins.manager import get_plugins_manager
from saleor.plugins.user_email.constants import PLUGIN_ID as _USER_EMAIL
from saleor.site.models import SiteSettings

from saleor_serials.host.plugin_base import values_of
from saleor_serials.host.shapes import Recipient, Sender


def recipient(order_id: str) -> Recipient | None:
    """Say whom to tell about an order; None if the order does not exist."""
    order = Order.objects.select_related("user", "channel").filter(pk=order_id).first()
    if order is None:
        return None
    return Recipient(
        email=(order.get_customer_email() or "").strip(),
        language=order.language_code,
        channel=order.channel.slug,
    )


def sender(channel: str | None) -> Sender:
    """Say how the shop sends mail to customers of a channel, or, without one, to its staff.

    That is through the server and in the name that the plugin for user e-mails has there, or that
    for admin e-mails, if it is active and has one of its own, else as the environment says.
    """
    # Fresh: a process keeps the site, and its settings, as they were when it started.
    settings = SiteSettings.objects.select_related("site").get(site=Site.objects.get_current())
    own = _admin_email_settings() if channel is None else _user_email_settings(channel)
    if own is None:
        return Sender(
            shop_name=settings.site.name,
            from_email=settings.default_from_email,
            connection=get_connection(),
        )
    name, address = (" ".join((own.pop(key) or "").split()) for key in _SENDER)
    return Sender(
        shop_name=settings.site.name,
        from_email=(
            str(Address(name, addr_spec=address)) if address else settings.default_from_email
        ),
        connection=EmailBackend(**own),
    )


_SENDER = ("sender_name", "sender_address")


def _user_email_settings(channel: str) -> dict[str, Any] | None:
    """Read that plugin's settings for a channel; None where it is not active."""
    manager = get_plugins_manager(allow_replica=False)  # empties its plugins when it goes
    plugin = manager.get_plugin(_USER_EMAIL, channel_slug=channel)
    if plugin is None or not plugin.active:
        return None
    values = asdict(plugin.config)
    plugin._add_missing_configuration(values)  # those of USER_EMAIL_URL
    return values


def _admin_email_settings() -> dict[str, Any] | None:
    """Read the settings of the plugin for admin e-mails; None where it has no server of its own.

    It is always active, and then repeats what the environment says of SMTP, used or not.
    """
    manager = get_plugins_manager(allow_replica=False)  # empties its plugins when it goes
    plugin = manager.get_plugin(_ADMIN_EMAIL)
    if plugin is None or not plugin.active or not values_of(plugin.configuration).get("host"):
        return None
    return asdict(plugin.config)
