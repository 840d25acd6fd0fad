"""Write the serials of a checked file into their packs, a chunk at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError
from django.utils import timezone

from saleor_serials import history
from saleor_serials.assignments.holders import held_draft
from saleor_serials.errors import Duplicate, NotFound, StorageFailed
from saleor_serials.history import By
from saleor_serials.import_export import holders
from saleor_serials.import_export.columns import ImportRow
from saleor_serials.import_export.holders import Holder
from saleor_serials.import_export.plan import (
    ImportInput,
    ImportPlan,
    ImportProgress,
    PlannedBatch,
    PlannedPack,
)
from saleor_serials.import_export.rows import RowErrors
from saleor_serials.import_export.serials_check import import_rows
from saleor_serials.jobs import typed_json, work
from saleor_serials.models import Batch, Job, Pack, SerialStatus
from saleor_serials.packs import lifecycle
from saleor_serials.serials import batches, limits, text, writing
from saleor_serials.serials.writing import Draft

# Up to this many rows are committed together, or not at all.
ALL_OR_NOTHING = 50_000


class _Clash(Exception):
    """A pack has got one of these rows' serials since the file was checked."""

    def __init__(self, pack: Pack, rows: Sequence[ImportRow]) -> None:
        super().__init__()
        self.pack = pack
        self.rows = rows


def write(job: Job, input: ImportInput) -> Iterator[work.Step]:
    """Write the rows that are not written yet: all together, or a large file chunk by chunk.

    Raises:
        Refused: packs, orders or accounts have changed since the check; of the chunk, nothing was
            written.
    """
    errors = RowErrors()
    chunks = import_rows(job, input, behind=job.done, errors=errors)
    for rows_together in _together(chunks, whole=job.total <= ALL_OR_NOTHING):
        filled: set[int] = set()
        try:
            with work.chunk(job):
                for rows in rows_together:
                    filled |= _write(job, input, rows)
                    job.done += len(rows)
                if errors:
                    raise errors.refusal()
        except _Clash as clash:
            raise _refusal_of(clash) from None
        yield work.Step(job=job, filled=frozenset(filled))


def _together(
    chunks: Iterator[list[ImportRow]], *, whole: bool
) -> Iterator[Iterable[list[ImportRow]]]:
    """Group the chunks that are committed together: all of them, or each by itself."""
    return iter([chunks]) if whole else ([chunk] for chunk in chunks)


def _write(job: Job, input: ImportInput, rows: Sequence[ImportRow]) -> set[int]:
    """Write one chunk in the caller's transaction; return the ids of the packs it went into."""
    errors = RowErrors()
    # The check found these holders too, but it locked nothing, and a worker may resume hours later:
    # a line that was removed, or an account that was deleted, must not be given a serial.
    found = holders.find(rows, errors.add)
    if errors:
        raise errors.refusal()
    now = timezone.now()
    places = _places(job, input, rows)
    assigned = _assign(places, found, now=now) if found else {}
    # Packs are locked in one order, and after orders' records: as when an order is reconciled.
    for pack, quantity in sorted(_not_handed_out(places).items(), key=lambda each: each[0].pk):
        writing.lock(pack)
        # Under the lock: rivals that fill the same pack would together exceed its limit.
        limits.check_room(pack, quantity, field="file")
    for (pack, batch_id), group in places.items():
        drafts = [_draft(row, pack, found.get(row.number), assigned, now) for row in group]
        try:
            writing.write(pack, Batch(pk=batch_id), drafts, now=now)
        except IntegrityError:
            raise _Clash(pack, group) from None
        batches.grow_batch(batch_id, len(group))
    if assigned:
        batch_ids = {batch_id for _, batch_id in places}
        history.record_imported(
            set(assigned.values()),
            batch_ids=batch_ids,
            at=now,
            by=By(actor=job.actor, reason="imported"),
        )
    return {pack.pk for pack, _ in places}


def _assign(places: "_Places", found: Mapping[int, Holder], *, now: datetime) -> Mapping[int, int]:
    of_rows = [(row, pack.pk) for (pack, _), group in places.items() for row in group]
    return holders.assign(of_rows, found, now=now)


type _Places = Mapping[tuple[Pack, int], list[ImportRow]]


def _places(job: Job, input: ImportInput, rows: Sequence[ImportRow]) -> _Places:
    """Sort rows by pack and batch, as planned; create each with its first row."""
    named: dict[tuple[str, str], list[ImportRow]] = {}
    for row in rows:
        named.setdefault((row.pack, row.batch), []).append(row)
    progress = typed_json.load(ImportProgress, job.progress)
    packs, plan = _packs(job, input, progress.plan, {slug for slug, _ in named})
    places: dict[tuple[Pack, int], list[ImportRow]] = {}
    for planned in plan.batches:
        group = named.get((planned.pack, planned.name))
        if group is None:
            continue
        batch_id = planned.id
        if batch_id is None:
            batch_id = _begin_batch(job, input, packs[planned.pack], planned, plan)
            plan = plan.with_batch(replace(planned, id=batch_id))
        places[packs[planned.pack], batch_id] = group
    job.progress = typed_json.dump(replace(progress, plan=plan))
    return places


def _packs(
    job: Job, input: ImportInput, plan: ImportPlan, slugs: set[str]
) -> tuple[Mapping[str, Pack], ImportPlan]:
    """Read the planned packs with these slugs, and create those that are absent.

    They are read again for each chunk: staff may have archived one, or changed its limits.

    Raises:
        NotFound: one was deleted since the check.
        AlreadyExists: an absent one exists by now, and the requester may not use it.
    """
    needed = [each for each in plan.packs if each.slug in slugs]
    there = Pack.objects.in_bulk([each.id for each in needed if each.id is not None])
    packs = {}
    for planned in needed:
        if planned.id is None:
            pack = _create(planned, input)
            plan = plan.with_pack(replace(planned, id=pack.pk))
            job.pack_ids = [*(job.pack_ids or ()), pack.pk]
        elif planned.id in there:
            pack = there[planned.id]
        else:
            raise NotFound(f"The pack '{planned.slug}' is gone.", field="pack")
        packs[planned.slug] = pack
    return packs, plan


def _create(planned: PlannedPack, input: ImportInput) -> Pack:
    pack: Pack | None = Pack.objects.filter(slug=planned.slug).first()
    if pack is not None and input.allowed_pack_ids is None:
        return pack
    return lifecycle.create(
        name=planned.name, slug=planned.slug, vendor_group_id=input.vendor_group_id
    )


def _begin_batch(
    job: Job, input: ImportInput, pack: Pack, planned: PlannedBatch, plan: ImportPlan
) -> int:
    batch = batches.begin_batch(
        pack,
        name=planned.name or input.batch_name,
        quantity=planned.quantity,
        actor=job.actor,
        reason="imported",
    )
    if len(plan.batches) == 1:
        job.batch = batch
    pk: int = batch.pk
    return pk


def _not_handed_out(places: _Places) -> Counter[Pack]:
    counts: Counter[Pack] = Counter()
    for (pack, _), group in places.items():
        counts[pack] += sum(
            row.status in (SerialStatus.FREE, SerialStatus.RESERVED) for row in group
        )
    return counts


def _draft(
    row: ImportRow,
    pack: Pack,
    holder: Holder | None,
    assigned: Mapping[int, int],
    now: datetime,
) -> Draft:
    draft = Draft(
        data=row.data,
        extra=row.extra,
        assigned_at=row.assigned_at,
        delivered_at=row.delivered_at,
        expires_at=row.expires_at,
    )
    if holder is None and row.status is SerialStatus.FREE:
        return draft
    is_orders_alone = (
        holder is not None
        and holder.order is not None
        and holder.customer == holder.order.customer
        and not pack.assigns_user
    )
    is_held = row.number in assigned
    return held_draft(
        draft,
        row.status,
        customer="" if holder is None or is_orders_alone else holder.customer,
        assignment_id=assigned.get(row.number),
        assigned_at=row.assigned_at or (now if is_held else None),
        consumed_at=row.consumed_at,
    )


def _refusal_of(clash: _Clash) -> Exception:
    """Name the rows whose serials the pack has by now."""
    errors = RowErrors()
    digests = {text.digest_of(row.data): row for row in clash.rows}
    for digest in writing.known(clash.pack, list(digests)):
        errors.add(digests[digest].number, Duplicate(field="data"))
    return errors.refusal() if errors else StorageFailed()
