"""Which serials a staff action takes, and to whom they go."""

from collections.abc import Sequence
from dataclasses import dataclass

from saleor_serials.staff.action import check_quantity


@dataclass(frozen=True, slots=True)
class Serials:
    """These very serials."""

    ids: Sequence[int]

    def check(self) -> None:
        """Raise nothing: locking them checks them."""


@dataclass(frozen=True, slots=True)
class FromPack:
    """So many of a pack, which chooses them."""

    pack_id: int
    quantity: int

    def check(self) -> None:
        """Raise OutOfRange if the quantity is not 1 to 100."""
        check_quantity(self.quantity)


@dataclass(frozen=True, slots=True)
class Line:
    """An order line, by its text id."""

    line_id: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer's account."""

    user_id: int


type Selection = Serials | FromPack
type Target = Line | Customer
