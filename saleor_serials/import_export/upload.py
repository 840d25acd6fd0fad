"""Files that staff upload: how each is to be read, and the job that imports it.

The job first reads the whole file and names every wrong row; then it inserts the rows, all of them
or none. A file of more than 50,000 rows is inserted chunk by chunk instead: a process that dies
loses the chunk at hand and nothing else.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import IO

from saleor_serials.access.packs import PackAccess, Right
from saleor_serials.errors import InvalidInput, Required, TooLong
from saleor_serials.import_export.columns import Column, names_of, read_header
from saleor_serials.import_export.readers import csv, xlsx
from saleor_serials.import_export.readers.encoding import encoding_of, known_encoding
from saleor_serials.import_export.readers.formats import FileFormat, Format, UnreadableFile
from saleor_serials.import_export.rows import rows_of_file
from saleor_serials.jobs import work
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


def packs_with_rights(access: PackAccess, rights: set[Right]) -> list[int] | None:
    """Return the ids of the packs for which somebody has all these rights; None: all packs."""
    if access.packs is None:
        return None
    return sorted(pk for pk in access.packs if all(access.may(right, pk) for right in rights))


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
    kind: JobKind,
    import_file: ImportFile,
    pack: Pack | None,
    actor: str,
    settings: dict[str, object],
) -> Job:
    digest = sha256()
    for block in blocks(import_file.file):
        digest.update(block)
    settings = {name: _plain(value) for name, value in settings.items()}
    settings["sha256"] = digest.hexdigest()
    before = _left_half_way(kind, pack, actor, settings)
    if before is None:
        return work.create(
            kind,
            pack=pack,
            actor=actor,
            settings=settings,
            file_name=import_file.name[-255:].replace("\0", ""),
            file=blocks(import_file.file),
        )
    if before.status == JobStatus.FAILED:
        before.settings["is_checked"] = False
        work.reopen(before, blocks(import_file.file))
    return before


def _plain(value: object) -> object:
    """Bring a value to what JSON gives back, so that settings can be compared."""
    return list(value) if isinstance(value, tuple) else value


def _left_half_way(
    kind: JobKind, pack: Pack | None, actor: str, settings: dict[str, object]
) -> Job | None:
    """Find the same import, begun by the same person, that did not come to its end."""
    alike = Job.objects.filter(
        kind=kind,
        pack=pack,
        actor=actor,
        settings__sha256=settings["sha256"],
        status__in=[*OPEN_JOBS, JobStatus.FAILED],
    )
    for job in alike.order_by("-id"):
        begun = job.status != JobStatus.FAILED or 0 < job.done < job.total
        same = {name: job.settings.get(name) for name in settings if name != "reach"}
        if begun and same == {name: settings[name] for name in same}:
            return job
    return None


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0, io.SEEK_SET)
    while block := file.read(_BLOCK):
        yield block
