"""What the columns of an imported file are called, and what its cells say.

A header may be in any case, with blanks or hyphens for underscores. Complaints never quote a cell:
where columns are shifted, any of them may be a serial.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.text import slugify

from saleor_serials.errors import Duplicate, InvalidInput, NotFound, Required, TooLong, Unreadable
from saleor_serials.import_export.readers.csv import word_of
from saleor_serials.import_export.readers.xlsx import FAILED, ROUNDED
from saleor_serials.models import MAX_EXTRA_BYTES, SerialStatus
from saleor_serials.moments import moment
from saleor_serials.serials.text import complaint, normalised
from saleor_serials.storable import is_unicode, short_text, storable_object, storable_text


class Column(StrEnum):
    """A column of a file of serials."""

    DATA = "data"
    STATUS = "status"
    EXTRA = "extra"
    CUSTOMER = "customer"
    ORDER = "order"
    ORDER_LINE = "order_line"
    ASSIGNED_AT = "assigned_at"
    DELIVERED_AT = "delivered_at"
    CONSUMED_AT = "consumed_at"
    EXPIRES_AT = "expires_at"
    PACK = "pack"
    BATCH = "batch"
    CREATED_AT = "created_at"


# Other names that headers may give them.
_ALSO = {"assignment_date": Column.ASSIGNED_AT, "expiry": Column.EXPIRES_AT}
# Who has a serial, or had it, is for those who manage orders.
HOLDER_COLUMNS = frozenset(
    {
        *(Column.CUSTOMER, Column.ORDER, Column.ORDER_LINE),
        *(Column.ASSIGNED_AT, Column.DELIVERED_AT, Column.CONSUMED_AT),
    }
)
# What a spreadsheet reads as a formula, or as one that has failed.
_FORMULA = r"(?:[=+\-@\t\r\n＝＋－＠]|#[A-Z0-9/]+[!?]?\Z)"
_DANGEROUS = re.compile(f"'*{_FORMULA}")
_NEUTRALISED = re.compile(f"'+{_FORMULA}")


def neutralised(text: str) -> str:
    """Keep a text from being read as a formula, by an apostrophe; ``restored`` gives it back."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def restored(text: str) -> str:
    """Give back the text that ``neutralised`` was given."""
    return text[1:] if text[:1] == "'" and _NEUTRALISED.match(text) else text


def names_of(columns: type[StrEnum]) -> frozenset[str]:
    """All words by which headers call these columns."""
    return frozenset(columns) | (frozenset(_ALSO) if columns is Column else frozenset())


def read_header(
    cells: Sequence[str],
    columns: type[StrEnum],
    *,
    mapping: Mapping[str, Any] | None = None,
) -> tuple[Any, ...]:
    """Say which column each cell of the first row names; None for one that is to be left out.

    ``mapping``: names of the file's own, and the column that each means, or None.

    Raises:
        Duplicate: two name the same column.
        NotFound: the mapping names one that is not there.
        InvalidInput: one names no column; by its place, for it may be a serial.
    """
    known: dict[str, Any] = {name: _ALSO.get(name) or columns(name) for name in names_of(columns)}
    ours = {word_of(name): column for name, column in (mapping or {}).items()}
    words = [word_of(cell) for cell in cells]
    while words and not words[-1]:
        words.pop()
    if missing := [name for name in mapping or {} if word_of(name) not in words]:
        raise NotFound(f"The file has no column '{missing[0][:50]}'.", field="columns")
    header = []
    for place, word in enumerate(words, 1):
        if word not in ours and word not in known:
            raise InvalidInput(
                f"Column {place} has no name that is known. The first row must name the columns: "
                f"{', '.join(columns)}. Name others in the columns argument.",
                field="columns",
            )
        column = ours[word] if word in ours else known[word]
        if column is not None and column in header:
            raise Duplicate(f"Two columns are called {column}.", field="columns")
        header.append(column)
    return tuple(header)


class ImportRow:
    """A row of a file of serials: what it says, and what it asks for by name.

    ``pack`` and ``batch`` are empty where the call's own count. There are millions of these, most
    with nothing but data: what is not said stands in the class.
    """

    status = SerialStatus.FREE
    extra: Mapping[str, Any] = MappingProxyType({})
    customer = ""
    order = ""
    order_line = ""
    assigned_at: datetime | None = None
    delivered_at: datetime | None = None
    consumed_at: datetime | None = None
    expires_at: datetime | None = None
    pack = ""
    batch = ""
    pack_name = ""

    def __init__(self, number: int, data: str) -> None:
        self.number = number
        self.data = data


type Reader = Callable[[int, Sequence[str]], ImportRow]


def reader(header: Sequence[Column | None]) -> Reader:
    """Make what reads a row under a header; see ``read_row``."""

    def read(number: int, cells: Sequence[str]) -> ImportRow:
        return read_row(header, number, cells)

    def read_data(number: int, cells: Sequence[str]) -> ImportRow:
        """Take the way of almost every row of almost every large file."""
        if len(cells) == 1 and _PLAIN.fullmatch(cells[0]):
            return ImportRow(number, cells[0])
        return read_row(header, number, cells)

    return read_data if tuple(header) == (Column.DATA,) else read


# What is a serial just as it stands.
_PLAIN = re.compile(r"[0-9A-Za-z][!-~]{0,1000}")


def read_row(header: Sequence[Any], number: int, cells: Sequence[str]) -> ImportRow:
    """Read a row that is not blank.

    Raises:
        InvalidInput: of whatever kind; the message says what is wrong with the row.
    """
    if len(cells) > len(header) and any(cells[len(header) :]):
        raise InvalidInput("It has more cells than the first row has names.", field="file")
    said: dict[Any, str] = {}
    for column, cell in zip(header, cells, strict=False):
        text = cell.strip()
        if column is not None and text:
            said[column] = cell_text(column, text)
    data = normalised(said.pop(Column.DATA, ""))
    refusal = complaint(data)
    if refusal is not None:
        raise refusal
    row = ImportRow(number, data)
    for column, text in said.items():
        if column != Column.CREATED_AT:
            setattr(row, column.value, _READERS[column](text))
    if row.pack:
        row.pack_name = said[Column.PACK]
    _check_status(row)
    return row


def cell_text(column: Any, text: str) -> str:
    """Read a cell that is not blank.

    Raises:
        Unreadable: the file says nothing that can be read there.
        InvalidInput: it has a NUL character; ``field`` is the column.
    """
    if text == ROUNDED:
        raise Unreadable(
            f"The number under {column} is so long that the spreadsheet has rounded it; format "
            "the column as text, and enter it again.",
            field="file",
        )
    if text == FAILED:
        raise Unreadable(f"The formula under {column} has failed.", field="file")
    if not is_unicode(text):
        raise Unreadable(
            f"There are bytes under {column} that are no text in the file's encoding.", field="file"
        )
    return storable_text(restored(text), field=column.value)


def _check_status(row: ImportRow) -> None:
    """See to it that what a row says of its serial's holder fits its status."""
    status = row.status
    named = bool(row.customer or row.order or row.order_line)
    ordered = bool(row.order or row.order_line)
    if status is SerialStatus.FREE and (named or row.consumed_at):
        raise InvalidInput(
            "A free serial has no customer, no order, and is not consumed; name a status.",
            field="status",
        )
    if status in (SerialStatus.RESERVED, SerialStatus.UNASSIGNED):
        if not row.customer:
            raise Required(f"A serial that is {status} needs a customer.", field="customer")
        if row.consumed_at:
            raise InvalidInput(f"A serial that is {status} is not consumed.", field="consumed_at")
    if ordered and status not in (SerialStatus.ASSIGNED, SerialStatus.USED):
        raise InvalidInput(f"A serial that is {status} is held by no order.", field="status")
    if status is SerialStatus.ASSIGNED and row.consumed_at:
        raise InvalidInput("What is consumed is used, not assigned.", field="status")
    is_held = status in (SerialStatus.ASSIGNED, SerialStatus.USED)
    if is_held and not named and not row.consumed_at:
        raise Required(
            f"A serial that is {status} needs an order line or a customer.", field="customer"
        )


def _status(text: str) -> SerialStatus:
    try:
        return SerialStatus(text.lower())
    except ValueError:
        raise InvalidInput(
            f"Its status is none of: {', '.join(SerialStatus)}.", field="status"
        ) from None


def _extra(text: str) -> Mapping[str, Any]:
    # Before it is parsed, which takes many times its length.
    if len(text) > MAX_EXTRA_BYTES:
        raise TooLong("Extra fields have at most 64 KB.", field="extra")
    try:
        extra = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput(
            'Extra fields are a JSON object, such as {"edition": "gold"}.', field="extra"
        ) from None
    return storable_object(extra, field="extra", at_most=MAX_EXTRA_BYTES)


def _moment(text: str) -> datetime:
    """Read a date and time; without a zone it is the shop's, without a time its first moment."""
    try:
        read: datetime | None = parse_datetime(text)
        if read is None:
            day = parse_date(text)
            read = day and datetime.combine(day, time.min)
    except ValueError:  # such as the 30th of February
        read = None
    if read is None:
        raise InvalidInput(
            "A date is written as 2026-12-31, or 2026-12-31T23:59:59+01:00.", field="file"
        )
    return moment(read, field="file")


def _short(limit: int, field: str) -> Any:
    return lambda text: short_text(text, field=field, at_most=limit)


def _slug(text: str) -> str:
    """Read a pack's slug, or its name, from which the slug is made."""
    slug: str = slugify(_short(255, "pack")(text), allow_unicode=True)
    if not slug:
        raise InvalidInput("This cannot be the name of a pack.", field="pack")
    return slug


_READERS = {
    Column.STATUS: _status,
    Column.EXTRA: _extra,
    Column.CUSTOMER: _short(254, "customer"),
    Column.ORDER: _short(100, "order"),
    Column.ORDER_LINE: _short(100, "order_line"),
    Column.ASSIGNED_AT: _moment,
    Column.DELIVERED_AT: _moment,
    Column.CONSUMED_AT: _moment,
    Column.EXPIRES_AT: _moment,
    Column.PACK: _slug,
    Column.BATCH: _short(250, "batch"),
}
