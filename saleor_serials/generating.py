"""A pack's generator: what it can still make, asked before anything is made, and where it works."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from saleor_serials import counting
from saleor_serials.errors import InvalidInput, NotEnough
from saleor_serials.generators import Generator, Made, generator
from saleor_serials.models import Pack
from saleor_serials.signing import signer

# No pack holds as many; with a capacity beyond it there is nothing to count.
_PLENTY = 10**12


def generator_of(pack: Pack) -> Generator:
    """Make a pack's generator ready to work.

    Raises:
        InvalidInput: it has none, or its settings no longer serve; ``field`` is ``generator`` or
            ``generator_settings``.
    """
    if not pack.generator:
        raise InvalidInput("This pack has no generator; choose one.", field="generator")
    return generator(pack.generator, pack.generator_settings)


def ever_had(pack: Pack) -> int:
    """Count all serials that a pack ever had, deleted ones included. One statement."""
    return sum(counting.by_status([pack.pk])[pack.pk].values())


def room(pack: Pack, wanted: int) -> int | None:
    """Say how many serials a pack's generator can make that the pack never had; None: plenty.

    One statement, or none. Where what it says could be fewer than are ``wanted``, every serial of
    the pack is held against the generator, so that those that came from elsewhere do not count.
    It is not the last word: a rival may be making some.

    Raises:
        InvalidInput: as for ``generator_of``.
    """
    capacity = _capacity(pack)
    return None if capacity is None else _left(pack, capacity, ever_had(pack), wanted=wanted)


def rooms(packs: Iterable[Pack]) -> dict[int, int | None]:
    """Say of packs what ``room`` says; missing where no generator is at work. One statement."""
    capacities = {pack: _capacity(pack) for pack in packs if _works(pack)}
    limited = {pack: capacity for pack, capacity in capacities.items() if capacity is not None}
    counts = counting.by_status([pack.pk for pack in limited])
    return {
        pack.pk: _left(pack, capacity, sum(counts[pack.pk].values()), wanted=0)
        for pack, capacity in limited.items()
    }


def _works(pack: Pack) -> bool:
    try:
        generator_of(pack)
    except InvalidInput:  # it has none, or whose package is gone
        return False
    return True


def _capacity(pack: Pack) -> int | None:
    capacity = generator_of(pack).capacity()
    return None if capacity is None or capacity > _PLENTY else capacity


def _left(pack: Pack, capacity: int, ever_had: int, *, wanted: int) -> int:
    left = capacity - ever_had
    if left >= wanted:
        return left
    accepts = generator_of(pack).accepts
    texts = pack.serials.values_list("data", flat=True).iterator(chunk_size=5_000)
    return max(0, capacity - sum(map(accepts, texts)))


def check_fits(pack: Pack, quantity: int) -> None:
    """See to it that a pack's generator can make so many serials that the pack never had.

    Raises:
        NotEnough: it cannot; ``field`` is ``quantity``.
        InvalidInput: as for ``generator_of``.
    """
    left = room(pack, quantity)
    if left is not None and left < quantity:
        raise NotEnough(
            f"With these settings the generator can make {left:,} serials that the pack never had. "
            "Ask for fewer, or change its settings: a longer pattern, more characters.",
            field="quantity",
        )


@dataclass(kw_only=True, slots=True)
class Workshop:
    """What a generator may ask for, of this pack and in the caller's transaction."""

    pack: Pack
    now: datetime
    # What was taken for the serials that are being made: how many numbers, how far apart.
    _taken: list[tuple[int, int]] = field(default_factory=list)
    _signer: Callable[[bytes], bytes] | None = None

    @property
    def pack_slug(self) -> str:
        return self.pack.slug

    def take_numbers(self, count: int, *, start: int, step: int) -> Sequence[int]:
        after = self._move("GREATEST(known.next, %(start)s) + %(by)s", start=start, by=count * step)
        self._taken.append((count, step))
        return range(after - count * step, after, step)

    def _move(self, to: str, *, start: int, by: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO saleor_serials_packsequence AS known (pack_id, next)
                VALUES (%(pack)s, %(start)s + %(by)s)
                ON CONFLICT (pack_id) DO UPDATE SET next = {to}
                RETURNING next
                """,
                {"pack": self.pack.pk, "start": start, "by": by},
            )
            [after] = cursor.fetchone()
        return int(after)

    def sign(self, message: bytes) -> bytes:
        if self._signer is None:
            self._signer = signer(self.pack)
        return self._signer(message)

    def made_by(self, maker: Generator, count: int) -> Sequence[Made]:
        """Have a generator make serials."""
        self._taken.clear()
        return maker.make(count, self)

    def give_back(self, unused: int, *, of: int) -> None:
        """Have the numbers of the last serials drawn again, where each has one.

        Nobody has drawn since: whoever wants to waits for the caller's transaction.
        """
        match self._taken:
            case [(count, step)] if count == of and unused:
                self._move("known.next - %(by)s", start=0, by=unused * step)
