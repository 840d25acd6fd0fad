"""The door for Saleor's plugin manager: one line per event, and each says the same thing.

Hooks never raise and never do slow work; they only have the order looked at after commit.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from saleor_serials.config import ACTIVE_BY_DEFAULT, FIELDS, PLUGIN_ID, Config
from saleor_serials.errors import InvalidInput
from saleor_serials.host import host
from saleor_serials.models import SweepState
from saleor_serials.tasks import request_reconcile

logger = logging.getLogger(__name__)


def _hook(orders: Callable[[Any], Iterable[Any]]) -> Callable[..., Any]:
    """Make a hook that has orders looked at, by the keys that it finds in what it is handed."""

    def hook(self: Any, subject: Any, *args: Any, previous_value: Any = None, **kwargs: Any) -> Any:
        try:
            # 2.10.1: called on inactive plugins as well.
            for order_pk in orders(subject) if self.active else ():
                request_reconcile(str(order_pk))
        except Exception:
            logger.exception("A change of %s is left to the sweep.", type(subject).__name__)
        return previous_value

    return hook


_order_changed = _hook(lambda order: [order.pk])
_orders_changed = _hook(lambda orders: [order.pk for order in orders])
_its_order_changed = _hook(lambda fulfillment: [fulfillment.order_id])
# A transaction may belong to a checkout.
_paid_order_changed = _hook(lambda data: filter(None, [data.transaction.order_id]))


class SerialsPlugin(host.BasePlugin):
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

    order_created = order_confirmed = order_updated = _order_changed
    order_paid = order_fully_paid = _order_changed
    order_refunded = order_fully_refunded = _order_changed
    order_cancelled = order_expired = order_fulfilled = _order_changed
    draft_order_created = draft_order_updated = draft_order_deleted = _order_changed
    order_bulk_created = _orders_changed
    fulfillment_created = fulfillment_approved = fulfillment_canceled = _its_order_changed
    transaction_charge_requested = transaction_refund_requested = _paid_order_changed
    transaction_cancelation_requested = _paid_order_changed

    def is_event_active(self, event: str, channel: str | None = None) -> bool:
        """Say that nobody may rely on us: who listens to a refund's request does not pay it."""
        return False

    @classmethod
    def check_configuration(cls, values: Mapping[str, Any]) -> None:
        try:
            Config.parse(values)
        except InvalidInput as error:
            raise ValidationError(f"{error.field}: {error.message}", code="invalid") from None

    @classmethod
    def switched_on(cls) -> None:
        SweepState.objects.update_or_create(pk=1, defaults={"active_since": timezone.now()})
