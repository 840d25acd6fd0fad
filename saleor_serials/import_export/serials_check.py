"""Check a whole file before any row is written, and name every row that is wrong."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from saleor_serials.errors import (
    AlreadyExists,
    Duplicate,
    InvalidInput,
    NotFound,
    Required,
    TooMany,
)
from saleor_serials.import_export import holders
from saleor_serials.import_export.columns import ImportRow, reader
from saleor_serials.import_export.plan import (
    ImportInput,
    ImportPlan,
    ImportProgress,
    PlannedBatch,
    PlannedPack,
)
from saleor_serials.import_export.rows import RowErrors, chunks
from saleor_serials.jobs import typed_json, work
from saleor_serials.models import Job, Pack, SerialStatus
from saleor_serials.serials import limits, text, writing

# The check holds these in memory, and the job's progress holds them as JSON.
_MAX_GROUPS = 1_000
_BUCKETS = 64
_NOT_HANDED_OUT = (SerialStatus.FREE, SerialStatus.RESERVED)


def import_rows(
    job: Job, input: ImportInput, *, behind: int, errors: RowErrors
) -> Iterator[list[ImportRow]]:
    """Read a job's file, a chunk at a time; a row that names no pack gets the job's own."""
    own = job.pack.slug if job.pack is not None else ""
    for rows in chunks(job, input.file_format, reader(input.header), behind=behind, errors=errors):
        for row in rows:
            if not row.pack:
                row.pack = own
        yield rows


@dataclass(kw_only=True, slots=True)
class _Packs:
    """The packs that a file names, by slug; a pack that the requester may not use is a refusal.

    ``created_ids``: packs that this job has created before it was interrupted.
    """

    input: ImportInput
    created_ids: frozenset[int]
    known: dict[str, Pack | InvalidInput] = field(default_factory=dict)

    def look_up(self, rows: Sequence[ImportRow]) -> None:
        """Find the packs that are named for the first time. One statement at most."""
        names: dict[str, str] = {}
        for row in rows:
            if row.pack not in self.known:
                names.setdefault(row.pack, row.pack_name)
        if not names:
            return
        there = {pack.slug: pack for pack in Pack.objects.filter(slug__in=list(names))}
        self.known |= {slug: self._found(there.get(slug), slug, names[slug]) for slug in names}

    def _found(self, pack: Pack | None, slug: str, name: str) -> Pack | InvalidInput:
        if not slug:
            return Required("Name the pack, here or in the call.", field="pack")
        allowed = self.input.allowed_pack_ids
        if pack is not None and (
            allowed is None or pack.pk in allowed or pack.pk in self.created_ids
        ):
            return pack
        if not self.input.create_packs:
            return NotFound(
                "There is no pack with this slug; create it, or have absent packs created.",
                field="pack",
            )
        if pack is not None:
            return AlreadyExists("Another pack has this slug.", field="pack")
        group = self.input.vendor_group_id
        return Pack(slug=slug, name=name.strip()[:250], vendor_group_id=group)

    def usable(self) -> list[Pack]:
        """List the packs that rows may go into."""
        return [pack for pack in self.known.values() if isinstance(pack, Pack)]


class _Seen:
    """The serials of a file, in eight bytes each, to find those that it has twice.

    In a file of a million, the chance that two different serials are taken for the same is 1 in 10
    million.
    """

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(_BUCKETS)]

    def add(self, digests: Sequence[bytes], pack: str) -> None:
        salt = hash(pack)
        for digest in digests:
            self._buckets[digest[0] % _BUCKETS].append(_key(digest, salt))

    def twice(self) -> set[int]:
        """The keys of those that were added more than once."""
        found = set()
        for bucket in self._buckets:
            before = None
            for key in sorted(bucket):
                if key == before:
                    found.add(key)
                before = key
        return found


def _key(digest: bytes, salt: int) -> int:
    # Its first byte stays as it is: the same serial of two packs comes into the same bucket.
    return int.from_bytes(digest[:8], "little") ^ ((salt << 8) & 0xFFFF_FFFF_FFFF_FFFF)


def check(job: Job, input: ImportInput) -> Iterator[work.Step]:
    """Check all of a job's rows that are not written, and plan their packs and batches.

    Yields while it reads, with nothing written. The errors of a dry run become the job's problems.

    Raises:
        Refused: some row, or all of them together, cannot be accepted.
    """
    errors = RowErrors()
    progress = typed_json.load(ImportProgress, job.progress)
    created = frozenset(pack.id for pack in progress.plan.packs if pack.id is not None)
    packs = _Packs(input=input, created_ids=created)
    seen = _Seen()
    groups: Counter[tuple[str, str]] = Counter()
    not_handed_out: Counter[str] = Counter()
    read = job.done
    for rows in import_rows(job, input, behind=job.done, errors=errors):
        read += len(rows)
        for pack, named in _by_pack(rows, packs, errors):
            _check_data(pack, named, seen, errors)
            groups.update((pack.slug, row.batch) for row in named)
            not_handed_out[pack.slug] += sum(row.status in _NOT_HANDED_OUT for row in named)
        holders.find(rows, errors.add)
        if len(groups) > _MAX_GROUPS:
            errors.add(
                None,
                TooMany(f"A file names at most {_MAX_GROUPS:,} packs and batches.", field="file"),
            )
            break
        progress = replace(progress, checked=read)
        work.heartbeat(job, progress)
        yield work.Step(job=job, may_pause=False)
    twice = seen.twice()
    if twice:
        _name_twice(job, input, twice, errors)
    _check_limits(packs, groups, not_handed_out, errors)
    if read == 0 and not errors:
        errors.add(None, Required("The file has no rows.", field="file"))
    if not job.done:
        job.total = read + errors.left_out
        progress = replace(progress, plan=_plan(packs, groups))
    if errors and not input.dry_run:
        raise errors.refusal()
    job.pack_ids = sorted(pack.pk for pack in packs.usable() if pack.pk) or None
    work.heartbeat(job, replace(progress, is_checked=True))
    if errors:
        work.record_problems(job, errors.first(), count=errors.count)


def _plan(packs: _Packs, groups: Counter[tuple[str, str]]) -> ImportPlan:
    return ImportPlan(
        packs=tuple(
            PlannedPack(slug=pack.slug, name=pack.name, id=pack.pk) for pack in packs.usable()
        ),
        batches=tuple(
            PlannedBatch(pack=slug, name=name, quantity=quantity)
            for (slug, name), quantity in groups.items()
        ),
    )


def _by_pack(
    rows: Sequence[ImportRow], packs: _Packs, errors: RowErrors
) -> Iterator[tuple[Pack, list[ImportRow]]]:
    """Sort rows by their pack; a row without a usable pack is an error."""
    packs.look_up(rows)
    named: dict[str, list[ImportRow]] = {}
    for row in rows:
        named.setdefault(row.pack, []).append(row)
    for slug, its_rows in named.items():
        pack = packs.known[slug]
        if isinstance(pack, Pack):
            yield pack, its_rows
            continue
        for row in its_rows:
            errors.add(row.number, pack)


def _check_data(pack: Pack, rows: Sequence[ImportRow], seen: _Seen, errors: RowErrors) -> None:
    """Name the rows whose serial the pack has, or had; remember all of them for ``twice``."""
    digests = [text.digest_of(row.data) for row in rows]
    seen.add(digests, pack.slug)
    known = writing.known(pack, digests) if pack.pk else set()
    for row, digest in zip(rows, digests, strict=True) if known else ():
        if digest in known:
            errors.add(row.number, Duplicate(field="data"))


def _name_twice(job: Job, input: ImportInput, twice: set[int], errors: RowErrors) -> None:
    """Read the file again, and name the rows whose serial an earlier row has."""
    first: dict[int, int] = dict.fromkeys(twice, 0)
    for rows in import_rows(job, input, behind=job.done, errors=RowErrors()):
        for row in rows:
            key = _key(text.digest_of(row.data), hash(row.pack))
            number = first.get(key)
            if number:
                errors.add(
                    row.number,
                    Duplicate(
                        f"This serial stands in the file twice; first in row {number:,}.",
                        field="data",
                    ),
                )
            elif number == 0:
                first[key] = row.number


def _check_limits(
    packs: _Packs,
    groups: Counter[tuple[str, str]],
    not_handed_out: Counter[str],
    errors: RowErrors,
) -> None:
    """Add an error for each pack, and each batch, that would become larger than it may be."""
    usable = {pack.slug: pack for pack in packs.usable()}
    for slug, pack in usable.items():
        _add_refusal(errors, limits.check_room, pack, not_handed_out[slug])
    for (slug, _), quantity in groups.items():
        _add_refusal(errors, limits.check_batch, usable[slug], quantity)


def _add_refusal(errors: RowErrors, check: Callable[..., None], pack: Pack, quantity: int) -> None:
    try:
        check(pack, quantity, field="file")
    except InvalidInput as refusal:
        errors.add(None, refusal)
