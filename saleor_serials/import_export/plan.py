"""Import serials, and links, from files that staff upload.

First the whole file is read and every row that is wrong is named; then its rows are put in, all of
them or none. A file of more than 50,000 rows goes in chunk by chunk instead, and a process that
dies costs nothing but the chunk at hand.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import IO

from saleor_serials.access.packs import PackAccess, Right
from saleor_serials.errors import InvalidInput
from saleor_serials.import_export.columns import Column, names_of, read_header
from saleor_serials.import_export.readers import csv, files
from saleor_serials.import_export.readers.formats import FileFormat, Format, UnreadableFile
from saleor_serials.jobs import work
from saleor_serials.models import OPEN_JOBS, Job, JobKind, JobStatus, Pack

# Files up to so many bytes are imported while whoever sent them waits.
AT_ONCE = 250_000
_BLOCK = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportFile:
    """A file that is to be imported; what is None is found out.

    ``columns``: what the file calls its columns, and which they are; None: left out.
    """

    file: IO[bytes]
    name: str = ""
    format: Format | None = None
    encoding: str | None = None
    separator: str | None = None
    columns: Mapping[str, StrEnum | None] | None = None


def packs_with_rights(access: PackAccess, rights: set[Right]) -> list[int] | None:
    if access.packs is None:
        return None
    return sorted(pk for pk in access.packs if all(access.may(right, pk) for right in rights))


def examine[C: StrEnum](
    import_file: ImportFile, columns: type[C]
) -> tuple[FileFormat, tuple[C | None, ...]]:
    """Find out how a file is to be read, and read its header."""
    format, encoding = files.examine(
        import_file.file,
        name=import_file.name,
        format=import_file.format,
        encoding=import_file.encoding,
    )
    if format == Format.XLSX:
        file_format = FileFormat(format=format)
    else:
        file_format = _format_of_text(import_file, format, encoding, names_of(columns))
    if file_format.format == Format.TEXT:
        if columns is not Column:
            raise InvalidInput("Links need a header; send CSV or XLSX.", field="format")
        return file_format, (columns("data"),)
    try:
        rows = (
            cells
            for _, cells in files.rows(import_file.file, file_format)
            if any(map(str.strip, cells))
        )
        cells = next(rows, [])
    except UnreadableFile as unreadable:
        raise unreadable.refusal from None
    return file_format, read_header(cells, columns, mapping=import_file.columns)


def _format_of_text(
    import_file: ImportFile, format: Format | None, encoding: str, words: frozenset[str]
) -> FileFormat:
    if format == Format.TEXT:
        return FileFormat(format=format, encoding=encoding)
    ours = frozenset(csv.word_of(name) for name in import_file.columns or {})
    import_file.file.seek(0)
    try:
        line = csv.first_line(import_file.file, encoding)
    except UnreadableFile as unreadable:
        raise unreadable.refusal from None
    finally:
        import_file.file.seek(0)
    separator = import_file.separator or csv.separator_of(line, words | ours)
    if len(separator) != 1 or separator in '"\r\n\0' or ord(separator) > 0xFFFF:
        raise InvalidInput(
            "A separator is one character, such as a comma, a semicolon or a tab.",
            field="separator",
        )
    if format is None and not csv.has_header(line, separator, words | ours):
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
