"""The base class of consumers, also for third parties."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from saleor_serials.extensions.registry import Extension


@dataclass(frozen=True, kw_only=True, slots=True)
class Consumed:
    """A serial that was just consumed, and the customer; ``user_id`` is None for a guest."""

    serial_id: int
    pack_slug: str
    user_id: int | None
    at: datetime


class Consumer(Extension):
    """Acts when a serial is consumed. Registered by entry point in ``saleor_serials.consumers``.

    Beyond what it MUST as an extension, it MUST define ``consume``. ``needs_user`` MUST be true if
    it can do nothing for guests; it is then not called for them.
    """

    needs_user: ClassVar[bool] = False

    @abstractmethod
    def consume(self, consumed: Consumed) -> None:
        """Act, in the transaction that makes the serial used.

        What it writes into the database is committed with the serial, once, and not at all if it
        raises: the serial is then not used. What leaves the database it MUST send on commit.
        """
