"""Make serials with a pack's generator, and count beforehand how many it can still make."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from saleor_serials.crypto import signer
from saleor_serials.errors import InvalidInput, InvalidInputs, NotEnough
from saleor_serials.extensions.generators import GeneratedSerial, Generator, generator
from saleor_serials.models import Pack
from saleor_serials.moments import moment
from saleor_serials.serials.counts import by_status
from saleor_serials.serials.text import complaint, digest_of, normalised
from saleor_serials.serials.writing import BLOCK, Draft, known, lock, positions
from saleor_serials.storable import storable_object

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
    return sum(by_status([pack.pk])[pack.pk].values())


def room(pack: Pack, needed: int) -> int | None:
    """Return how many new serials a pack's generator can make; None: no practical limit.

    One statement, or none. If the result could be less than ``needed``, every serial of the pack is
    compared with the generator, so that serials from elsewhere do not count. The result is not
    final: another transaction may be generating.

    Raises:
        InvalidInput: as for ``generator_of``.
    """
    capacity = _capacity(pack)
    return None if capacity is None else _left(pack, capacity, ever_had(pack), needed=needed)


def rooms(packs: Iterable[Pack]) -> dict[int, int | None]:
    """Return ``room`` by pack id; packs without a working generator are missing. One statement."""
    capacities = {pack: _capacity(pack) for pack in packs if _works(pack)}
    limited = {pack: capacity for pack, capacity in capacities.items() if capacity is not None}
    counts = by_status([pack.pk for pack in limited])
    return {
        pack.pk: _left(pack, capacity, sum(counts[pack.pk].values()), needed=0)
        for pack, capacity in limited.items()
    }


def _works(pack: Pack) -> bool:
    try:
        generator_of(pack)
    except (InvalidInput, InvalidInputs):  # it has none, or one that is not installed
        return False
    return True


def _capacity(pack: Pack) -> int | None:
    capacity = generator_of(pack).capacity()
    return None if capacity is None or capacity > _PLENTY else capacity


def _left(pack: Pack, capacity: int, ever_had: int, *, needed: int) -> int:
    left = capacity - ever_had
    if left >= needed:
        return left
    accepts = generator_of(pack).accepts
    texts = pack.serials.values_list("data", flat=True).iterator(chunk_size=5_000)
    return max(0, capacity - sum(map(accepts, texts)))


def check_fits(pack: Pack, quantity: int) -> None:
    """Check that a pack's generator can make so many new serials.

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
class PackGenerationContext:
    """What a generator may use, for this pack and in the caller's transaction."""

    pack: Pack
    now: datetime
    # The numbers taken for the serials in the making: how many, and their distance.
    _taken: list[tuple[int, int]] = field(default_factory=list)
    _signer: Callable[[bytes], bytes] | None = None

    @property
    def pack_slug(self) -> str:
        return str(self.pack.slug)

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

    def made_by(self, maker: Generator, count: int) -> Sequence[GeneratedSerial]:
        """Call the generator."""
        self._taken.clear()
        return maker.make(count, self)

    def give_back(self, unused: int, *, of: int) -> None:
        """Return the numbers of the last, unused serials, if each serial has one number.

        No other transaction has drawn since: the sequence's row stays locked until the caller's
        transaction ends.
        """
        match self._taken:
            case [(count, step)] if count == of and unused:
                self._move("known.next - %(by)s", start=0, by=unused * step)


# How many serials without a new one among them a generator may make, whatever the pack had; and
# how many more than that are worth the time.
_PATIENCE = 1_000
_MOST_TRIES = 3_000_000

_INSERT_NEW = """
INSERT INTO saleor_serials_serial
    (pack_id, data, digest, extra, status, position, customer, created_at, expires_at)
SELECT %(pack)s, data, digest, extra::jsonb, 'free', position, '', %(now)s, expires_at
FROM unnest(
    %(data)s::text[], %(digests)s::bytea[], %(extras)s::text[], %(positions)s::bigint[],
    %(expiries)s::timestamptz[]
) AS t(data, digest, extra, position, expires_at)
ON CONFLICT (pack_id, digest) DO NOTHING
RETURNING id
"""


def draw(pack: Pack, quantity: int, *, now: datetime) -> list[Draft]:
    """Make so many new serials with a pack's generator.

    The caller MUST hold the pack's lock until they are written, or another filler may draw the
    same. If the generator cannot make all of them, none is made.

    Raises:
        NotEnough: it cannot make so many; ``field`` is ``quantity``.
        InvalidInput: the pack has no generator, or its settings no longer serve.
        SigningKeyUnreadable: it signs, and the shop's secret has changed.
    """
    drawn: list[Draft] = []

    def keep(fresh: Mapping[bytes, Draft]) -> int:
        drawn.extend(fresh.values())
        return len(fresh)

    check_fits(pack, quantity)
    with transaction.atomic():
        if _make(pack, quantity, keep, now=now):
            raise NotEnough(field="quantity")
    return drawn


def generate_for_order(pack: Pack, quantity: int, *, now: datetime) -> list[int]:
    """Make serials for a line whose pack has none left, ``free`` and not yet committed.

    Limits do not apply: they never block a paid order. Returns their ids, fewer if the generator
    is exhausted.

    Raises:
        NotEnough, InvalidInput, SigningKeyUnreadable: as for ``draw``, where none can be made.
    """
    ids: list[int] = []

    def insert(fresh: Mapping[bytes, Draft]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_NEW,
                {
                    "pack": pack.pk,
                    "data": [draft.data for draft in fresh.values()],
                    "digests": list(fresh),
                    "extras": [json.dumps(draft.extra) for draft in fresh.values()],
                    "positions": list(positions(pack, len(fresh))),
                    "expiries": [draft.expires_at for draft in fresh.values()],
                    "now": now,
                },
            )
            inserted = [pk for (pk,) in cursor.fetchall()]
        ids.extend(inserted)
        return len(inserted)

    left = room(pack, quantity)
    if left is not None:
        # Two transactions that draw from few serials may insert the same ones, and deadlock.
        lock(pack)
    with transaction.atomic():
        _make(pack, quantity if left is None else min(quantity, left), insert, now=now)
        if quantity and not ids:
            raise NotEnough(field="quantity")
    return ids


def _make(
    pack: Pack, quantity: int, keep: Callable[[Mapping[bytes, Draft]], int], *, now: datetime
) -> int:
    """Call a pack's generator until ``keep`` has stored so many serials; it returns their number.

    ``keep`` gets new serials by digest, in the order in which they were made: a sequence's serials
    are handed out in that order. Returns how many are missing because the generator makes almost
    nothing new.
    """
    maker = generator_of(pack)
    context = PackGenerationContext(pack=pack, now=now)
    made_before: set[bytes] = set()
    ask, in_vain, patience = quantity, 0, _PATIENCE
    while quantity and in_vain <= patience:
        drafts = [_draft(made) for made in context.made_by(maker, ask)]
        digests = [digest_of(draft.data) for draft in drafts]
        had = known(pack, digests) | made_before
        fresh: dict[bytes, Draft] = {}
        used = 0
        for digest, draft in zip(digests, drafts, strict=True):
            if len(fresh) == quantity:
                break
            used += 1
            if digest not in had:
                fresh.setdefault(digest, draft)
        context.give_back(len(drafts) - used, of=len(drafts))
        made_before |= fresh.keys()
        stored = keep(fresh) if fresh else 0
        quantity -= stored
        if stored:
            in_vain, ask = 0, max(quantity, min(BLOCK, quantity * used // stored))
        else:
            if not in_vain:
                patience = _patience(ever_had(pack) + len(made_before))
            in_vain, ask = in_vain + ask, max(ask, min(BLOCK, ask * 4))
    return quantity


def _patience(ever_had: int) -> int:
    """Return how many serials without a new one among them a generator may make.

    A sequence passes every imported number once. One last serial that is left to draw at random is
    found within twenty times as many tries in all but one of half a billion cases.
    """
    return _PATIENCE + max(ever_had, min(20 * ever_had, _MOST_TRIES))


def _draft(made: GeneratedSerial) -> Draft:
    data = normalised(made.data)
    refusal = complaint(data)
    if refusal is not None:
        raise InvalidInput(
            f"The generator made what cannot be a serial: {refusal.message}", field="generator"
        )
    extra = storable_object(made.extra, field="generator")
    expires_at = made.expires_at and moment(made.expires_at, field="generator")
    return Draft(data=data, extra=extra, expires_at=expires_at)
