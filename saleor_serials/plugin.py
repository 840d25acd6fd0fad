"""The plugin that Saleor calls: one hook per event, each of which enqueues a task after commit.

Hooks never raise and never do slow work: an error in one would reach the buyer.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from saleor_serials import config
from saleor_serials.config import ACTIVE_BY_DEFAULT, FIELDS, PLUGIN_ID
from saleor_serials.errors import InvalidInput
from saleor_serials.host import host
from saleor_serials.host.shapes import Target
from saleor_serials.models import SweepState
from saleor_serials.tasks import request_links, request_metadata, request_reconcile

logger = logging.getLogger(__name__)


def _hook(react: Callable[[Any], None]) -> Callable[..., Any]:
    """Make a hook that calls ``react`` with the first argument of Saleor's event."""

    def hook(self: Any, subject: Any, *args: Any, previous_value: Any = None, **kwargs: Any) -> Any:
        try:
            # 2.10.1: called on inactive plugins as well.
            if self.active:
                react(subject)
        except Exception:
            logger.exception("A change of %s is left to the sweep.", type(subject).__name__)
        return previous_value

    return hook


@_hook
def _order_changed(order: Any) -> None:
    request_reconcile(str(order.pk))


@_hook
def _orders_changed(orders: Any) -> None:
    for order in orders:
        request_reconcile(str(order.pk))


@_hook
def _its_order_changed(fulfillment: Any) -> None:
    request_reconcile(str(fulfillment.order_id))


@_hook
def _paid_order_changed(request: Any) -> None:
    order_pk = request.transaction.order_id
    if order_pk is not None:  # it pays for a checkout
        request_reconcile(str(order_pk))


@_hook
def _draft_created(order: Any) -> None:
    request_reconcile(str(order.pk))
    if host.mentions_serials(order):  # copied from the order that it replaces a part of
        request_metadata(str(order.pk))


def _metadata_links_changed(kind: str, *, may_be_removed: bool = False) -> Callable[..., Any]:
    @_hook
    def hook(row: Any) -> None:
        if may_be_removed or host.mentions_serials(row):
            request_links(Target(kind=kind, id=row.pk))

    return hook


_Base: Any = host.BasePlugin


class SerialsPlugin(_Base):
    """Serials in Saleor's list of plugins."""

    PLUGIN_ID = PLUGIN_ID
    PLUGIN_NAME = "Serials"
    PLUGIN_DESCRIPTION = (
        "Sells activation codes, licences, tickets and other unique data: "
        "assigns serials to paid orders and sends them to the customer."
    )
    DEFAULT_ACTIVE = ACTIVE_BY_DEFAULT
    CONFIGURATION_PER_CHANNEL = False
    DEFAULT_CONFIGURATION = [{"name": field.name, "value": field.default} for field in FIELDS]
    CONFIG_STRUCTURE = {
        field.name: host.setting(
            default=field.default, label=field.label, help_text=field.help_text
        )
        for field in FIELDS
    }

    order_created = order_confirmed = _order_changed
    order_updated = order_metadata_updated = _order_changed
    order_paid = order_fully_paid = _order_changed
    order_refunded = order_fully_refunded = _order_changed
    order_cancelled = order_expired = order_fulfilled = _order_changed
    draft_order_updated = draft_order_deleted = _order_changed
    draft_order_created = _draft_created
    order_bulk_created = _orders_changed
    fulfillment_created = fulfillment_approved = fulfillment_canceled = _its_order_changed
    transaction_charge_requested = transaction_refund_requested = _paid_order_changed
    transaction_cancelation_requested = _paid_order_changed

    product_created = product_updated = _metadata_links_changed("product")
    product_metadata_updated = _metadata_links_changed("product", may_be_removed=True)
    product_variant_created = product_variant_updated = _metadata_links_changed("variant")
    product_variant_metadata_updated = _metadata_links_changed("variant", may_be_removed=True)

    def is_event_active(self, event: str, channel: str | None = None) -> bool:
        """Answer that no event is active: Saleor would take this plugin for a payment provider."""
        return False

    @classmethod
    def check_configuration(cls, values: Mapping[str, Any]) -> None:
        try:
            config.check(values)
        except InvalidInput as error:
            raise ValidationError(f"{error.field}: {error.message}", code="invalid") from None

    @classmethod
    def switched_on(cls) -> None:
        SweepState.objects.update_or_create(pk=1, defaults={"active_since": timezone.now()})
