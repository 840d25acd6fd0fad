"""The shop-wide settings (mission C1), kept in Saleor's own plugin settings.

Saleor's settings know text and switches only, so lists are written as text; ``Config.parse``
reads them and says what is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.host import host
from saleor_serials.host.shapes import PluginState
from saleor_serials.models import SerialStatus

PLUGIN_ID = "saleor.serials"
ACTIVE_BY_DEFAULT = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One entry of the plugin's settings as Saleor shows it."""

    name: str
    default: str | bool
    label: str
    help_text: str


FIELDS = (
    Field(
        name="send_email",
        default=True,
        label="E-mail the serials",
        help_text="Send customers an e-mail with their serials.",
    ),
    Field(
        name="shown_statuses",
        default="assigned, used",
        label="Statuses shown to customers",
        help_text=f"Customers see serials in these statuses. Any of: {', '.join(SerialStatus)}.",
    ),
    Field(
        name="status_after_release",
        default="unassigned",
        label="Status after release",
        help_text=(
            "What becomes of the serials of a cancelled order or a removed line. After a refund, "
            f"the pack's own rule counts. One of: {', '.join(SerialStatus)}."
        ),
    ),
    Field(
        name="mirror_to_metadata",
        default=False,
        label="Serials in the metadata of orders",
        help_text=(
            "Write the serials also into the private metadata of orders and their lines. Whoever "
            "may read that, staff, apps and receivers of webhooks, then sees them."
        ),
    ),
    Field(
        name="automatic_fulfillment",
        default=False,
        label="Fulfil what needs no shipping",
        help_text=(
            "Fulfil order lines that consist of nothing but delivered serials. Customers get no "
            "second e-mail about it."
        ),
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The settings, read and checked."""

    send_email: bool
    shown_statuses: frozenset[SerialStatus]
    status_after_release: SerialStatus
    mirror_to_metadata: bool
    automatic_fulfillment: bool

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Config":
        """Read the settings; missing ones take their default.

        Raises:
            InvalidInput: a value cannot be read; ``field`` names it.
        """
        given = {field.name: values.get(field.name, field.default) for field in FIELDS}
        return cls(
            send_email=_switch(given["send_email"]),
            shown_statuses=frozenset(_statuses(given["shown_statuses"], field="shown_statuses")),
            status_after_release=_status(
                given["status_after_release"], field="status_after_release"
            ),
            mirror_to_metadata=_switch(given["mirror_to_metadata"]),
            automatic_fulfillment=_switch(given["automatic_fulfillment"]),
        )


def current() -> Config | None:
    """Read the settings as they are now; None while the plugin is switched off.

    An inactive plugin does nothing: not in hooks, not in signals, not in the sweeper.
    """
    state = _state()
    return Config.parse(state.configuration) if state.active else None


def read() -> Config:
    """Read the settings, switched on or not: customers always see what they hold."""
    return Config.parse(_state().configuration)


def _state() -> PluginState:
    state: PluginState = host.plugin_state(PLUGIN_ID, default_active=ACTIVE_BY_DEFAULT)
    return state


def _switch(value: Any) -> bool:
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)


def _status(value: Any, *, field: str) -> SerialStatus:
    status = str(value or "").strip().lower()
    if status not in list(SerialStatus):
        raise InvalidInput(
            f"'{status}' is not a status; write one of: {', '.join(SerialStatus)}.", field=field
        )
    return SerialStatus(status)


def _statuses(value: Any, *, field: str) -> list[SerialStatus]:
    return [_status(part, field=field) for part in str(value or "").split(",") if part.strip()]
