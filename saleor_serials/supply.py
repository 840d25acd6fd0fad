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

from django.db import connection, transaction
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
from saleor_serials.generating import Workshop, check_fits, ever_had, generator_of, room
from saleor_serials.generators import Made
from saleor_serials.host import host
from saleor_serials.models import (
    MAX_DATA_BYTES,
    Batch,
    Pack,
    PackType,
    PickOrder,
    SerialStatus,
)

# Rows that one COPY takes in one go; about a megabyte.
_BLOCK = 5_000
# How many serials in a row a generator may make in vain, whatever the pack had; and how many more
# than that are worth the wait.
_PATIENCE = 1_000
_MOST_TRIES = 3_000_000

_COLUMNS = (
    *("pack_id", "batch_id", "data", "digest", "extra", "status", "position", "customer"),
    *("assignment_id", "created_at", "assigned_at", "delivered_at", "consumed_at", "expires_at"),
)
_COPY = f"COPY saleor_serials_serial ({', '.join(_COLUMNS)}) FROM STDIN"

_KNOWN = """
SELECT digest FROM saleor_serials_serial
WHERE pack_id = %(pack)s AND digest = ANY(%(digests)s::bytea[])
"""

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


def storable(text: str, *, field: str) -> str:
    """Refuse what PostgreSQL cannot store as text.

    Raises:
        InvalidInput: it cannot.
    """
    if "\0" in text or not is_unicode(text):
        raise InvalidInput("This is not valid Unicode text.", field=field)
    return text


def known(pack: Pack, digests: Sequence[bytes]) -> set[bytes]:
    """Find those digests that the pack has, deleted serials included. One statement."""
    # As one text: to pass tens of thousands of values takes longer than to look for them.
    among = ",".join(f'"\\\\x{digest.hex()}"' for digest in digests)
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"pack": pack.pk, "digests": f"{{{among}}}"})
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
    name = storable((name or "").strip(), field="batch_name")
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


def draw(pack: Pack, quantity: int, *, now: datetime) -> list[Draft]:
    """Have a pack's generator make so many serials that the pack never had.

    Hold the pack's lock until they are written, or another filler may draw the same. Nothing is
    made where there is not enough.

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
    """Make serials for a line that finds none, as ``free`` ones that nobody else sees yet.

    Limits do not matter: a paid order is never blocked by them. Returns their ids: fewer where the
    generator comes to its end.

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
                    "positions": list(_positions(pack, len(fresh))),
                    "expiries": [draft.expires_at for draft in fresh.values()],
                    "now": now,
                },
            )
            inserted = [pk for (pk,) in cursor.fetchall()]
        ids.extend(inserted)
        return len(inserted)

    left = room(pack, quantity)
    if left is not None:
        # Two who draw from few may draw the same ones, and each wait for the other's.
        lock(pack)
    with transaction.atomic():
        _make(pack, quantity if left is None else min(quantity, left), insert, now=now)
        if quantity and not ids:
            raise NotEnough(field="quantity")
    return ids


def _make(
    pack: Pack, quantity: int, keep: Callable[[Mapping[bytes, Draft]], int], *, now: datetime
) -> int:
    """Have a pack's generator make serials until ``keep`` has kept so many, and counted them.

    It is given what the pack never had, by digest, in the order in which it was made: a sequence's
    serials are handed out in that order. Returns how many are missing because the generator makes
    hardly anything new.
    """
    maker = generator_of(pack)
    workshop = Workshop(pack=pack, now=now)
    kept_before: set[bytes] = set()
    ask, in_vain, patience = quantity, 0, _PATIENCE
    while quantity and in_vain <= patience:
        drafts = [_draft(made) for made in workshop.made_by(maker, ask)]
        digests = [digest_of(draft.data) for draft in drafts]
        had = known(pack, digests) | kept_before
        fresh: dict[bytes, Draft] = {}
        used = 0
        for digest, draft in zip(digests, drafts, strict=True):
            if len(fresh) == quantity:
                break
            used += 1
            if digest not in had:
                fresh.setdefault(digest, draft)
        workshop.give_back(len(drafts) - used, of=len(drafts))
        kept_before |= fresh.keys()
        kept = keep(fresh) if fresh else 0
        quantity -= kept
        if kept:
            in_vain, ask = 0, max(quantity, min(_BLOCK, quantity * used // kept))
        else:
            if not in_vain:
                patience = _patience(ever_had(pack) + len(kept_before))
            in_vain, ask = in_vain + ask, max(ask, min(_BLOCK, ask * 4))
    return quantity


def _patience(ever_had: int) -> int:
    """How many serials in a row a generator may make in vain.

    A sequence passes all that was imported, once. Where one last serial is left to draw at random,
    it is found by twenty times as many tries in all but one of half a billion cases.
    """
    return _PATIENCE + max(ever_had, min(20 * ever_had, _MOST_TRIES))


def _draft(made: Made) -> Draft:
    data = normalised(made.data)
    refusal = complaint(data)
    if refusal is not None:
        raise InvalidInput(
            f"The generator made what cannot be a serial: {refusal.message}", field="generator"
        )
    return Draft(data=data, extra=made.extra, expires_at=made.expires_at)
