"""Read rows of CSV, or lines of text."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import IO, cast

from saleor_serials.errors import InvalidInput, TooLong, Unreadable
from saleor_serials.import_export.readers.formats import FileFormat, UnreadableFile

# More than all columns of a row can hold.
MAX_ROW_LENGTH = 1_000_000
SEPARATORS = (",", ";", "\t", "|")


def separator_of(line: str, words: frozenset[str]) -> str:
    """Find the separator under which most of these words appear in a header."""

    def known(separator: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            cells = []
        return sum(word_of(cell) in words for cell in cells), len(cells)

    return max(SEPARATORS, key=known)


def has_header(line: str, separator: str, words: frozenset[str]) -> bool:
    """Tell whether a first line names a column, or is the first of many serials."""
    return any(word_of(cell) in words for cell in next(csv.reader([line], delimiter=separator), []))


def word_of(cell: str) -> str:
    """Bring the name of a column to one form: case, blanks and hyphens do not matter."""
    return re.sub(r"[\s_-]+", "_", cell.strip().lower())


def first_line(file: IO[bytes], encoding: str) -> str:
    """Read the first line that is not blank, or as much of it as a row may have."""
    for _, line in numbered_lines(file, encoding):
        if line.strip():
            return line
    return ""


def numbered_lines(file: IO[bytes], encoding: str) -> Iterator[tuple[int, str]]:
    reader = _Lines(file, encoding)
    for number, line in enumerate(reader, 1):
        reader.row = number + 1
        yield number, line.rstrip("\r\n")


def csv_rows(file: IO[bytes], file_format: FileFormat) -> Iterator[tuple[int, Sequence[str]]]:
    lines = _Lines(file, file_format.encoding)
    reader = csv.reader(lines, delimiter=file_format.separator, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            lines.row = number + 1
            yield number, cells
    except csv.Error as error:
        if "limit" in str(error):
            refusal: InvalidInput = TooLong(
                f"A cell has more than {csv.field_size_limit():,} characters, or a quotation mark "
                "is not closed.",
                field="file",
            )
        else:
            refusal = Unreadable("Its quotation marks do not match.", field="file")
        raise UnreadableFile(lines.row, refusal) from None


class _Lines:
    """The lines of a text, each with its end. ``row`` is which row they are read for.

    Bytes that are no text become lone surrogates, so that an error can name their row.
    """

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self.row = 1
        self._is_first = True
        is_wide = encoding.startswith(("utf-16", "utf-32"))
        self._text = io.TextIOWrapper(
            cast(io.BufferedReader, _Unclosed(file)),
            encoding=encoding,
            errors="surrogatepass" if is_wide else "surrogateescape",
            newline="",
        )

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        try:
            line = self._text.readline(MAX_ROW_LENGTH)
        except (UnicodeError, ValueError):
            raise UnreadableFile(
                self.row,
                Unreadable("These bytes are no text in the file's encoding.", field="file"),
            ) from None
        if not line:
            raise StopIteration
        if len(line) == MAX_ROW_LENGTH:
            raise UnreadableFile(
                self.row,
                TooLong(f"It has more than {MAX_ROW_LENGTH:,} characters.", field="file"),
            )
        if self._is_first:
            # Where the encoding was named, the mark at the beginning may have been kept.
            self._is_first = False
            line = line.removeprefix("\ufeff")
        return line


class _Unclosed(io.BufferedIOBase):
    """A file that is left open when the text around it is closed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._file.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(size)
