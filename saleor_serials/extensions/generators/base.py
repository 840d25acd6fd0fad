"""The base class of generators, also for third parties."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from saleor_serials.extensions.registry import Extension


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneratedSerial:
    """A serial that a generator made: its text, its extra fields, and when it expires."""

    data: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


class GenerationContext(Protocol):
    """What a generator may use while it makes serials for one pack."""

    @property
    def pack_slug(self) -> str:
        """The pack's slug."""

    @property
    def now(self) -> datetime:
        """The time of generation, with its time zone."""

    def take_numbers(self, count: int, *, start: int, step: int) -> Sequence[int]:
        """Draw the pack's next numbers, which no other call gets; none is below ``start``.

        If a generator takes ``count`` numbers for ``count`` serials, in their order, the numbers of
        unused serials are drawn again by the next call.
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
        """Return the number of distinct serials that are possible; None: no practical limit."""
        return None

    def accepts(self, text: str) -> bool:
        """Tell whether this generator could make a text; called when the capacity runs out.

        By default every serial that the pack ever had counts against the capacity.
        """
        return True

    @abstractmethod
    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        """Make ``count`` serials.

        They SHOULD differ from each other and from all made before; the caller drops those that the
        pack ever had, and calls again for the rest.
        """
