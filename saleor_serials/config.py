"""The shop-wide settings (mission C1), kept in Saleor's own plugin settings.

Saleor's settings are texts and switches, so lists are written as text. Each setting is one
attribute of ``Config``, with its ``Field``; ``Config.parse`` reads them and says what is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_type_hints

from saleor_serials.errors import InvalidInput, NotFound, Required
from saleor_serials.host import host
from saleor_serials.host.shapes import PluginState, is_email
from saleor_serials.models import SerialStatus

PLUGIN_ID = "saleor.serials"
# Where files of exports are downloaded, below the shop's own root.
EXPORTS_PATH = f"plugins/{PLUGIN_ID}/exports/"
ACTIVE_BY_DEFAULT = True
# The largest number of an integer column.
MAX_LIMIT = 2**31 - 1


# Reads the value of the setting of this name.
type Reader = Callable[[Any, str], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One entry of the plugin's settings as Saleor shows it, and how its value is read.

    ``read`` gets what Saleor has stored, and the setting's name; it raises InvalidInput.
    """

    name: str = ""
    default: str | bool
    read: Reader
    label: str
    help_text: str


# The status of an order that assigns serials.
ASSIGN_ON = ("paid", "confirmed", "fulfilled")
_PREVIEW_LENGTH = 100
# What an order may take; `free` always.
_ASSIGNABLE = (SerialStatus.FREE, SerialStatus.RESERVED, SerialStatus.UNASSIGNED)


def _switch(value: Any, field: str) -> bool:
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)


def _trimmed(value: Any, field: str) -> str:
    return str(value or "").strip()


def _one_of(choices: Sequence[str]) -> Reader:
    def read(value: Any, field: str) -> str:
        choice = str(value or "").strip().lower()
        if choice not in choices:
            raise InvalidInput(f"'{choice}' is none of: {', '.join(choices)}.", field=field)
        return choice

    return read


def _status(value: Any, field: str) -> SerialStatus:
    status = str(value or "").strip().lower()
    if status not in list(SerialStatus):
        raise InvalidInput(
            f"'{status}' is not a status; write one of: {', '.join(SerialStatus)}.", field=field
        )
    return SerialStatus(status)


def _statuses(value: Any, field: str) -> frozenset[SerialStatus]:
    return frozenset(_status(part, field) for part in str(value or "").split(",") if part.strip())


def _assignable(value: Any, field: str) -> frozenset[SerialStatus]:
    statuses = _statuses(value, field)
    if SerialStatus.FREE not in statuses or not statuses <= set(_ASSIGNABLE):
        raise InvalidInput(
            f"Write free, and any of: {', '.join(_ASSIGNABLE[1:])}; nothing else can be assigned.",
            field=field,
        )
    return statuses


def _limit(value: Any, field: str) -> int | None:
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MAX_LIMIT):
        raise InvalidInput(
            f"'{text}' is not a number from 1 to {MAX_LIMIT:,}; leave it empty for the default.",
            field=field,
        )
    return int(text)


def _length(value: Any, field: str) -> int:
    return _limit(value, field) or _PREVIEW_LENGTH


def _addresses(value: Any, field: str) -> tuple[str, ...]:
    addresses = tuple(part.strip() for part in str(value or "").split(",") if part.strip())
    for address in addresses:
        if not is_email(address):
            raise InvalidInput(f"'{address}' is not an e-mail address.", field=field)
    return addresses


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The settings, read and checked, in the order in which Saleor shows them.

    A limit is None where there is none.
    """

    assign_on: Annotated[
        str,
        Field(
            default="paid",
            read=_one_of(ASSIGN_ON),
            label="Order status that assigns",
            help_text=(
                "Serials are assigned when an order is paid in full, or already when it is "
                f"confirmed, or not before it is fulfilled. One of: {', '.join(ASSIGN_ON)}."
            ),
        ),
    ]
    send_email: Annotated[
        bool,
        Field(
            default=True,
            read=_switch,
            label="E-mail the serials",
            help_text="Send customers an e-mail with their serials.",
        ),
    ]
    shown_statuses: Annotated[
        frozenset[SerialStatus],
        Field(
            default="assigned, used",
            read=_statuses,
            label="Statuses shown to customers",
            help_text=(
                f"Customers see serials in these statuses. Any of: {', '.join(SerialStatus)}."
            ),
        ),
    ]
    assignable_statuses: Annotated[
        frozenset[SerialStatus],
        Field(
            default="free, reserved",
            read=_assignable,
            label="Statuses available for assignment",
            help_text=(
                "Orders take serials in these statuses: reserved ones for their own customer, "
                "unassigned ones for anybody. Those that a customer gave back go to the same "
                f"customer again in any case. Any of: {', '.join(_ASSIGNABLE)}; free must be "
                "among them."
            ),
        ),
    ]
    status_after_release: Annotated[
        SerialStatus,
        Field(
            default="unassigned",
            read=_status,
            label="Status after release",
            help_text=(
                "What becomes of the serials of a cancelled order or a removed line. After a "
                f"refund, the pack's own rule counts. One of: {', '.join(SerialStatus)}."
            ),
        ),
    ]
    forget_on_release: Annotated[
        bool,
        Field(
            default=False,
            read=_switch,
            label="Forget the old order",
            help_text=(
                "When a serial is given back, clear when it was assigned and sent. Its history "
                "stays."
            ),
        ),
    ]
    pack_size_limit: Annotated[
        int | None,
        Field(
            default="1000",
            read=_limit,
            label="Size limit of packs",
            help_text=(
                "No pack takes more serials than this that are not yet handed out, unless it "
                "has a limit of its own. Empty: no limit."
            ),
        ),
    ]
    batch_size_limit: Annotated[
        int | None,
        Field(
            default="500",
            read=_limit,
            label="Size limit of batches",
            help_text=(
                "No batch of a pack of the type batch has more serials than this, unless the "
                "pack has a limit of its own. Empty: no limit."
            ),
        ),
    ]
    notice_recipients: Annotated[
        tuple[str, ...],
        Field(
            default="",
            read=_addresses,
            label="Recipients of notices",
            help_text=(
                "Who is told by e-mail that a pack runs low: addresses, separated by commas. "
                "Empty: whom Saleor tells about new orders, else the shop's own address."
            ),
        ),
    ]
    stock_link: Annotated[
        bool,
        Field(
            default=False,
            read=_switch,
            label="Stock follows serials",
            help_text=(
                "Keep the stock of linked variants at what their packs have left, for variants "
                "whose inventory Saleor tracks. Packs with a generator and unlimited packs set "
                "no limit."
            ),
        ),
    ]
    stock_warehouse: Annotated[
        str,
        Field(
            default="",
            read=_trimmed,
            label="Warehouse whose stock follows",
            help_text="The slug of the warehouse. Needed where the stock follows serials.",
        ),
    ]
    preview_length: Annotated[
        int,
        Field(
            default="100",
            read=_length,
            label="Length of serials in lists",
            help_text="Previews of long serials are cut after so many characters.",
        ),
    ]
    expose_in_metadata: Annotated[
        bool,
        Field(
            default=False,
            read=_switch,
            label="Serials in the metadata of orders",
            help_text=(
                "Write the serials also into the private metadata of orders and their lines. "
                "Whoever may read that, staff, apps and receivers of webhooks, then sees them."
            ),
        ),
    ]
    automatic_fulfillment: Annotated[
        bool,
        Field(
            default=False,
            read=_switch,
            label="Fulfil what needs no shipping",
            help_text=(
                "Fulfil order lines that consist of nothing but delivered serials. Customers "
                "get no second e-mail about it."
            ),
        ),
    ]

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> "Config":
        """Read the settings; missing ones take their default.

        Raises:
            InvalidInput: a value cannot be read; ``field`` names it.
        """
        config = cls(
            **{
                each.name: each.read(values.get(each.name, each.default), each.name)
                for each in FIELDS
            }
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


FIELDS = tuple(
    replace(hint.__metadata__[0], name=name)
    for name, hint in get_type_hints(Config, include_extras=True).items()
)


def check(values: Mapping[str, Any]) -> None:
    """Check that settings can be read and fit the shop, before Saleor saves them.

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
