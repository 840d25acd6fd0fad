"""Read a whole file before anything is put into a pack, and complain of every row that is wrong."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from saleor_serials.errors import (
    AlreadyExists,
    Duplicate,
    InvalidInput,
    NotFound,
    Required,
    TooMany,
)
from saleor_serials.import_export import holders
from saleor_serials.import_export.columns import Column, ImportRow, reader
from saleor_serials.import_export.rows import RowErrors, chunks
from saleor_serials.jobs import work
from saleor_serials.models import Job, Pack, SerialStatus
from saleor_serials.serials import limits, text, writing

# Kept in memory while a file is read, and in the job.
_MAX_GROUPS = 1_000
_BUCKETS = 64
_NOT_HANDED_OUT = (SerialStatus.FREE, SerialStatus.RESERVED)


def import_rows(job: Job, *, behind: int, errors: RowErrors) -> Iterator[list[ImportRow]]:
    """Read a job's file as entries, a chunk at a time."""
    header = [column and Column(column) for column in job.settings["header"]]
    return chunks(job, reader(header), behind=behind, errors=errors)


@dataclass(kw_only=True, slots=True)
class Packs:
    """The packs that a file names, by slug; those out of reach are not there."""

    job: Job
    known: dict[str, Pack | InvalidInput] = field(default_factory=dict)

    def look_up(self, rows: Sequence[ImportRow]) -> None:
        """Find those that are named for the first time, and give each row its pack's slug.

        One statement at most.
        """
        names: dict[str, str] = {}
        own = self.job.pack.slug if self.job.pack is not None else ""
        for row in rows:
            if not row.pack:
                row.pack = own
            if row.pack not in self.known:
                names.setdefault(row.pack, row.pack_name)
        if not names:
            return
        there = {pack.slug: pack for pack in Pack.objects.filter(slug__in=list(names))}
        self.known |= {slug: self._found(there.get(slug), slug, names[slug]) for slug in names}

    def _found(self, pack: Pack | None, slug: str, name: str) -> Pack | InvalidInput:
        if not slug:
            return Required("Name the pack, here or in the call.", field="pack")
        access = self.job.settings["reach"]
        if pack is not None and (access is None or pack.pk in access):
            return pack
        if not self.job.settings["create_packs"]:
            return NotFound(
                "There is no pack with this slug; make it, or have absent packs made.",
                field="pack",
            )
        if pack is not None:
            return AlreadyExists("Another pack has this slug.", field="pack")
        group = self.job.settings["vendor_group"]
        return Pack(slug=slug, name=name.strip()[:250], vendor_group_id=group)

    def of(self, row: ImportRow) -> Pack:
        """Say which pack a row's serial goes into.

        Raises:
            InvalidInput: there is none.
        """
        found = self.known[row.pack]
        if isinstance(found, InvalidInput):
            raise found
        return found


class _Seen:
    """Which serials a file has had, in eight bytes each, and which it has twice.

    That two different ones are taken for the same is a chance of 1 in 10 million for a file of a
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


def check(job: Job) -> Iterator[work.Step]:
    """Check all of a job's rows that are not done; write down what is in the file.

    Yields while it reads, with nothing done. Complaints are written down if that was all that was
    asked for.

    Raises:
        Refused: some row, or all of them together, cannot be accepted.
    """
    errors = RowErrors()
    packs = Packs(job=job)
    seen = _Seen()
    groups: Counter[tuple[str, str]] = Counter()
    not_handed_out: Counter[str] = Counter()
    read = job.done
    for rows in import_rows(job, behind=job.done, errors=errors):
        read += len(rows)
        of_packs = _by_pack(rows, packs, errors)
        for slug, named in of_packs.items():
            _check_data(packs.of(named[0]), named, seen, errors)
            groups.update((slug, row.batch) for row in named)
            not_handed_out[slug] += sum(row.status in _NOT_HANDED_OUT for row in named)
        holders.find(rows, errors.add)
        if len(groups) > _MAX_GROUPS:
            errors.add(
                None,
                TooMany(f"A file names at most {_MAX_GROUPS:,} packs and batches.", field="file"),
            )
            break
        work.heartbeat(job, checked=read)
        yield work.Step(job=job, may_pause=False)
    twice = seen.twice()
    if twice:
        _name_twice(job, twice, packs, errors)
    _check_limits(packs, groups, not_handed_out, errors)
    if read == 0 and not errors:
        errors.add(None, Required("The file has no rows.", field="file"))
    if not job.done:
        job.total = read + errors.left_out
        job.settings["groups"] = [[*group, count, None] for group, count in groups.items()]
    if errors and not job.settings["dry_run"]:
        raise errors.refusal()
    known = [each for each in packs.known.values() if isinstance(each, Pack)]
    work.heartbeat(
        job,
        is_checked=True,
        pack_ids=sorted(pack.pk for pack in known if pack.pk) or None,
    )
    if errors:
        work.record_problems(job, errors.first(), count=errors.count)


def _by_pack(
    rows: Sequence[ImportRow], packs: Packs, errors: RowErrors
) -> dict[str, list[ImportRow]]:
    """Sort rows by the slug of their pack; complain of those that name none."""
    packs.look_up(rows)
    sorted_: dict[str, list[ImportRow]] = {}
    for row in rows:
        sorted_.setdefault(row.pack, []).append(row)
    for slug in list(sorted_):
        refusal = packs.known[slug]
        if isinstance(refusal, InvalidInput):
            for row in sorted_.pop(slug):
                errors.add(row.number, refusal)
    return sorted_


def _check_data(pack: Pack, rows: Sequence[ImportRow], seen: _Seen, errors: RowErrors) -> None:
    """Find what a pack has had before; note the rest, to be held against each other."""
    digests = [text.digest_of(row.data) for row in rows]
    seen.add(digests, pack.slug)
    known = writing.known(pack, digests) if pack.pk else set()
    for row, digest in zip(rows, digests, strict=True) if known else ():
        if digest in known:
            errors.add(row.number, Duplicate(field="data"))


def _name_twice(job: Job, twice: set[int], packs: Packs, errors: RowErrors) -> None:
    """Read the file again, to tell which rows are the same."""
    first: dict[int, int] = dict.fromkeys(twice, 0)
    for rows in import_rows(job, behind=job.done, errors=RowErrors()):
        packs.look_up(rows)
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
    packs: Packs,
    groups: Counter[tuple[str, str]],
    not_handed_out: Counter[str],
    errors: RowErrors,
) -> None:
    for slug, pack in packs.known.items():
        if isinstance(pack, Pack):
            _note(errors, limits.check_room, pack, not_handed_out[slug])
    for (slug, _), count in groups.items():
        pack = packs.known[slug]
        if isinstance(pack, Pack):
            _note(errors, limits.check_batch, pack, count)


def _note(errors: RowErrors, check: Callable[..., None], pack: Pack, quantity: int) -> None:
    try:
        check(pack, quantity, field="file")
    except InvalidInput as refusal:
        errors.add(None, refusal)
