"""The shop-wide settings (mission C1), kept in Saleor's own plugin settings.

Saleor's settings know text and switches only, so lists are written as text; ``Config.parse``
reads them and says what is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saleor_serials.errors import InvalidInput, NotFound, Required
from saleor_serials.host import host
from saleor_serials.host.shapes import PluginState, is_email
from saleor_serials.models import SerialStatus

PLUGIN_ID = "saleor.serials"
ACTIVE_BY_DEFAULT = True
# The largest number of an integer column.
MAX_LIMIT = 2**31 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One entry of the plugin's settings as Saleor shows it."""

    name: str
    default: str | bool
    label: str
    help_text: str


# The status of an order that assigns serials.
ASSIGN_ON = ("paid", "confirmed", "fulfilled")
# What an order may take; `free` always.
_ASSIGNABLE = (SerialStatus.FREE, SerialStatus.RESERVED, SerialStatus.UNASSIGNED)

FIELDS = (
    Field(
        name="assign_on",
        default="paid",
        label="Order status that assigns",
        help_text=(
            "Serials are assigned when an order is paid in full, or already when it is confirmed, "
            f"or not before it is fulfilled. One of: {', '.join(ASSIGN_ON)}."
        ),
    ),
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
        name="assignable_statuses",
        default="free, reserved",
        label="Statuses available for assignment",
        help_text=(
            "Orders take serials in these statuses: reserved ones for their own customer, "
            "unassigned ones for anybody. Those that a customer gave back go to the same customer "
            "again in any case. "
            f"Any of: {', '.join(_ASSIGNABLE)}; free must be among them."
        ),
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
        name="forget_on_release",
        default=False,
        label="Forget the old order",
        help_text=(
            "When a serial is given back, clear when it was assigned and sent. Its history stays."
        ),
    ),
    Field(
        name="pack_size_limit",
        default="1000",
        label="Size limit of packs",
        help_text=(
            "No pack takes more serials than this that are not yet handed out, unless it has a "
            "limit of its own. Empty: no limit."
        ),
    ),
    Field(
        name="batch_size_limit",
        default="500",
        label="Size limit of batches",
        help_text=(
            "No batch of a pack of the type batch has more serials than this, unless the pack has "
            "a limit of its own. Empty: no limit."
        ),
    ),
    Field(
        name="notice_recipients",
        default="",
        label="Recipients of notices",
        help_text=(
            "Who is told by e-mail that a pack runs low: addresses, separated by commas. Empty: "
            "whom Saleor tells about new orders, else the shop's own address."
        ),
    ),
    Field(
        name="stock_link",
        default=False,
        label="Stock follows serials",
        help_text=(
            "Keep the stock of linked variants at what their packs have left, for variants whose "
            "inventory Saleor tracks. Packs with a generator and unlimited packs set no limit."
        ),
    ),
    Field(
        name="stock_warehouse",
        default="",
        label="Warehouse whose stock follows",
        help_text="The slug of the warehouse. Needed where the stock follows serials.",
    ),
    Field(
        name="preview_length",
        default="100",
        label="Length of serials in lists",
        help_text="Previews of long serials are cut after so many characters.",
    ),
    Field(
        name="expose_in_metadata",
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
    """The settings, read and checked. A limit is None where there is none."""

    assign_on: str
    assignable_statuses: frozenset[SerialStatus]
    forget_on_release: bool
    pack_size_limit: int | None
    batch_size_limit: int | None
    notice_recipients: tuple[str, ...]
    stock_link: bool
    stock_warehouse: str
    preview_length: int
    send_email: bool
    shown_statuses: frozenset[SerialStatus]
    status_after_release: SerialStatus
    expose_in_metadata: bool
    automatic_fulfillment: bool

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Config":
        """Read the settings; missing ones take their default.

        Raises:
            InvalidInput: a value cannot be read; ``field`` names it.
        """
        given = {field.name: values.get(field.name, field.default) for field in FIELDS}
        config = cls(
            assign_on=_choice(given["assign_on"], ASSIGN_ON, field="assign_on"),
            assignable_statuses=_assignable(given["assignable_statuses"]),
            forget_on_release=_switch(given["forget_on_release"]),
            pack_size_limit=_limit(given["pack_size_limit"], field="pack_size_limit"),
            batch_size_limit=_limit(given["batch_size_limit"], field="batch_size_limit"),
            notice_recipients=_addresses(given["notice_recipients"]),
            stock_link=_switch(given["stock_link"]),
            stock_warehouse=str(given["stock_warehouse"] or "").strip(),
            preview_length=_limit(given["preview_length"], field="preview_length") or 100,
            send_email=_switch(given["send_email"]),
            shown_statuses=frozenset(_statuses(given["shown_statuses"], field="shown_statuses")),
            status_after_release=_status(
                given["status_after_release"], field="status_after_release"
            ),
            expose_in_metadata=_switch(given["expose_in_metadata"]),
            automatic_fulfillment=_switch(given["automatic_fulfillment"]),
        )
        config._check()
        return config

    def _check(self) -> None:
        if self.stock_link and not self.stock_warehouse:
            raise Required(
                "Name the warehouse whose stock is to follow the serials.", field="stock_warehouse"
            )
        if self.automatic_fulfillment and self.assign_on == "fulfilled":
            raise InvalidInput(
                "Serials that are assigned when an order is fulfilled cannot be what fulfils it; "
                "choose paid or confirmed for assign_on.",
                field="automatic_fulfillment",
            )


def check(values: Mapping[str, Any]) -> None:
    """See to it that settings can be read and fit the shop, before they are saved.

    Raises:
        InvalidInput: they cannot, or do not; ``field`` names what is wrong.
    """
    config = Config.parse(values)
    if config.stock_link and not host.has_warehouse(config.stock_warehouse):
        raise NotFound(
            f"There is no warehouse with the slug '{config.stock_warehouse}'.",
            field="stock_warehouse",
        )


def active_config() -> Config | None:
    """Read the settings as they are now; None while the plugin is switched off.

    An inactive plugin does nothing: not in hooks, not in signals, not in the sweeper.
    """
    state = _state()
    return Config.parse(state.configuration) if state.active else None


def load_config() -> Config:
    """Read the settings, switched on or not: customers always see what they hold."""
    return Config.parse(_state().configuration)


def _state() -> PluginState:
    state: PluginState = host.plugin_state(PLUGIN_ID, default_active=ACTIVE_BY_DEFAULT)
    return state


def _switch(value: Any) -> bool:
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)


def _choice(value: Any, choices: Sequence[str], *, field: str) -> str:
    choice = str(value or "").strip().lower()
    if choice not in choices:
        raise InvalidInput(f"'{choice}' is none of: {', '.join(choices)}.", field=field)
    return choice


def _assignable(value: Any) -> frozenset[SerialStatus]:
    field = "assignable_statuses"
    statuses = frozenset(_statuses(value, field=field))
    if SerialStatus.FREE not in statuses or not statuses <= set(_ASSIGNABLE):
        raise InvalidInput(
            f"Write free, and any of: {', '.join(_ASSIGNABLE[1:])}; nothing else can be assigned.",
            field=field,
        )
    return statuses


def _limit(value: Any, *, field: str) -> int | None:
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MAX_LIMIT):
        raise InvalidInput(
            f"'{text}' is not a number from 1 to {MAX_LIMIT:,}; leave it empty for the default.",
            field=field,
        )
    return int(text)


def _addresses(value: Any) -> tuple[str, ...]:
    addresses = tuple(part.strip() for part in str(value or "").split(",") if part.strip())
    for address in addresses:
        if not is_email(address):
            raise InvalidInput(f"'{address}' is not an e-mail address.", field="notice_recipients")
    return addresses


def _status(value: Any, *, field: str) -> SerialStatus:
    status = str(value or "").strip().lower()
    if status not in list(SerialStatus):
        raise InvalidInput(
            f"'{status}' is not a status; write one of: {', '.join(SerialStatus)}.", field=field
        )
    return SerialStatus(status)


def _statuses(value: Any, *, field: str) -> list[SerialStatus]:
    return [_status(part, field=field) for part in str(value or "").split(",") if part.strip()]
