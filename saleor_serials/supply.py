"""Put serials into packs: the only code that makes them.

Whatever the way, pasted, imported or generated, a serial's text is brought to one form here, held
against all that the pack ever had, deleted ones included, and written together with its batch.
"""

import json
import re
import secrets
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import batched
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils import timezone

from saleor_serials import config, counting, history
from saleor_serials.errors import (
    InvalidInput,
    LimitReached,
    NotEnough,
    Required,
    TooLong,
)
from saleor_serials.generators import Made, generator
from saleor_serials.host import host
from saleor_serials.models import (
    MAX_DATA_BYTES,
    Batch,
    Pack,
    PackType,
    PickOrder,
    SerialStatus,
)
from saleor_serials.signing import sign

# Rows that one COPY takes in one go; about a megabyte.
_BLOCK = 5_000
# How often in a row a generator may make nothing but what the pack had before.
_FRUITLESS_ROUNDS = 5

_COLUMNS = (
    *("pack_id", "batch_id", "data", "digest", "extra", "status", "position", "customer"),
    *("assignment_id", "created_at", "assigned_at", "delivered_at", "consumed_at", "expires_at"),
)
_COPY = f"COPY saleor_serials_serial ({', '.join(_COLUMNS)}) FROM STDIN"

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A serial that is about to be made; ``data`` has been through ``normalised``."""

    data: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    status: SerialStatus = SerialStatus.FREE
    customer: str = ""
    assignment_id: int | None = None
    assigned_at: datetime | None = None
    delivered_at: datetime | None = None
    consumed_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_untouched(self) -> bool:
        """Whether nobody has it or had it."""
        return self.status is SerialStatus.FREE and not self.assigned_at and not self.delivered_at


def normalised(text: str) -> str:
    """Bring a serial's text to its one form: trimmed, in Unicode's NFC; letter case counts."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", text).strip()


def digest_of(text: str) -> bytes:
    """The SHA-256 of a serial's normalised text."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def complaint(text: str, *, index: int | None = None) -> InvalidInput | None:
    """Say what keeps a normalised text from being a serial; None if nothing does."""
    if not text:
        return Required("A serial cannot be empty.", field="data", index=index)
    if "\0" in text:
        return InvalidInput("A serial cannot hold a NUL character.", field="data", index=index)
    if text.isascii() and len(text) <= MAX_DATA_BYTES:
        return None
    if not is_unicode(text):
        return InvalidInput("This serial is not valid Unicode text.", field="data", index=index)
    if len(text) > MAX_DATA_BYTES or len(text.encode()) > MAX_DATA_BYTES:
        return TooLong("A serial has at most 64 KB.", field="data", index=index)
    return None


def is_unicode(text: str) -> bool:
    """Tell whether PostgreSQL can store a text, NUL characters aside."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def known(pack: Pack, digests: Sequence[bytes]) -> set[bytes]:
    """Find those digests that the pack has, deleted serials included. One statement."""
    with connection.cursor() as cursor:
        # Django takes longer to put ten thousand of them into a statement than this to run.
        cursor.execute(
            "SELECT digest FROM saleor_serials_serial"
            " WHERE pack_id = %s AND digest = ANY(%s::bytea[])",
            [pack.pk, list(digests)],
        )
        return {bytes(digest) for (digest,) in cursor.fetchall()}


def lock(pack: Pack) -> None:
    """Have other fillers of the pack wait until the caller's transaction ends.

    Only so can they keep its limits. Nobody who buys is kept waiting.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('saleor_serials.fill'), %s)",
            [pack.pk % 2**31],
        )


def check_room(pack: Pack, quantity: int, *, field: str) -> None:
    """See to it that a pack can take so many serials more. Hold its lock for this to be final.

    Raises:
        LimitReached: it would have more that are not yet handed out than its limit allows.
        InvalidInput: it is archived.
    """
    if pack.archived_at is not None:
        raise InvalidInput("This pack is archived; nothing is put into it.", field=field)
    limit = pack.size_limit if pack.size_limit is not None else config.read().pack_size_limit
    if not limit:
        return
    # A pack that is about to be made has no key yet.
    counts = counting.by_status([pack.pk])[pack.pk] if pack.pk else counting.none()
    there = counts[SerialStatus.FREE] + counts[SerialStatus.RESERVED]
    if there + quantity > limit:
        raise LimitReached(
            f"The pack has {there:,} serials that are not yet handed out, and can have at most "
            f"{limit:,}: it has room for {max(0, limit - there):,}. Raise the pack's sizeLimit (0: "
            "none), or the shop's pack_size_limit in the plugin's settings.",
            field=field,
        )


def check_batch(pack: Pack, quantity: int, *, field: str) -> None:
    """See to it that a batch of a pack may be so large.

    Raises:
        LimitReached: it may not; only packs of the type ``batch`` have a limit.
    """
    if pack.type != PackType.BATCH:
        return
    limit = pack.batch_limit if pack.batch_limit is not None else config.read().batch_size_limit
    if limit and quantity > limit:
        raise LimitReached(
            f"A batch of this pack has at most {limit:,} serials. Make several, or raise the "
            "pack's batchLimit (0: none) or the shop's batch_size_limit in the plugin's settings.",
            field=field,
        )


def make_batch(
    pack: Pack, *, name: str | None, quantity: int, actor: str, reason: str = ""
) -> Batch:
    """Make a batch that so many serials are about to be written for, and record it: once.

    Raises:
        InvalidInput, TooLong: the name cannot be used; ``field`` is ``batch_name``.
    """
    now = timezone.now()
    batch = Batch.objects.create(
        pack=pack, name=batch_name(name, now=now), quantity=quantity, created_at=now
    )
    history.record_batch(batch, actor=actor, reason=reason)
    return batch


def batch_name(name: str | None, *, now: datetime) -> str:
    """Read a batch's name, or name it after the date and time.

    Raises:
        InvalidInput, TooLong: it cannot be used; ``field`` is ``batch_name``.
    """
    name = (name or "").strip()
    if "\0" in name or not is_unicode(name):
        raise InvalidInput("This is not valid Unicode text.", field="batch_name")
    if len(name) > 250:
        raise TooLong("A batch's name has at most 250 characters.", field="batch_name")
    return name or timezone.localtime(now).strftime("%Y-%m-%d %H:%M:%S")


def begin_batch(
    pack: Pack, *, name: str | None, quantity: int, actor: str, reason: str = ""
) -> Batch:
    """Make a batch that ``grow_batch`` fills in chunks, and record it: once, as a whole."""
    batch = make_batch(pack, name=name, quantity=quantity, actor=actor, reason=reason)
    batch.quantity = 0
    batch.save(update_fields=["quantity"])
    return batch


def grow_batch(batch_id: int, quantity: int) -> None:
    """Count what was written for a batch in the caller's transaction."""
    Batch.objects.filter(pk=batch_id).update(quantity=F("quantity") + quantity)


def write(pack: Pack, batch: Batch | None, drafts: Sequence[Draft], *, now: datetime) -> None:
    """Write serials by COPY, in the caller's transaction.

    Raises:
        IntegrityError: the pack has one of them; the caller's transaction is lost.
    """
    host.copy_rows(_COPY, _lines(pack, batch, drafts, now=now))


def _lines(
    pack: Pack, batch: Batch | None, drafts: Sequence[Draft], *, now: datetime
) -> Iterator[bytes]:
    positions = iter(_positions(pack, len(drafts)))
    before = f"{pack.pk}\t{batch.pk if batch else _NULL}\t"
    created = now.isoformat()
    nobodys = f"\t\t{_NULL}\t{created}\t{_NULL}\t{_NULL}\t{_NULL}\t"
    for block in batched(drafts, _BLOCK):
        yield "".join(
            f"{before}{_text(draft.data)}\t\\\\x{digest_of(draft.data).hex()}\t"
            f"{_text(json.dumps(draft.extra)) if draft.extra else '{}'}\t{draft.status.value}\t"
            f"{position}{nobodys if draft.is_untouched else _holder(draft, created)}"
            f"{_NULL if draft.expires_at is None else draft.expires_at.isoformat()}\n"
            for draft, position in zip(block, positions, strict=False)
        ).encode()


def _holder(draft: Draft, created: str) -> str:
    return (
        f"\t{_text(draft.customer)}\t"
        f"{_NULL if draft.assignment_id is None else draft.assignment_id}\t{created}\t"
        f"{_time(draft.assigned_at)}\t{_time(draft.delivered_at)}\t{_time(draft.consumed_at)}\t"
    )


_NULL = "\\N"
# What COPY's text format reads as something else.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"[\\\t\n\r]")


def _text(text: str) -> str:
    return text.translate(_ESCAPES) if _ESCAPED.search(text) else text


def _time(moment: datetime | None) -> str:
    return _NULL if moment is None else moment.isoformat()


def _positions(pack: Pack, count: int) -> Iterable[int]:
    """Where new serials stand among the free ones: by age and in the order given, or at random."""
    if pack.pick_order == PickOrder.RANDOM:
        return [secrets.randbits(62) for _ in range(count)]
    start = time.time_ns()
    return range(start, start + count)


@dataclass(kw_only=True, slots=True)
class _Workshop:
    """What a generator may ask for, of this pack and in the caller's transaction."""

    pack: Pack
    now: datetime

    @property
    def pack_slug(self) -> str:
        return self.pack.slug

    def take_numbers(self, count: int, *, start: int, step: int) -> Sequence[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO saleor_serials_packsequence AS known (pack_id, next)
                VALUES (%(pack)s, %(start)s + %(taken)s)
                ON CONFLICT (pack_id) DO UPDATE SET next = known.next + %(taken)s
                RETURNING next
                """,
                {"pack": self.pack.pk, "start": start, "taken": count * step},
            )
            [after] = cursor.fetchone()
        return range(after - count * step, after, step)

    def sign(self, message: bytes) -> bytes:
        return sign(self.pack, message)


def draw(pack: Pack, quantity: int, *, now: datetime) -> list[Draft]:
    """Have a pack's generator make so many serials that the pack never had.

    Hold the pack's lock until they are written, or another filler may draw the same.

    Raises:
        NotEnough: it makes nothing new; ``field`` is ``quantity``.
        InvalidInput: the pack has no generator, or its settings no longer serve.
    """
    drawn: dict[bytes, Draft] = {}

    def keep_new(drafts: Sequence[Draft]) -> int:
        by_digest = {digest_of(draft.data): draft for draft in drafts}
        fresh = by_digest.keys() - drawn.keys() - known(pack, list(by_digest))
        # In the order in which they were made, which a sequence's serials are handed out in.
        drawn.update((digest, by_digest[digest]) for digest in by_digest if digest in fresh)
        return len(fresh)

    _make(pack, quantity, keep_new, now=now)
    return list(drawn.values())


def generate_for_order(pack: Pack, quantity: int, *, now: datetime) -> list[int]:
    """Make serials for a line that finds none, as ``free`` ones that nobody else sees yet.

    Limits do not matter: a paid order is never blocked by them. Returns their ids.

    Raises:
        NotEnough, InvalidInput: as for ``draw``.
    """
    ids: list[int] = []

    def insert_new(drafts: Sequence[Draft]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                _INSERT_NEW,
                {
                    "pack": pack.pk,
                    "data": [draft.data for draft in drafts],
                    "digests": [digest_of(draft.data) for draft in drafts],
                    "extras": [json.dumps(draft.extra) for draft in drafts],
                    "positions": list(_positions(pack, len(drafts))),
                    "expiries": [draft.expires_at for draft in drafts],
                    "now": now,
                },
            )
            fresh = [pk for (pk,) in cursor.fetchall()]
        ids.extend(fresh)
        return len(fresh)

    _make(pack, quantity, insert_new, now=now)
    return ids


def _make(
    pack: Pack, quantity: int, keep: Callable[[Sequence[Draft]], int], *, now: datetime
) -> None:
    """Have a pack's generator make serials until ``keep``, which counts the new, has so many."""
    maker = generator(pack.generator, pack.generator_settings)
    workshop = _Workshop(pack=pack, now=now)
    fruitless = 0
    while quantity:
        kept = keep([_draft(made) for made in maker.make(quantity, workshop)])
        quantity -= kept
        fruitless = 0 if kept else fruitless + 1
        if fruitless == _FRUITLESS_ROUNDS:
            raise NotEnough(
                "The generator makes nothing that the pack never had; change its settings, or "
                "ask for fewer.",
                field="quantity",
            )


def _draft(made: Made) -> Draft:
    data = normalised(made.data)
    refusal = complaint(data)
    if refusal is not None:
        raise InvalidInput(
            f"The generator made what cannot be a serial: {refusal.message}", field="generator"
        )
    return Draft(data=data, extra=made.extra, expires_at=made.expires_at)
