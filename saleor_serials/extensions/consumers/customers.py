"""Consumers that change the customer: add them to a group, or give them points."""

from collections.abc import Mapping
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.consumers.base import Consumed, Consumer
from saleor_serials.extensions.settings import Setting
from saleor_serials.host import host


def check_group(name: str, *, field: str) -> None:
    """Check that a customer group can have this name.

    Raises:
        InvalidInput: it is empty, too long, or has a comma.
    """
    if not name or "," in name or len(name) > 100:
        raise InvalidInput("A group's name has 1 to 100 characters and no comma.", field=field)


class CustomerGroup(Consumer):
    """Adds the customer to a group, so that packs for this group serve them."""

    label = "Customer group"
    needs_user = True
    settings = (
        Setting(
            name="group",
            type="text",
            default=None,
            help_text=(
                "The group. A customer's groups stand in their private metadata under "
                "`serials.groups`, by commas."
            ),
            at_least=1,
            at_most=100,
        ),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._group = settings["group"].strip()
        check_group(self._group, field="group")

    def consume(self, consumed: Consumed) -> None:
        if consumed.user_id is not None:
            host.join_customer_group(consumed.user_id, self._group)


class Points(Consumer):
    """Adds to the customer's points, which are stored in their private metadata."""

    label = "Points"
    needs_user = True
    settings = (
        Setting(
            name="points",
            type="number",
            default=None,
            help_text="How many points to add to `serials.points` in their private metadata.",
            at_least=1,
            at_most=1_000_000,
        ),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._points = settings["points"]

    def consume(self, consumed: Consumed) -> None:
        if consumed.user_id is not None:
            host.add_customer_points(consumed.user_id, self._points)
