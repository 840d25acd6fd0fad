"""Delete serials: they stay for the history, are never handed out, and never come back.

What somebody holds is not deleted but skipped. Serials are locked in the order of their ids, and
only those that can be deleted; whoever allocates skips what is locked. So nobody waits for each
other in a ring, and a serial is either deleted or held.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import batched

from django.db import connection, transaction
from django.utils import timezone

from saleor_serials import finding, history
from saleor_serials.errors import (
    CountChanged,
    InvalidInput,
    NotFound,
    Required,
    TooLong,
    without_details,
)
from saleor_serials.finding import Filter
from saleor_serials.history import By
from saleor_serials.models import EventType, Serial, SerialStatus
from saleor_serials.supply import is_unicode

# What one transaction deletes: some tenths of a second.
CHUNK = 10_000
# Held by nobody, and not yet deleted.
DELETABLE = (SerialStatus.FREE, SerialStatus.RESERVED, SerialStatus.UNASSIGNED)

_MAX_REASON = 250

# One statement, for one view of the data: how many there are, and the locks on what can go. What a
# rival changed before we had the lock is held against the condition once more.
_LOCK = f"""
WITH matching AS MATERIALIZED (
    SELECT s.id FROM saleor_serials_serial AS s WHERE {{condition}}
), going AS MATERIALIZED (
    SELECT s.id FROM saleor_serials_serial AS s
    WHERE s.id IN (SELECT id FROM matching)
        AND s.status IN ({", ".join(f"'{status}'" for status in DELETABLE)})
        AND {{condition}}
    ORDER BY s.id FOR UPDATE OF s
)
SELECT (SELECT count(*) FROM matching), ARRAY(SELECT id FROM going)
"""

_DELETE = """
UPDATE saleor_serials_serial AS s SET status = 'deleted'
FROM (SELECT id, status FROM saleor_serials_serial WHERE id = ANY(%(ids)s)) AS before
WHERE s.id = before.id
RETURNING s.id, before.status, s.pack_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deleted:
    """How many serials were deleted, and how many were skipped: held, or deleted before.

    ``pack_ids``: the packs that have fewer now.
    """

    deleted: int = 0
    skipped: int = 0
    pack_ids: frozenset[int] = frozenset()

    def __add__(self, other: "Deleted") -> "Deleted":
        return Deleted(
            deleted=self.deleted + other.deleted,
            skipped=self.skipped + other.skipped,
            pack_ids=self.pack_ids | other.pack_ids,
        )


# Called after each chunk with what was done of how many.
Progress = Callable[[Deleted, int], None]


def delete(serial_ids: Sequence[int], *, actor: str, reason: str = "") -> Deleted:
    """Delete chosen serials, in one transaction: up to 10,000, or others may wait for long.

    Raises:
        Required: there is none; ``field`` is ``ids``.
        NotFound: one is not there; nothing is deleted.
        TooLong, InvalidInput: the reason cannot be used.
    """
    if not serial_ids:
        raise Required("Name at least one serial, or a filter.", field="ids")
    reason = check_reason(reason)
    ids = list(dict.fromkeys(serial_ids))
    with without_details(), transaction.atomic():
        there = set(Serial.objects.filter(pk__in=ids).values_list("pk", flat=True))
        for index, pk in enumerate(serial_ids):
            if pk not in there:
                raise NotFound("There is no such serial.", field="ids", index=index)
        number, going = _lock("s.id = ANY(%(ids)s)", {"ids": ids})
        return _delete(number, going, actor=actor, reason=reason)


def delete_matching(
    wanted: Filter,
    *,
    expected: int,
    actor: str,
    reason: str = "",
    progress: Progress | None = None,
) -> Deleted:
    """Delete all that a filter lets through, if they are as many as expected.

    Up to 10,000 go in one transaction; more in several, after their ids are noted in one go:
    what comes under the filter later stays.

    Raises:
        CountChanged: they are more, or fewer; nothing is deleted. ``field`` is ``expected_count``.
        TooLong, InvalidInput: the reason cannot be used.
    """
    reason = check_reason(reason)
    if expected > CHUNK:
        ids = _note(wanted)
        _expect(len(ids), expected)
        return _delete_in_chunks(ids, actor=actor, reason=reason, progress=progress)
    # Before anything is locked: it may be the whole table.
    _expect(finding.count(wanted), expected)
    with without_details(), transaction.atomic():
        number, going = _lock(*finding.condition(wanted))
        _expect(number, expected)
        return _delete(number, going, actor=actor, reason=reason)


def delete_batch(
    batch_id: int, *, actor: str, reason: str = "", progress: Progress | None = None
) -> Deleted:
    """Delete the serials of a batch, whatever their number.

    Raises:
        TooLong, InvalidInput: the reason cannot be used.
    """
    reason = check_reason(reason)
    ids = _note(Filter(batch_ids=(batch_id,)))
    return _delete_in_chunks(ids, actor=actor, reason=reason, progress=progress)


def check_reason(reason: str) -> str:
    """Trim a reason.

    Raises:
        InvalidInput, TooLong: the history cannot hold it.
    """
    reason = reason.strip()
    if "\0" in reason or not is_unicode(reason):
        raise InvalidInput("This is not valid Unicode text.", field="reason")
    if len(reason) > _MAX_REASON:
        raise TooLong(f"A reason has at most {_MAX_REASON} characters.", field="reason")
    return reason


def _expect(number: int, expected: int) -> None:
    if number != expected:
        raise CountChanged(
            f"{number:,} serials match now, not {expected:,}; look at the list again.",
            field="expected_count",
        )


def _note(wanted: Filter) -> "array[int]":
    """Note which serials match at one moment, by id: eight bytes for each."""
    condition, values = finding.condition(wanted)
    ids = array("q")
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT s.id FROM saleor_serials_serial AS s WHERE {condition} ORDER BY s.id", values
        )
        while rows := cursor.fetchmany(CHUNK):
            ids.extend(pk for (pk,) in rows)
    return ids


def _delete_in_chunks(
    ids: "array[int]", *, actor: str, reason: str, progress: Progress | None
) -> Deleted:
    done = Deleted()
    for chunk in batched(ids, CHUNK):
        with without_details(), transaction.atomic():
            _, going = _lock("s.id = ANY(%(ids)s)", {"ids": list(chunk)})
            done += _delete(len(chunk), going, actor=actor, reason=reason)
        if progress is not None:
            progress(done, len(ids))
    return done


def _lock(condition: str, values: dict[str, object]) -> tuple[int, list[int]]:
    """Lock the serials that match and can be deleted: how many match, and the ids of those."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(condition=condition), values)
        number, going = cursor.fetchone()
    return number, going


def _delete(number: int, going: list[int], *, actor: str, reason: str) -> Deleted:
    """Delete serials that are locked, of so many that were meant."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, {"ids": going})
        rows = cursor.fetchall()
    moves = [(pk, "", was, SerialStatus.DELETED.value) for pk, was, _ in rows]
    by = By(actor=actor, reason=reason)
    history.record_serials(EventType.DELETED, moves, order=None, at=now, by=by)
    return Deleted(
        deleted=len(rows),
        skipped=number - len(rows),
        pack_ids=frozenset(pack_id for *_, pack_id in rows),
    )
