"""The door for Saleor's plugin manager: one line per event, and each says the same thing.

Hooks never raise and never do slow work; they only have the order looked at after commit.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from saleor_serials.config import ACTIVE_BY_DEFAULT, FIELDS, PLUGIN_ID, Config
from saleor_serials.errors import InvalidInput
from saleor_serials.host import host
from saleor_serials.models import SweepState
from saleor_serials.tasks import request_reconcile


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

    def order_created(self, order: Any, *args: Any, **kwargs: Any) -> Any:
        return self._changed(order, kwargs)

    def order_fully_paid(self, order: Any, *args: Any, **kwargs: Any) -> Any:
        return self._changed(order, kwargs)

    def order_updated(self, order: Any, *args: Any, **kwargs: Any) -> Any:
        return self._changed(order, kwargs)

    def order_cancelled(self, order: Any, *args: Any, **kwargs: Any) -> Any:
        return self._changed(order, kwargs)

    def order_fulfilled(self, order: Any, *args: Any, **kwargs: Any) -> Any:
        return self._changed(order, kwargs)

    def fulfillment_created(self, fulfillment: Any, *args: Any, **kwargs: Any) -> Any:
        return self._changed(fulfillment.order, kwargs)

    def _changed(self, order: Any, kwargs: Mapping[str, Any]) -> Any:
        # 2.10.1: called on inactive plugins as well.
        if self.active:
            request_reconcile(str(order.pk))
        return kwargs.get("previous_value")

    @classmethod
    def check_configuration(cls, values: Mapping[str, Any]) -> None:
        try:
            Config.parse(values)
        except InvalidInput as error:
            raise ValidationError(f"{error.field}: {error.message}", code="invalid") from None

    @classmethod
    def switched_on(cls) -> None:
        SweepState.objects.update_or_create(pk=1, defaults={"active_since": timezone.now()})
