"""Saleor 3.21 to 3.24: the same names as ``saleor2``, and what each has to do there.

This is the design of the half that comes next. ``host.choose`` refuses Saleor 3 until it works, so
nothing here is ever called.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from saleor_serials.host.shapes import (
    Changes,
    OrderOwner,
    OrderSnapshot,
    PluginState,
    Recipient,
    Sender,
)

celery_app: Any = None


def order_snapshot(order_id: str) -> OrderSnapshot | None:
    """Read an order as it stands now, from ``default``: a hook's instance can be stale.

    Paid and gone follow from transactions, payments and granted refunds, never from
    ``charge_status``. ``returned`` of a line is the larger of the units moved into refunded,
    returned or replaced fulfilments and the units of granted refunds that did not fail.
    ``bought_at`` is the later of the order's placing and the line's own creation, for lines of
    unconfirmed orders can be added. Orders that are unconfirmed or expired are not live.
    """
    raise NotImplementedError


def changed_orders(cursor: Mapping[str, Any], *, not_before: datetime) -> Changes:
    """Find orders that may have changed: ``Order.updated_at``, fulfilments created and granted
    refunds updated since the cursor; a second return need not touch the order itself.
    """
    raise NotImplementedError


def dead_orders() -> QuerySet[Any]:
    """The text ids of orders that were cancelled or have expired, for use as a subquery."""
    raise NotImplementedError


def owned_orders() -> QuerySet[Any]:
    """The text ids of orders that belong to an account, for use as a subquery."""
    raise NotImplementedError


def orders_of_user(user_id: int) -> QuerySet[Any]:
    """The text ids of an account's orders, for use as a subquery."""
    raise NotImplementedError


def orders_with_variant(variant_id: int, *, since: datetime) -> QuerySet[Any]:
    """The text ids of orders placed since then that hold a variant, for use as a subquery."""
    raise NotImplementedError


def order_owners(order_ids: Iterable[str]) -> dict[str, OrderOwner]:
    """Say who may see each order's serials; the token of a guest's order is its own UUID."""
    raise NotImplementedError


def recipient(order_id: str) -> Recipient | None:
    """Say whom to tell about an order, in its language, and by which channel it came."""
    raise NotImplementedError


def sender(channel: str | None) -> Sender:
    """Say how the shop sends mail: with the user e-mail plugin's settings for the channel where
    that is active, else with the environment's.
    """
    raise NotImplementedError


def plugin_state(plugin_id: str, *, default_active: bool) -> PluginState:
    """Read how the shop has set a plugin: the row without a channel, for it is global."""
    raise NotImplementedError


def setting(*, default: str | bool, label: str, help_text: str) -> dict[str, str]:
    """Describe one plugin setting as this host's settings page wants it."""
    raise NotImplementedError


class BasePlugin:
    """Saleor 3's base class takes a channel, a requestor and more beside the configuration, and
    checks what is saved in ``validate_plugin_configuration(plugin_configuration, **kwargs)``.
    """


def connect(
    *,
    order_changed: Callable[[str], None],
    variant_leaves: Callable[[int], None],
    product_leaves: Callable[[int], None],
) -> None:
    """Listen where Saleor 3 calls no hook: granted refunds, deleted variants and products."""
    raise NotImplementedError


def task(name: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a Celery task that is allowed to write: without ``allow_writer`` Saleor 3
    logs, or in its tests refuses, every query on ``default``.
    """
    raise NotImplementedError


def schedule(name: str, *, task_name: str, every: timedelta) -> None:
    """Enter a task into ``CELERY_BEAT_SCHEDULE``, where the shop has none of this name."""
    raise NotImplementedError
