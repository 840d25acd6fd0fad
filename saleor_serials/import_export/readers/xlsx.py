"""Read the rows of an XLSX file, once it is clear that it does not unpack to a bomb."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.cell.cell import ERROR_CODES

from saleor_serials.errors import TooLong, TooMany, Unreadable
from saleor_serials.import_export.readers.formats import UnreadableFile

MAX_COLUMNS = 100

# Excel itself has no more.
_MAX_XLSX_ROWS = 1_048_576

# What an XLSX file may unpack to; XML of tables shrinks to a tenth or so, a bomb to a thousandth.
_MAX_UNPACKED = 500_000_000
_MAX_SHARED_STRINGS = 100_000_000
_MAX_MEMBERS = 1_000
_MAX_RATIO = 100
_SMALL_MEMBER = 1_000_000


def check(file: IO[bytes]) -> None:
    """Refuse a file that is no ZIP file, or unpacks to more than any table, before unpacking it."""
    file.seek(0)
    try:
        with ZipFile(file) as package:
            members = package.infolist()
            unpacked = sum(member.file_size for member in members)
            if len(members) > _MAX_MEMBERS or unpacked > _MAX_UNPACKED:
                raise TooLong(
                    f"The file unpacks to more than {_MAX_UNPACKED // 1_000_000} MB; split it.",
                    field="file",
                )
            for member in members:
                _check_member(package, member)
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise Unreadable(
            "This is no XLSX file; it may be damaged, or protected by a password.", field="file"
        ) from None


def _check_member(package: ZipFile, member: Any) -> None:
    is_bomb = member.file_size > max(_SMALL_MEMBER, _MAX_RATIO * member.compress_size)
    if is_bomb or (
        member.filename.endswith("sharedStrings.xml") and member.file_size > _MAX_SHARED_STRINGS
    ):
        raise TooLong(
            "The file unpacks to many times its size; save it as CSV instead.", field="file"
        )
    with package.open(member) as content:
        start = content.read(4096).replace(b"\0", b"")
    # No office program writes a document type; entities that multiply need one.
    markup = re.sub(rb"<!--.*?-->", b"", start, flags=re.DOTALL)
    if markup.lstrip(b" \t\r\n\xef\xbb\xbf\xfe\xff").startswith(b"<") and re.search(
        rb"<!(?!\[CDATA\[)", markup
    ):
        raise Unreadable("This XLSX file holds a document type; it is refused.", field="file")


def rows(file: IO[bytes]) -> Iterator[tuple[int, Sequence[str]]]:
    file.seek(0)
    number = 0
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        import_file = book.worksheets[0]
        # What a file says of its size is wrong where other programs wrote it.
        import_file.reset_dimensions()
        for number, cells in enumerate(import_file.iter_rows(values_only=True), 1):
            if number > _MAX_XLSX_ROWS:
                raise UnreadableFile(
                    number, TooMany("A sheet has at most 1,048,576 rows.", field="file")
                )
            if len(cells) > MAX_COLUMNS:
                raise UnreadableFile(
                    number, TooMany(f"A row has at most {MAX_COLUMNS} cells.", field="file")
                )
            yield number, [] if all(cell is None for cell in cells) else [*map(_text, cells)]
    except (UnreadableFile, GeneratorExit):
        raise
    except Exception:
        # What openpyxl raises on a broken file is anything.
        raise UnreadableFile(
            number + 1,
            Unreadable("From here on this is no XLSX file that can be read.", field="file"),
        ) from None


# What stands for a value that is lost. A lone surrogate can come from no file.
ROUNDED = "\udfff rounded"
FAILED = "\udfff failed"

# Excel keeps this many digits of a number.
_DIGITS = 15


def _text(value: Any) -> str:
    """Write a cell's value as text; of a formula, its result."""
    if value is None:
        return ""
    if isinstance(value, str):
        return FAILED if value in ERROR_CODES else _unescaped(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        if abs(value) >= 10**_DIGITS:
            return ROUNDED
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


# What XML cannot say stands in XLSX as _x000D_; _x005F_ is an underscore that says no such thing.
_ESCAPE = re.compile(r"_x(005F|00[01][0-9A-F]|FFF[EF])_", re.IGNORECASE)


def _unescaped(text: str) -> str:
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
