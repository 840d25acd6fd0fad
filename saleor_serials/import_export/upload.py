"""Files that staff upload: how each is to be read, and the job that imports it.

The job first reads the whole file and names every wrong row; then it inserts the rows, all of them
or none. A file of more than 50,000 rows is inserted chunk by chunk instead: a process that dies
loses the chunk at hand and nothing else.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import IO, Any

from django.db import transaction

from saleor_serials.access.packs import PackAccess, Right
from saleor_serials.errors import InvalidInput, Required, TooLong, without_details
from saleor_serials.import_export.columns import Column, names_of, read_header
from saleor_serials.import_export.plan import FileInput, ImportProgress
from saleor_serials.import_export.readers import csv, xlsx
from saleor_serials.import_export.readers.encoding import encoding_of, known_encoding
from saleor_serials.import_export.readers.formats import FileFormat, Format, UnreadableFile
from saleor_serials.import_export.rows import rows_of_file
from saleor_serials.jobs import typed_json, work
from saleor_serials.models import OPEN_JOBS, Job, JobKind, JobStatus, Pack

MAX_FILE_BYTES = 500_000_000
# Files of up to this many bytes are imported inside the request.
AT_ONCE = 250_000
_BLOCK = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportFile:
    """A file to import; what is None is found out.

    ``columns``: the file's own names of columns, each with the column it means; None: not read.
    """

    file: IO[bytes]
    name: str = ""
    format: Format | None = None
    encoding: str | None = None
    separator: str | None = None
    columns: Mapping[str, StrEnum | None] | None = None


def packs_with_rights(access: PackAccess, rights: set[Right]) -> tuple[int, ...] | None:
    """Return the ids of the packs for which somebody has all these rights; None: all packs."""
    if access.packs is None:
        return None
    allowed = (pk for pk in access.packs if all(access.may(right, pk) for right in rights))
    return tuple(sorted(allowed))


def examine[C: StrEnum](
    import_file: ImportFile, columns: type[C]
) -> tuple[FileFormat, tuple[C | None, ...]]:
    """Find out how a file is to be read, and read its header.

    Raises:
        Required: the file is empty.
        TooLong: it is larger than 500 MB.
        InvalidInput: there is no such encoding or separator; or the header is wrong.
        Unreadable: it is no text, or a text whose encoding cannot be told.
    """
    file_format = _format_of(import_file, words=names_of(columns))
    if file_format.format == Format.TEXT:
        if columns is not Column:
            raise InvalidInput("Links need a header; send CSV or XLSX.", field="format")
        return file_format, (columns("data"),)
    try:
        rows = rows_of_file(import_file.file, file_format)
        cells = next((cells for _, cells in rows if any(map(str.strip, cells))), [])
    except UnreadableFile as unreadable:
        raise unreadable.refusal from None
    return file_format, read_header(cells, columns, mapping=import_file.columns)


def _format_of(import_file: ImportFile, *, words: frozenset[str]) -> FileFormat:
    file, name, format = import_file.file, import_file.name.lower(), import_file.format
    size = file.seek(0, io.SEEK_END)
    if not size:
        raise Required("The file is empty.", field="file")
    if size > MAX_FILE_BYTES:
        raise TooLong(
            f"The file has more than {MAX_FILE_BYTES // 1_000_000} MB; split it.", field="file"
        )
    file.seek(0)
    if format is None and (file.read(4) == b"PK\3\4" or name.endswith(".xlsx")):
        format = Format.XLSX
    if format == Format.XLSX:
        xlsx.check(file)
        return FileFormat(format=format)
    if format is None and name.endswith(".csv"):
        format = Format.CSV
    given = import_file.encoding
    encoding = known_encoding(given) if given else encoding_of(file)
    if format == Format.TEXT:
        return FileFormat(format=format, encoding=encoding)
    ours = frozenset(csv.word_of(name) for name in import_file.columns or {})
    return _format_of_lines(import_file, format, encoding, words | ours)


def _format_of_lines(
    import_file: ImportFile, format: Format | None, encoding: str, words: frozenset[str]
) -> FileFormat:
    """Tell CSV from plain lines by the first line, unless the format is given."""
    import_file.file.seek(0)
    try:
        line = csv.first_line(import_file.file, encoding)
    except UnreadableFile as unreadable:
        raise unreadable.refusal from None
    finally:
        import_file.file.seek(0)
    separator = import_file.separator or csv.separator_of(line, words)
    if len(separator) != 1 or separator in '"\r\n\0' or ord(separator) > 0xFFFF:
        raise InvalidInput(
            "A separator is one character, such as a comma, a semicolon or a tab.",
            field="separator",
        )
    if format is None and not csv.has_header(line, separator, words):
        return FileFormat(format=Format.TEXT, encoding=encoding)
    return FileFormat(format=Format.CSV, encoding=encoding, separator=separator)


def create_job(
    kind: JobKind, import_file: ImportFile, input: FileInput, *, pack: Pack | None, actor: str
) -> Job:
    """Make a job that imports a file, or reopen the same import that was left half-way.

    The file is read once here: it is hashed while it is stored. A file that turns out to be one
    that was left half-way is handed over to its job.
    """
    digest = sha256()

    def hashed() -> Iterator[bytes]:
        for block in _blocks(import_file.file):
            digest.update(block)
            yield block

    with without_details(), transaction.atomic():
        job = work.create(
            kind,
            pack=pack,
            actor=actor,
            input=input,
            file_name=import_file.name[-255:].replace("\0", ""),
            file=hashed(),
        )
        job.file_digest = digest.hexdigest()
        job.save(update_fields=["file_digest"])
        before = _left_half_way(job)
        if before is None:
            return job
        if before.status == JobStatus.FAILED:
            progress = typed_json.load(ImportProgress, before.progress)
            before.progress = typed_json.dump(replace(progress, is_checked=False))
            work.reopen(before, with_file_of=job)
        job.delete()
    return before


def _left_half_way(job: Job) -> Job | None:
    """Find an earlier job that does the same import for the same actor, and did not finish."""
    alike = Job.objects.exclude(pk=job.pk).filter(
        kind=job.kind,
        pack=job.pack,
        actor=job.actor,
        file_digest=job.file_digest,
        status__in=[*OPEN_JOBS, JobStatus.FAILED],
    )
    before: Job
    for before in alike.order_by("-id"):
        is_begun = before.status != JobStatus.FAILED or 0 < before.done < before.total
        if is_begun and _compared(before) == _compared(job):
            return before
    return None


def _compared(job: Job) -> dict[str, Any]:
    """What two jobs were told, but for the requester's rights, which may have changed."""
    return {**job.input, "allowed_pack_ids": None}


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(_BLOCK):
        yield block
