"""Put the serials of a checked file into their packs, a chunk at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError
from django.utils import timezone

from saleor_serials import history
from saleor_serials.errors import Duplicate, StorageFailed
from saleor_serials.history import By
from saleor_serials.import_export import holders
from saleor_serials.import_export.columns import ImportRow
from saleor_serials.import_export.holders import Holder
from saleor_serials.import_export.rows import RowErrors
from saleor_serials.import_export.serials_check import Packs, import_rows
from saleor_serials.jobs import work
from saleor_serials.models import Batch, Job, Pack, SerialStatus
from saleor_serials.packs import lifecycle
from saleor_serials.serials import batches, limits, text, writing
from saleor_serials.serials.writing import Draft

# Up to so many rows are put in together, or not at all.
ALL_OR_NOTHING = 50_000


class _Clash(Exception):
    """A pack has got one of these serials since the file was checked."""

    def __init__(self, rows: Sequence[ImportRow]) -> None:
        super().__init__()
        self.rows = rows


def write(job: Job) -> Iterator[work.Step]:
    """Put in what is not done yet: all together, or a large file chunk by chunk.

    Raises:
        Refused: a pack has changed since the check; of the chunk, nothing was put in.
    """
    errors = RowErrors()
    known = Packs(job=job)
    chunks = import_rows(job, behind=job.done, errors=errors)
    for rows_together in _together(chunks, whole=job.total <= ALL_OR_NOTHING):
        filled: set[int] = set()
        try:
            with work.chunk(job):
                for rows in rows_together:
                    filled |= _write(job, rows, known)
                    job.done += len(rows)
                if errors:
                    raise errors.refusal()
        except _Clash as clash:
            raise _refusal_of(clash.rows, known) from None
        yield work.Step(job=job, filled=frozenset(filled))


def _together(
    chunks: Iterator[list[ImportRow]], *, whole: bool
) -> Iterator[Iterable[list[ImportRow]]]:
    """What is committed together: everything, or each chunk by itself."""
    return iter([chunks]) if whole else ([chunk] for chunk in chunks)


def _write(job: Job, rows: Sequence[ImportRow], known: Packs) -> set[int]:
    """Put one chunk in, in the caller's transaction; return the packs that it went into."""
    errors = RowErrors()
    known.look_up(rows)
    found = holders.find(rows, errors.add)
    if errors:
        raise errors.refusal()
    now = timezone.now()
    places = _places(job, rows, known)
    assigned = _assign(places, found, now=now) if found else {}
    for pack, quantity in sorted(_not_handed_out(places).items(), key=lambda each: each[0].pk):
        writing.lock(pack)
        limits.check_room(pack, quantity, field="file")
    for (pack, batch_id), group in places.items():
        drafts = [_draft(row, pack, found.get(row.number), assigned, now) for row in group]
        try:
            writing.write(pack, Batch(pk=batch_id), drafts, now=now)
        except IntegrityError:
            raise _Clash(group) from None
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


def _places(job: Job, rows: Sequence[ImportRow], known: Packs) -> _Places:
    """Sort rows by pack and batch; both are made with their first row."""
    named: dict[tuple[str, str], list[ImportRow]] = {}
    for row in rows:
        named.setdefault((row.pack, row.batch), []).append(row)
    places: dict[tuple[Pack, int], list[ImportRow]] = {}
    for group in job.settings["groups"]:
        slug, name, quantity, batch_id = group
        if (slug, name) not in named:
            continue
        pack = known.of(named[slug, name][0])
        if pack.pk is None:
            pack = known.known[slug] = lifecycle.create(
                name=pack.name, slug=slug, vendor_group_id=pack.vendor_group_id
            )
            _add_to_own_packs(job, pack)
        if batch_id is None:
            batch_id = group[3] = _begin_batch(job, pack, name=name, quantity=quantity)
        places[pack, batch_id] = named[slug, name]
    return places


def _add_to_own_packs(job: Job, pack: Pack) -> None:
    """Have a pack that the job has made be among its own."""
    for name in ("reach", "pack_ids"):
        ids = job.settings.get(name)
        if ids is not None or name == "pack_ids":
            job.settings[name] = [*(ids or ()), pack.pk]


def _begin_batch(job: Job, pack: Pack, *, name: str, quantity: int) -> int:
    batch = batches.begin_batch(
        pack,
        name=name or job.settings["batch_name"],
        quantity=quantity,
        actor=job.actor,
        reason="imported",
    )
    if len(job.settings["groups"]) == 1:
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
    if holder is None and row.status is SerialStatus.FREE:
        return Draft(
            data=row.data,
            extra=row.extra,
            assigned_at=row.assigned_at,
            delivered_at=row.delivered_at,
            expires_at=row.expires_at,
        )
    is_orders_alone = (
        holder is not None
        and holder.order is not None
        and holder.customer == holder.order.customer
        and not pack.assigns_user
    )
    is_held = row.number in assigned
    return Draft(
        data=row.data,
        extra=row.extra,
        status=row.status,
        customer="" if holder is None or is_orders_alone else holder.customer,
        assignment_id=assigned.get(row.number),
        assigned_at=row.assigned_at or (now if is_held else None),
        delivered_at=row.delivered_at,
        consumed_at=row.consumed_at,
        expires_at=row.expires_at,
    )


def _refusal_of(rows: Sequence[ImportRow], known: Packs) -> Exception:
    """Say which rows of one pack are there by now."""
    errors = RowErrors()
    digests = {text.digest_of(row.data): row for row in rows}
    there = writing.known(known.of(rows[0]), list(digests))
    for digest in there:
        errors.add(digests[digest].number, Duplicate(field="data"))
    return errors.refusal() if errors else StorageFailed()
