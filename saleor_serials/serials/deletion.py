"""Delete serials: they stay for the history, are never handed out, and never come back.

A serial that somebody holds is skipped. Only serials that can be deleted are locked, in the order
of their ids, and allocation skips locked ones: no two transactions deadlock, and a serial is either
deleted or held.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from saleor_serials import history
from saleor_serials.errors import CountChanged, NotFound, Required, without_details
from saleor_serials.history import By, Move
from saleor_serials.jobs import files, typed_json, work
from saleor_serials.models import MAX_REASON, EventType, Job, JobKind, Serial, SerialStatus
from saleor_serials.serials import search
from saleor_serials.serials.search import Filter
from saleor_serials.storable import short_text

# Serials that one transaction deletes, in some tenths of a second.
CHUNK = 10_000
# Held by nobody, and not yet deleted.
DELETABLE = (SerialStatus.FREE, SerialStatus.RESERVED, SerialStatus.UNASSIGNED)

# One statement, so one snapshot: how many match, and the locks on those that can be deleted. The
# condition is repeated: PostgreSQL checks it again on rows that a rival changed before our lock.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class DeletionInput:
    """What a deletion is told; its serials' ids are the job's file, eight bytes for each."""

    reason: str


def delete(serial_ids: Sequence[int], *, actor: str, reason: str = "") -> Deleted:
    """Delete chosen serials in one transaction; more than 10,000 would hold locks for long.

    Raises:
        Required: there is none; ``field`` is ``ids``.
        NotFound: one is not there; nothing is deleted.
        TooLong, InvalidInput: the reason cannot be used.
    """
    if not serial_ids:
        raise Required("Name at least one serial, or a filter.", field="ids")
    reason = short_text(reason, field="reason", at_most=MAX_REASON)
    ids = list(dict.fromkeys(serial_ids))
    with without_details(), transaction.atomic():
        there = set(Serial.objects.filter(pk__in=ids).values_list("pk", flat=True))
        for index, pk in enumerate(serial_ids):
            if pk not in there:
                raise NotFound("There is no such serial.", field="ids", index=index)
        number, going = _lock("s.id = ANY(%(ids)s)", {"ids": ids})
        return _delete(number, going, actor=actor, reason=reason)


def delete_matching(
    criteria: Filter, *, expected: int | None, actor: str, reason: str = ""
) -> Deleted:
    """Delete all that a filter selects in one transaction; see ``delete`` for how many.

    ``expected``: how many they have to be; None: however many they are.

    Raises:
        CountChanged: they are more, or fewer; nothing is deleted. ``field`` is ``expected_count``.
        TooLong, InvalidInput: the reason cannot be used.
    """
    reason = short_text(reason, field="reason", at_most=MAX_REASON)
    if expected is not None:
        # Before anything is locked: it may be the whole table.
        _expect(search.count(criteria), expected)
    with without_details(), transaction.atomic():
        number, going = _lock(*search.condition(criteria))
        _expect(number, expected)
        return _delete(number, going, actor=actor, reason=reason)


def start(criteria: Filter, *, expected: int | None, actor: str, reason: str = "") -> Job:
    """Make a job that deletes all that a filter selects now; serials added later stay.

    Raises:
        CountChanged, TooLong, InvalidInput: as for ``delete_matching``.
    """
    reason = short_text(reason, field="reason", at_most=MAX_REASON)
    ids = _matching_ids(criteria)
    _expect(len(ids), expected)
    return work.create(
        JobKind.DELETE,
        actor=actor,
        total=len(ids),
        input=DeletionInput(reason=reason),
        pack_ids=criteria.pack_ids,
        file=[ids.tobytes()],
    )


def delete_filtered(job: Job) -> Iterator[work.Step]:
    """Delete what is left of a job's serials, a chunk at a time."""
    reason = typed_json.load(DeletionInput, job.input).reason
    with files.stored(job) as file:
        file.read(job.done * _ID_BYTES)
        while job.done < job.total:
            ids = array("q", file.read(CHUNK * _ID_BYTES))
            with work.chunk(job):
                _, going = _lock("s.id = ANY(%(ids)s)", {"ids": list(ids)})
                done = _delete(len(ids), going, actor=job.actor, reason=reason)
                job.done += len(ids)
                job.skipped += done.skipped
            yield work.Step(job=job, filled=done.pack_ids)


_ID_BYTES = 8


def _expect(number: int, expected: int | None) -> None:
    if expected is not None and number != expected:
        raise CountChanged(
            f"{number:,} serials match now, not {expected:,}; look at the list again.",
            field="expected_count",
        )


def _matching_ids(criteria: Filter) -> "array[int]":
    """Read the ids of the serials that match in one snapshot: eight bytes for each."""
    condition, values = search.condition(criteria)
    ids = array("q")
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT s.id FROM saleor_serials_serial AS s WHERE {condition} ORDER BY s.id", values
        )
        while rows := cursor.fetchmany(CHUNK):
            ids.extend(pk for (pk,) in rows)
    return ids


def _lock(condition: str, values: dict[str, object]) -> tuple[int, list[int]]:
    """Lock the serials that match and can be deleted; return how many match, and their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(condition=condition), values)
        number, going = cursor.fetchone()
    return number, going


def _delete(number: int, going: list[int], *, actor: str, reason: str) -> Deleted:
    """Delete locked serials; ``number`` counts those that were skipped as well."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_DELETE, {"ids": going})
        rows = cursor.fetchall()
    moves = [Move(serial_id=pk, was=was, now=SerialStatus.DELETED.value) for pk, was, _ in rows]
    by = By(actor=actor, reason=reason)
    history.record_serials(EventType.DELETED, moves, order=None, at=now, by=by)
    return Deleted(
        deleted=len(rows),
        skipped=number - len(rows),
        pack_ids=frozenset(pack_id for *_, pack_id in rows),
    )
