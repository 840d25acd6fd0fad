"""Write the serials of any filtered list into a file, which waits in the database to be fetched.

What a spreadsheet would read as a formula gets an apostrophe before it, which an import takes away
again: a file that was exported can be imported as it is.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from tempfile import TemporaryFile
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.dateparse import parse_datetime
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from saleor_serials.access.packs import PackAccess
from saleor_serials.errors import TooLong, TooMany
from saleor_serials.import_export.columns import HOLDER_COLUMNS, Column, neutralised
from saleor_serials.jobs import files, work
from saleor_serials.models import Assignment, Batch, Job, JobKind, Pack, Serial, SerialStatus
from saleor_serials.serials import search
from saleor_serials.serials.search import Cursor, Filter, Moment, Page, Sort

# Up to this many rows are exported inside the request.
AT_ONCE = 1_000
_CHUNK = 5_000
_MAX_XLSX_ROWS = 1_048_575
_MAX_XLSX_CELL = 32_767


class Format(StrEnum):
    """What kind of file is written."""

    CSV = "csv"
    XLSX = "xlsx"


def start_export(
    criteria: Filter, *, format: Format, actor: str, access: PackAccess, sees_holders: bool
) -> Job:
    """Make a job that exports the serials that a filter lets through, of packs within reach.

    Who holds them is left out for those who may not see it.
    """
    criteria = criteria.within(access.packs)
    return work.create(
        JobKind.EXPORT,
        actor=actor,
        settings={
            "format": format.value,
            "sees_holders": sees_holders,
            "pack_ids": None if criteria.pack_ids is None else list(criteria.pack_ids),
        },
        # What is searched for may be a serial: it has no place in the settings.
        file=[json.dumps(_written(criteria)).encode()],
        file_name=f"serials.{format}",
    )


def is_small(criteria: Filter) -> bool:
    """Tell whether an export is done inside the request. Reads counts, and no serial's data."""
    number = search.counts([criteria], limit=AT_ONCE)[criteria]
    return number is not None and number <= AT_ONCE


def _written(criteria: Filter) -> dict[str, Any]:
    """Write a filter as JSON, which ``_read`` reads."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return {"moment": value.isoformat()}
        if isinstance(value, SerialStatus):
            return {"status": value.value}
        if isinstance(value, Moment):
            return {"by": value.value}
        if isinstance(value, Sort):
            return {"sort": [plain(value.moment), value.descending]}
        if isinstance(value, tuple | frozenset):
            return {type(value).__name__: [plain(each) for each in value]}
        return value

    return {each.name: plain(getattr(criteria, each.name)) for each in fields(criteria)}


def _read(written: Mapping[str, Any]) -> Filter:
    kinds: dict[str, Any] = {
        "moment": parse_datetime,
        "status": SerialStatus,
        "by": Moment,
        "sort": lambda values: Sort(moment=rich(values[0]), descending=values[1]),
        "tuple": lambda values: tuple(map(rich, values)),
        "frozenset": lambda values: frozenset(map(rich, values)),
    }

    def rich(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        [(kind, plain)] = value.items()
        return kinds[kind](plain)

    return Filter(**{name: rich(value) for name, value in written.items()})


def blocks(job: Job) -> Iterator[bytes]:
    """Read the file that a job has written, part by part."""
    number = 1
    while (block := files.part(job.pk, number)) is not None:
        yield block
        number += 1


def export(job: Job) -> Iterator[work.Step]:
    if job.settings.get("is_written"):
        return
    criteria = _read(json.loads(files.part(job.pk, 0) or b"{}"))
    if job.total is None:
        with work.chunk(job):
            job.total = search.count(criteria)
        yield work.Step(job=job)
    columns = [
        each for each in Column if each not in HOLDER_COLUMNS or job.settings["sees_holders"]
    ]
    write = _write_xlsx if job.settings["format"] == Format.XLSX else _write_csv
    yield from write(job, criteria, columns)


def _write_csv(job: Job, criteria: Filter, columns: Sequence[Column]) -> Iterator[work.Step]:
    while not job.settings.get("is_written"):
        with work.chunk(job):
            after = job.settings.get("after")
            found = search.find(criteria, Page(limit=_CHUNK, after=_position(after)))
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
    """Note behind which serial the next page begins."""
    last = criteria.sort.position(rows[-1]) if rows else Cursor(id=0)
    job.settings["after"] = [last.id, last.moment and last.moment.isoformat()]
    job.done += len(rows)


def _position(after: list[Any] | None) -> Cursor | None:
    if after is None:
        return None
    return Cursor(id=after[0], moment=after[1] and parse_datetime(after[1]))


def _end(job: Job) -> None:
    """Leave nothing but the file; serials may have come or gone since they were counted."""
    job.settings["is_written"] = True
    job.total = job.done
    job.parts.filter(number=0).delete()


def _write_xlsx(job: Job, criteria: Filter, columns: Sequence[Column]) -> Iterator[work.Step]:
    """Write a workbook, which is of no use before its end: whoever is killed begins again."""
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
        after = _position(job.settings["after"])
        page, more = Page(limit=_CHUNK, after=after), found.more
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
    # Whatever it looks like, it is text.
    cell.data_type = "s"
    return cell


def _rows(serials: Sequence[Serial], columns: Iterable[Column]) -> Iterator[list[str]]:
    """Write serials as rows. Four statements, however many."""
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


def _emails(customers: Iterable[str]) -> dict[str, str]:
    """Find the addresses of accounts by their customer keys. One statement."""
    ids = {int(key.partition(":")[2]) for key in customers if key.startswith("user:")}
    rows = get_user_model().objects.filter(pk__in=ids).values_list("pk", "email")
    return {f"user:{pk}": email for pk, email in rows}


def _customer(key: str, emails: Mapping[str, str]) -> str:
    """Write a customer as an import reads it: by address, or by an account's id."""
    kind, _, name = key.partition(":")
    return "" if kind == "order" else emails.get(key, name)
