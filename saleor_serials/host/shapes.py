"""The plain shapes that cross the seam between Saleor and the rest of the package."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from saleor_serials import customers


@dataclass(frozen=True, kw_only=True, slots=True)
class LineSnapshot:
    """One order line as it stands.

    ``returned`` counts the units with evidence, line by line, of a refund or a return.
    ``bought_at`` is the moment whose links are the line's terms.
    """

    id: str
    quantity: int
    returned: int
    variant_id: int | None
    product_id: int | None
    product_name: str
    variant_name: str
    sku: str
    bought_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderSnapshot:
    """One order as it stands, read from the writing database.

    ``placed``: no longer a draft. ``is_open``: placed, and neither cancelled nor expired nor
    waiting to be confirmed. ``paid``: what came in covers the price; ``prices_stale``: it covers
    the total, but not what the lines cost since they were edited. ``refunded`` is the amount paid
    back so far; ``fully_refunded``: all that came in was paid back. ``fulfilled``: nothing is left
    to fulfil. ``channel`` is a slug, empty where the host has no channels.
    """

    id: str
    number: str
    user_id: int | None
    email: str
    placed_at: datetime
    placed: bool
    is_open: bool
    paid: bool
    fulfilled: bool
    prices_stale: bool
    refunded: Decimal
    fully_refunded: bool
    currency: str
    channel: str
    lines: tuple[LineSnapshot, ...]

    @property
    def customer(self) -> str:
        """The customer's key: the account if there is one, else the address, else the order."""
        if self.user_id is not None:
            return customers.of_user(self.user_id)
        if self.email.strip():
            return customers.of_email(self.email)
        return customers.of_order(self.id)


def is_email(text: str) -> bool:
    """Tell whether a text can be an e-mail address: one @ with something on either side.

    Neither a space nor a comma, which would make it several in a mail's header.
    """
    return re.fullmatch(r"[^\s@,]+@[^\s@,]+", text) is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a pack is linked to: a ``variant`` or a ``product``."""

    kind: str
    id: int

    @property
    def key(self) -> str:
        """Name it in one word."""
        return f"{self.kind}:{self.id}"

    @classmethod
    def of(cls, key: str) -> "Target":
        """Read what ``key`` says."""
        kind, _, pk = key.partition(":")
        return cls(kind=kind, id=int(pk))


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Whom to tell about an order: ``email`` is empty where the order has none."""

    email: str
    language: str
    channel: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """How the shop sends its mail: ``connection`` is a Django mail connection, not yet open."""

    shop_name: str
    from_email: str
    connection: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who asks: a user, an app, or (neither) an anonymous visitor.

    ``permissions`` are those of ``MANAGE_PRODUCTS``, ``MANAGE_ORDERS`` and ``MANAGE_STAFF`` that
    they have. ``group_ids`` are the staff groups that they are in.
    """

    user_id: int | None = None
    app_id: int | None = None
    group_ids: frozenset[int] = frozenset()
    is_superuser: bool = False
    permissions: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """How the history names them."""
        if self.app_id is not None:
            return f"app:{self.app_id}"
        return f"user:{self.user_id}" if self.user_id is not None else "anonymous"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderOwner:
    """Who may see an order's serials: its user, or, for a guest's order, who has its ``token``."""

    user_id: int | None
    token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginState:
    """The plugin as the shop has set it; ``configuration`` maps each field's name to its value."""

    active: bool
    configuration: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """Orders that may have changed, oldest first, and where to go on from the next time."""

    order_ids: Sequence[str]
    cursor: Mapping[str, Any]
