"""Write new serials into packs, by COPY.

Pasted, imported and generated serials are compared by digest with all that the pack ever had,
deleted ones included, and written together with their batch.
"""

import json
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import connection

from saleor_serials.host import host
from saleor_serials.models import Batch, Pack, PickOrder, SerialStatus
from saleor_serials.serials.text import digest_of

# Rows that one COPY takes in one go; about a megabyte.
BLOCK = 5_000

_COLUMNS = (
    *("pack_id", "batch_id", "data", "digest", "extra", "status", "position", "customer"),
    *("assignment_id", "created_at", "assigned_at", "delivered_at", "consumed_at", "expires_at"),
)

_COPY = f"COPY saleor_serials_serial ({', '.join(_COLUMNS)}) FROM STDIN"

_KNOWN = """
SELECT digest FROM saleor_serials_serial
WHERE pack_id = %(pack)s AND digest = ANY(%(digests)s::bytea[])
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
        """Whether no customer has it or had it."""
        return self.status is SerialStatus.FREE and not self.assigned_at and not self.delivered_at


def known(pack: Pack, digests: Sequence[bytes]) -> set[bytes]:
    """Find those digests that the pack has, deleted serials included. One statement."""
    # As one text: passing tens of thousands of values takes longer than looking for them.
    among = ",".join(f'"\\\\x{digest.hex()}"' for digest in digests)
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"pack": pack.pk, "digests": f"{{{among}}}"})
        return {bytes(digest) for (digest,) in cursor.fetchall()}


def lock(pack: Pack) -> None:
    """Take the pack's fill lock until the caller's transaction ends.

    Two fillers that count at the same time would exceed the pack's limits. Allocation does not take
    this lock, so that buyers never wait for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('saleor_serials.fill'), %s)",
            [pack.pk % 2**31],
        )


def write(pack: Pack, batch: Batch | None, drafts: Sequence[Draft], *, now: datetime) -> None:
    """Write serials by COPY, in the caller's transaction.

    Raises:
        IntegrityError: the pack has one of them; the caller's transaction is lost.
    """
    host.copy_rows(_COPY, _lines(pack, batch, drafts, now=now))


def _lines(
    pack: Pack, batch: Batch | None, drafts: Sequence[Draft], *, now: datetime
) -> Iterator[bytes]:
    places = iter(positions(pack, len(drafts)))
    before = f"{pack.pk}\t{batch.pk if batch else _NULL}\t"
    created = now.isoformat()
    nobodys = f"\t\t{_NULL}\t{created}\t{_NULL}\t{_NULL}\t{_NULL}\t"
    for block in batched(drafts, BLOCK):
        yield "".join(
            f"{before}{_text(draft.data)}\t\\\\x{digest_of(draft.data).hex()}\t"
            f"{_text(json.dumps(draft.extra)) if draft.extra else '{}'}\t{draft.status.value}\t"
            f"{position}{nobodys if draft.is_untouched else _holder(draft, created)}"
            f"{_NULL if draft.expires_at is None else draft.expires_at.isoformat()}\n"
            for draft, position in zip(block, places, strict=False)
        ).encode()


def _holder(draft: Draft, created: str) -> str:
    return (
        f"\t{_text(draft.customer)}\t"
        f"{_NULL if draft.assignment_id is None else draft.assignment_id}\t{created}\t"
        f"{_time(draft.assigned_at)}\t{_time(draft.delivered_at)}\t{_time(draft.consumed_at)}\t"
    )


_NULL = "\\N"

# Characters that COPY's text format must have escaped.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"[\\\t\n\r]")


def _text(text: str) -> str:
    return text.translate(_ESCAPES) if _ESCAPED.search(text) else text


def _time(moment: datetime | None) -> str:
    return _NULL if moment is None else moment.isoformat()


def positions(pack: Pack, count: int) -> Iterable[int]:
    """Return positions among the free serials for new ones: by age in this order, or random."""
    if pack.pick_order == PickOrder.RANDOM:
        return [secrets.randbits(62) for _ in range(count)]
    start = time.time_ns()
    return range(start, start + count)
