"""Read rows out of files that anybody may have made: CSV, XLSX, or lines of text.

Nothing is believed: not the encoding, not the sizes that a ZIP file declares, not that a row ends
somewhere. Memory stays flat, however long the file. A complaint never quotes what it read.
"""

import io
from collections.abc import Iterator, Sequence
from typing import IO

from saleor_serials.errors import Required, TooLong
from saleor_serials.import_export.readers import xlsx
from saleor_serials.import_export.readers.csv import csv_rows, numbered_lines
from saleor_serials.import_export.readers.encoding import encoding_of, known_encoding
from saleor_serials.import_export.readers.formats import FileFormat, Format

MAX_FILE_BYTES = 500_000_000


def examine(
    file: IO[bytes], *, name: str, format: Format | None, encoding: str | None
) -> tuple[Format | None, str]:
    """Find out what a file is and how its text is encoded, unless it is said.

    The format stays None where only the first line can tell between CSV and plain text.

    Raises:
        Required: the file is empty.
        TooLong: it is larger than 500 MB.
        InvalidInput: there is no such encoding.
        Unreadable: it is no text, or a text whose encoding cannot be told.
    """
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    start = file.read(8)
    if not size:
        raise Required("The file is empty.", field="file")
    if size > MAX_FILE_BYTES:
        raise TooLong(
            f"The file has more than {MAX_FILE_BYTES // 1_000_000} MB; split it.", field="file"
        )
    if format is None and (start.startswith(b"PK\3\4") or name.lower().endswith(".xlsx")):
        format = Format.XLSX
    if format == Format.XLSX:
        xlsx.check(file)
        return format, ""
    if format is None and name.lower().endswith(".csv"):
        format = Format.CSV
    return format, known_encoding(encoding) if encoding else encoding_of(file)


def rows(file: IO[bytes], file_format: FileFormat) -> Iterator[tuple[int, Sequence[str]]]:
    """Read a file from its beginning: the number of each row, from 1, and its cells.

    Blank rows are given as well, without cells. ``file`` needs to be seekable for XLSX alone.

    Raises:
        Broken: nothing can be read from here on.
        Unreadable: it is no XLSX file.
    """
    if file_format.format == Format.XLSX:
        return xlsx.rows(file)
    if file_format.format == Format.TEXT:
        return (
            (n, [line] if line.strip() else [])
            for n, line in numbered_lines(file, file_format.encoding)
        )
    return csv_rows(file, file_format)
