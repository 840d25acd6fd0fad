"""Import serials, and links, from files that staff upload.

First the whole file is read and every row that is wrong is named; then its rows are put in, all of
them or none. A file of more than 50,000 rows goes in chunk by chunk instead, and a process that
dies costs nothing but the chunk at hand.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import IO

from django.utils import timezone

from saleor_serials import jobs, supply
from saleor_serials.access import Reach, Right
from saleor_serials.errors import InvalidInput, NotAllowed, Required
from saleor_serials.importing import checking, files, linking, writing
from saleor_serials.importing.columns import HOLDER_COLUMNS, Column, names_of, read_header
from saleor_serials.importing.files import Form, Format
from saleor_serials.importing.linking import LinkColumn
from saleor_serials.importing.writing import ALL_OR_NOTHING
from saleor_serials.importing.xlsx import Broken
from saleor_serials.models import Job, JobKind, JobStatus, Pack

__all__ = [
    "ALL_OR_NOTHING",
    "AT_ONCE",
    "Column",
    "Format",
    "LinkColumn",
    "Sheet",
    "start",
    "start_links",
]

# Files up to so many bytes are imported while whoever sent them waits.
AT_ONCE = 250_000
_BLOCK = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A file that is to be imported; what is None is found out.

    ``columns``: what the file calls its columns, and which they are; None: left out.
    """

    file: IO[bytes]
    name: str = ""
    format: Format | None = None
    encoding: str | None = None
    separator: str | None = None
    columns: Mapping[str, StrEnum | None] | None = None


def start(
    sheet: Sheet,
    *,
    pack: Pack | None,
    actor: str,
    reach: Reach,
    sees_holders: bool,
    batch_name: str | None = None,
    create_packs: bool = False,
    dry_run: bool = False,
) -> Job:
    """Make a job that imports serials; what the file's beginning shows to be wrong is refused here.

    The same import that was left half-way is taken up again. ``reach`` is that of whoever asks,
    ``sees_holders`` whether they may say who holds serials.

    Raises:
        Required: the file is empty, or has no column ``data``; or nothing names a pack.
        InvalidInput, TooLong, Unreadable, Duplicate, NotFound: the file or its columns.
        NotAllowed: the columns name holders, or packs are to be made, and they may not.
    """
    supply.batch_name(batch_name, now=timezone.now())
    form, header = _examined(sheet, Column)
    if Column.DATA not in header:
        raise Required("The file needs a column called data.", field="columns")
    if pack is None and Column.PACK not in header:
        raise Required("Name a pack, or have a column called pack.", field="pack")
    rights = {Right.IMPORT}
    if held := [column for column in header if column in HOLDER_COLUMNS]:
        if not sees_holders:
            raise NotAllowed(
                f"The column {held[0]} takes the permission MANAGE_ORDERS as well.",
                field="columns",
            )
        rights.add(Right.ASSIGN)
    if pack is not None:
        for right in rights:
            reach.require(right, pack.pk, field="pack")
    return _start(
        JobKind.IMPORT,
        sheet,
        pack,
        actor,
        {
            "form": asdict(form),
            "header": list(header),
            "reach": _reached(reach, rights),
            "vendor_group": _group_of(reach) if create_packs else None,
            "create_packs": create_packs,
            "batch_name": batch_name,
            "dry_run": dry_run,
        },
    )


def start_links(
    sheet: Sheet, *, pack: Pack | None, actor: str, reach: Reach, dry_run: bool = False
) -> Job:
    """Make a job that imports links of variants (``sku``) and products with packs.

    Raises:
        Required: a column is missing.
        InvalidInput, TooLong, Unreadable, Duplicate, NotFound: the file or its columns.
        NotAllowed: the rights of a vendor do not include links with this pack.
    """
    form, header = _examined(sheet, LinkColumn)
    if LinkColumn.SKU not in header and LinkColumn.PRODUCT not in header:
        raise Required("The file needs a column called sku or product.", field="columns")
    if pack is None and LinkColumn.PACK not in header:
        raise Required("Name a pack, or have a column called pack.", field="pack")
    if pack is not None:
        reach.require(Right.LINK, pack.pk, field="pack")
    return _start(
        JobKind.IMPORT_LINKS,
        sheet,
        pack,
        actor,
        {
            "form": asdict(form),
            "header": list(header),
            "reach": _reached(reach, {Right.LINK}),
            "dry_run": dry_run,
        },
    )


def _reached(reach: Reach, rights: set[Right]) -> list[int] | None:
    if reach.packs is None:
        return None
    return sorted(pk for pk in reach.packs if all(reach.may(right, pk) for right in rights))


def _group_of(reach: Reach) -> int | None:
    """Say to which vendor a pack belongs that is made for whoever has this reach."""
    if reach.packs is None:
        return None
    groups = [pk for pk, rights in reach.groups.items() if {Right.EDIT, Right.IMPORT} <= rights]
    if len(groups) != 1:
        raise NotAllowed("You cannot have packs made here; make them first.", field="create_packs")
    return groups[0]


def _examined[C: StrEnum](sheet: Sheet, columns: type[C]) -> tuple[Form, tuple[C | None, ...]]:
    """Find out how a file is to be read, and read its header."""
    format, encoding = files.examine(
        sheet.file, name=sheet.name, format=sheet.format, encoding=sheet.encoding
    )
    if format == Format.XLSX:
        form = Form(format=format)
    else:
        form = _form_of_text(sheet, format, encoding, names_of(columns))
    if form.format == Format.TEXT:
        if columns is not Column:
            raise InvalidInput("Links need a header; send CSV or XLSX.", field="format")
        return form, (columns("data"),)
    try:
        rows = (cells for _, cells in files.rows(sheet.file, form) if any(map(str.strip, cells)))
        cells = next(rows, [])
    except Broken as broken:
        raise broken.refusal from None
    return form, read_header(cells, columns, mapping=sheet.columns)


def _form_of_text(
    sheet: Sheet, format: Format | None, encoding: str, words: frozenset[str]
) -> Form:
    if format == Format.TEXT:
        return Form(format=format, encoding=encoding)
    ours = frozenset(files.word_of(name) for name in sheet.columns or {})
    sheet.file.seek(0)
    try:
        line = files.first_line(sheet.file, encoding)
    except Broken as broken:
        raise broken.refusal from None
    finally:
        sheet.file.seek(0)
    separator = sheet.separator or files.separator_of(line, words | ours)
    if len(separator) != 1 or separator in '"\r\n\0' or ord(separator) > 0xFFFF:
        raise InvalidInput(
            "A separator is one character, such as a comma, a semicolon or a tab.",
            field="separator",
        )
    if format is None and not files.has_header(line, separator, words | ours):
        return Form(format=Format.TEXT, encoding=encoding)
    return Form(format=Format.CSV, encoding=encoding, separator=separator)


def _start(
    kind: JobKind,
    sheet: Sheet,
    pack: Pack | None,
    actor: str,
    settings: dict[str, object],
) -> Job:
    digest = sha256()
    for block in _blocks(sheet.file):
        digest.update(block)
    settings = {name: _plain(value) for name, value in settings.items()}
    settings["sha256"] = digest.hexdigest()
    before = _left_half_way(kind, pack, actor, settings)
    if before is None:
        return jobs.create(
            kind,
            pack=pack,
            actor=actor,
            settings=settings,
            file_name=sheet.name[-255:].replace("\0", ""),
            file=_blocks(sheet.file),
        )
    if before.status == JobStatus.FAILED:
        before.settings["is_checked"] = False
        jobs.reopen(before, _blocks(sheet.file))
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
        status__in=[*jobs.OPEN, JobStatus.FAILED],
    )
    for job in alike.order_by("-id"):
        begun = job.status != JobStatus.FAILED or 0 < job.done < job.total
        same = {name: job.settings.get(name) for name in settings if name != "reach"}
        if begun and same == {name: settings[name] for name in same}:
            return job
    return None


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0, io.SEEK_SET)
    while block := file.read(_BLOCK):
        yield block


@jobs.work(JobKind.IMPORT)
def _import(job: Job) -> Iterator[jobs.Step]:
    if not job.settings.get("is_checked"):
        yield from checking.check(job)
    if not job.settings["dry_run"]:
        yield from writing.write(job)


jobs.work(JobKind.IMPORT_LINKS)(linking.work)
