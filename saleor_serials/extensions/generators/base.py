"""What a generator is: the one class that third parties build upon."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from saleor_serials.extensions.registry import Extension


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneratedSerial:
    """A serial that a generator made: its text, extra fields, and when it ceases to be valid."""

    data: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


class GenerationContext(Protocol):
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


class Generator(Extension):
    """Makes serials for a pack. Registered by entry point in ``saleor_serials.generators``.

    Beyond what it MUST as an extension, it MUST define ``make``, and ``signs`` MUST be true if it
    signs. It MAY define ``capacity`` and ``accepts``. It MUST NOT touch the database.
    """

    signs: ClassVar[bool] = False

    def capacity(self) -> int | None:
        """Say how many distinct serials there can ever be; None: no practical limit."""
        return None

    def accepts(self, text: str) -> bool:
        """Tell whether a text could be one of its serials; asked when capacity runs out.

        Without an answer of its own, all that the pack ever had counts against the capacity.
        """
        return True

    @abstractmethod
    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        """Make ``count`` serials.

        They SHOULD differ from each other and from all made before; who calls drops those that the
        pack ever had, and asks for more.
        """
