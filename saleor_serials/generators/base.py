"""What a generator is: the one class that third parties build upon."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A serial that a generator made: its text, extra fields, and when it ceases to be valid."""

    data: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


class Workshop(Protocol):
    """What a generator may ask for while it makes serials; it belongs to one pack."""

    @property
    def pack_slug(self) -> str:
        """The pack's slug."""

    @property
    def now(self) -> datetime:
        """The moment of making, aware of its time zone."""

    def take_numbers(self, count: int, *, start: int, step: int) -> Sequence[int]:
        """Draw the pack's next numbers, which nobody else gets; none is below ``start``.

        Whoever takes ``count`` numbers for ``count`` serials, in their order, has the numbers of
        those that are not needed drawn again the next time.
        """

    def sign(self, message: bytes) -> bytes:
        """Sign with the pack's own Ed25519 key (64 bytes); the API gives the public key out."""


class SettingType(StrEnum):
    """What the value of a setting is, as JSON; a number is whole, a list is one of texts."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    OBJECT = "object"


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One entry of a generator's settings: its ``type`` is text, number, boolean, list or object.

    ``default`` is None where the setting must be given. ``at_least`` and ``at_most`` are the bounds
    of a number, or of the length of a text or list; ``choices``, if any, are the texts that a text
    or a list can have. Settings are held against all this before a generator sees them.
    """

    name: str
    type: str
    default: Any
    help_text: str
    choices: Sequence[str] = ()
    at_least: int = 0
    at_most: int = 1_000

    def __post_init__(self) -> None:
        SettingType(self.type)


class Generator(ABC):
    """Makes serials for a pack. Registered by entry point in ``saleor_serials.generators``.

    The entry point's name is the generator's name in packs and in the API; it MUST stay. A subclass
    MUST define ``label``, ``__init__`` and ``make``, and MUST refuse settings that it cannot work
    with in ``__init__``. It MAY define ``settings``, ``capacity`` and ``accepts``; ``signs`` MUST
    be true if it signs. It MUST NOT touch the database, keep state between calls, or log what it
    makes.
    """

    label: ClassVar[str]
    settings: ClassVar[Sequence[Setting]] = ()
    signs: ClassVar[bool] = False

    @abstractmethod
    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Read a pack's settings; each has the type, bounds and choices that it is declared with.

        Raises:
            InvalidInput: ``field`` is the name of the setting; the message says what to do.
        """

    def capacity(self) -> int | None:
        """Say how many distinct serials there can ever be; None: no practical limit."""
        return None

    def accepts(self, text: str) -> bool:
        """Tell whether a text could be one of its serials; asked when capacity runs out.

        Without an answer of its own, all that the pack ever had counts against the capacity.
        """
        return True

    @abstractmethod
    def make(self, count: int, workshop: Workshop) -> Sequence[Made]:
        """Make ``count`` serials.

        They SHOULD differ from each other and from all made before; who calls drops those that the
        pack ever had, and asks for more.
        """
