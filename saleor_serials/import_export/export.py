"""Write the serials of any filtered list into a file, which waits in the database to be fetched.

What a spreadsheet would read as a formula gets an apostrophe before it, which an import takes away
again: a file that was exported can be imported as it is.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from tempfile import TemporaryFile
from typing import Any

from django.contrib.auth import get_user_model
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from saleor_serials.access.packs import PackAccess
from saleor_serials.customers import email_of, of_user, user_id_of
from saleor_serials.errors import TooLong, TooMany
from saleor_serials.import_export.columns import HOLDER_COLUMNS, Column, neutralised
from saleor_serials.jobs import files, typed_json, work
from saleor_serials.models import Assignment, Batch, Job, JobKind, Pack, Serial
from saleor_serials.serials import search
from saleor_serials.serials.search import Cursor, Filter, Page

# Up to this many rows are exported inside the request.
AT_ONCE = 1_000
_CHUNK = 5_000
_MAX_XLSX_ROWS = 1_048_575
_MAX_XLSX_CELL = 32_767


class Format(StrEnum):
    """What kind of file is written."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportInput:
    """What an export is told; its filter is the first part of the job's file."""

    format: Format
    sees_holders: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportProgress:
    """Behind which serial the next page begins, and whether the file is whole."""

    after: Cursor | None = None
    is_written: bool = False


def start_export(
    criteria: Filter, *, format: Format, actor: str, access: PackAccess, sees_holders: bool
) -> Job:
    """Make a job that exports the serials that a filter selects, of packs the requester may see.

    The file names holders only if ``sees_holders``.
    """
    criteria = criteria.within(access.packs)
    return work.create(
        JobKind.EXPORT,
        actor=actor,
        input=ExportInput(format=format, sees_holders=sees_holders),
        pack_ids=criteria.pack_ids,
        # The text that a filter searches for may be a serial, which no column of a job may hold.
        file=[json.dumps(typed_json.dump(criteria)).encode()],
        file_name=f"serials.{format}",
    )


def is_small(criteria: Filter) -> bool:
    """Tell whether an export is done inside the request. Reads counts, and no serial's data."""
    number = search.counts([criteria], limit=AT_ONCE)[criteria]
    return number is not None and number <= AT_ONCE


def names_holders(job: Job) -> bool:
    """Tell whether the file of an export says who holds the serials."""
    return typed_json.load(ExportInput, job.input).sees_holders


def blocks(job: Job) -> Iterator[bytes]:
    """Read the file that an export has written, part by part."""
    number = 1
    while (block := files.part(job.pk, number)) is not None:
        yield block
        number += 1


def export(job: Job) -> Iterator[work.Step]:
    """Write what is not written yet of a job's file."""
    if _progress(job).is_written:
        return
    input = typed_json.load(ExportInput, job.input)
    criteria = typed_json.load(Filter, json.loads(files.part(job.pk, 0) or b"{}"))
    if job.total is None:
        with work.chunk(job):
            job.total = search.count(criteria)
        yield work.Step(job=job)
    columns = [each for each in Column if each not in HOLDER_COLUMNS or input.sees_holders]
    write = _write_xlsx if input.format == Format.XLSX else _write_csv
    yield from write(job, criteria, columns)


def _progress(job: Job) -> ExportProgress:
    return typed_json.load(ExportProgress, job.progress)


def _write_csv(job: Job, criteria: Filter, columns: Sequence[Column]) -> Iterator[work.Step]:
    while not _progress(job).is_written:
        with work.chunk(job):
            after = _progress(job).after
            found = search.find(criteria, Page(limit=_CHUNK, after=after))
            text = io.StringIO(newline="")
            writer = csv.writer(text)
            if after is None:
                # By this mark Excel knows the encoding.
                text.write("\ufeff")
                writer.writerow([column.value for column in columns])
            writer.writerows(_rows(found.rows, columns))
            files.store(job, [text.getvalue().encode()])
            _move_on(job, criteria, found.rows)
            if not found.more:
                _end(job)
        yield work.Step(job=job)


def _move_on(job: Job, criteria: Filter, rows: Sequence[Serial]) -> None:
    """Set behind which serial the next page begins."""
    last = criteria.sort.position(rows[-1]) if rows else Cursor(id=0)
    job.progress = typed_json.dump(ExportProgress(after=last))
    job.done += len(rows)


def _end(job: Job) -> None:
    """Remove the filter from the job's file, and count what was written.

    Serials may have been added or deleted since the job's total was counted.
    """
    job.progress = typed_json.dump(ExportProgress(is_written=True))
    job.total = job.done
    job.parts.filter(number=0).delete()


def _write_xlsx(job: Job, criteria: Filter, columns: Sequence[Column]) -> Iterator[work.Step]:
    """Write a workbook. It cannot be written in parts: a worker that is killed begins again."""
    if job.total > _MAX_XLSX_ROWS:
        raise TooMany(
            f"XLSX takes {_MAX_XLSX_ROWS:,} rows, and there are {job.total:,}; export as CSV.",
            field="format",
        )
    with work.chunk(job):
        job.done = 0
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Serials")
    sheet.append([column.value for column in columns])
    page = Page(limit=_CHUNK)
    more = True
    while more:
        with work.chunk(job):
            found = search.find(criteria, page)
            for row in _rows(found.rows, columns):
                sheet.append([_cell(sheet, text) for text in row])
            _move_on(job, criteria, found.rows)
        page, more = Page(limit=_CHUNK, after=_progress(job).after), found.more
        yield work.Step(job=job, may_pause=False)
    with TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        with work.chunk(job):
            files.store(job, iter(lambda: file.read(files.PART_BYTES), b""))
            _end(job)
    yield work.Step(job=job)


# What XML cannot say, and what would be read as such.
_UNSAYABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def _cell(sheet: Any, text: str) -> Any:
    if not text:
        return None
    text = _UNSAYABLE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    if len(text) > _MAX_XLSX_CELL:
        raise TooLong(
            f"A cell of XLSX takes {_MAX_XLSX_CELL:,} characters, and some serial has more; "
            "export as CSV.",
            field="format",
        )
    cell = WriteOnlyCell(sheet, value=text)
    # Else openpyxl guesses formulas and numbers.
    cell.data_type = "s"
    return cell


def _rows(serials: Sequence[Serial], columns: Iterable[Column]) -> Iterator[list[str]]:
    """Write serials as rows of cells. Four statements, however many serials."""
    assignments = Assignment.objects.select_related("order").in_bulk(
        {serial.assignment_id for serial in serials if serial.assignment_id}
    )
    packs = Pack.objects.in_bulk({serial.pack_id for serial in serials})
    batches = Batch.objects.in_bulk({serial.batch_id for serial in serials if serial.batch_id})
    emails = _emails(serial.customer for serial in serials)
    for serial in serials:
        assignment = assignments.get(serial.assignment_id)
        order = assignment.order if assignment else None
        batch = batches.get(serial.batch_id)
        cells = {
            Column.DATA: serial.data,
            Column.STATUS: serial.status,
            Column.EXTRA: json.dumps(serial.extra, ensure_ascii=False) if serial.extra else "",
            Column.CUSTOMER: _customer(serial.customer, emails),
            Column.ORDER: order.number if order else "",
            Column.ORDER_LINE: assignment.line_id if assignment else "",
            Column.ASSIGNED_AT: _moment(serial.assigned_at),
            Column.DELIVERED_AT: _moment(serial.delivered_at),
            Column.CONSUMED_AT: _moment(serial.consumed_at),
            Column.EXPIRES_AT: _moment(serial.expires_at),
            Column.PACK: packs[serial.pack_id].slug,
            Column.BATCH: batch.name if batch else "",
            Column.CREATED_AT: _moment(serial.created_at),
        }
        yield [neutralised(cells[column]) for column in columns]


def _moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _emails(keys: Iterable[str]) -> dict[str, str]:
    """Find the addresses of accounts by their customer keys. One statement."""
    ids = {user_id_of(key) for key in keys} - {None}
    rows = get_user_model().objects.filter(pk__in=ids).values_list("pk", "email")
    return {of_user(pk): email for pk, email in rows}


def _customer(key: str, emails: Mapping[str, str]) -> str:
    """Write a customer as an import reads it: by address, or by an account's id."""
    user_id = user_id_of(key)
    return email_of(key) or emails.get(key, "" if user_id is None else str(user_id))
