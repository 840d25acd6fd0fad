"""Read rows out of files that anybody may have made: CSV, XLSX, or lines of text.

Nothing is believed: not the encoding, not the sizes that a ZIP file declares, not that a row ends
somewhere. Memory stays flat, however long the file. A complaint never quotes what it read.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, cast

from charset_normalizer import from_bytes

from saleor_serials.errors import InvalidInput, Required, TooLong, Unreadable
from saleor_serials.importing import xlsx
from saleor_serials.importing.xlsx import Broken

_BLOCK = 1_000_000
MAX_FILE_BYTES = 500_000_000
# More than all columns of a row can hold.
MAX_ROW_LENGTH = 1_000_000

_BOMS = {
    # UTF-32 first: its mark begins with that of UTF-16.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What Windows writes in Western Europe and America.
_WESTERN = "cp1252"
_WESTERN_LETTERS = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœªº€£§°©®™–—‘’“”„«»…·\xa0"
)
# From how well a language is recognised an encoding is taken for granted: serials are no place
# for guesses.
_RECOGNISED = 0.2
SEPARATORS = (",", ";", "\t", "|")


class Format(StrEnum):
    """What kind of file it is; ``TEXT``: each line is a serial, and there is no header."""

    CSV = "csv"
    XLSX = "xlsx"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a file is to be read. ``separator`` and ``encoding`` are empty where there is none."""

    format: Format
    encoding: str = ""
    separator: str = ""


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
    return format, _known_encoding(encoding) if encoding else _encoding_of(file)


def _known_encoding(name: str) -> str:
    try:
        codec = codecs.lookup(name)
        # Some of Python's codecs turn text into text, or unpack archives.
        "".encode(codec.name)
        b"".decode(codec.name)
    except (LookupError, ValueError, UnicodeError):
        raise InvalidInput(
            "There is no such encoding; write utf-8, utf-16, windows-1252 or the like.",
            field="encoding",
        ) from None
    # The mark at the beginning is no part of the first cell.
    return "utf-8-sig" if codec.name == "utf-8" else codec.name


def _encoding_of(file: IO[bytes]) -> str:
    file.seek(0)
    start = file.read(64 * 1024)
    for mark, encoding in _BOMS.items():
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        return _without_mark(start)
    failed_at = _first_not_utf8(file)
    if failed_at is None:
        return "utf-8"
    file.seek(max(0, failed_at - 16 * 1024))
    sample = start[: 16 * 1024] + file.read(32 * 1024)
    # What is ASCII is the same in all of them.
    telling = b"\n".join(line for line in sample.splitlines() if not line.isascii())
    if _is_binary(start):
        raise _untold()
    if _is_western(telling):
        return _WESTERN
    best = from_bytes(telling).best()
    if best is None or best.coherence < _RECOGNISED:
        raise _untold()
    return str(best.encoding)


def _is_western(telling: bytes) -> bool:
    """Tell a text in which accented letters are scattered, as in the languages of Western Europe.

    In a text that is really Cyrillic, say, they stand side by side.
    """
    try:
        text = telling.decode(_WESTERN)
    except UnicodeDecodeError:
        return False
    side_by_side = sum(map(len, re.findall(r"[^\x00-\x7f]{2,}", text)))
    accented = re.sub(r"[\x00-\x7f]", "", text)
    return set(accented) <= _WESTERN_LETTERS and side_by_side * 3 <= len(accented)


def _untold() -> Unreadable:
    return Unreadable(
        "This is no text, or in an encoding that cannot be told; name its encoding.", field="file"
    )


def _without_mark(start: bytes) -> str:
    """Tell UTF-16 without its mark: in most scripts every other byte is a NUL."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) * 4 < len(start) // 2 or min(even, odd) * 4 > max(even, odd):
        if _is_binary(start):
            raise Unreadable(
                "This is no text, or in an encoding that cannot be told.", field="file"
            )
        return "utf-8"
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_binary(start: bytes) -> bool:
    """Tell a picture or a program from a text that holds a stray control character."""
    controls = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", start))
    return controls > 4 and controls * 20 > len(start)


def _first_not_utf8(file: IO[bytes]) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    offset = 0
    while True:
        block = file.read(_BLOCK)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return max(0, offset + error.start)
        if not block:
            return None
        offset += len(block)


def separator_of(line: str, words: frozenset[str]) -> str:
    """Find what separates the names in a header: under which most of these words appear."""

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
    for _, line in _numbered(file, encoding):
        if line.strip():
            return line
    return ""


def rows(file: IO[bytes], form: Form) -> Iterator[tuple[int, Sequence[str]]]:
    """Read a file from its beginning: the number of each row, from 1, and its cells.

    Blank rows are given as well, without cells. ``file`` needs to be seekable for XLSX alone.

    Raises:
        Broken: nothing can be read from here on.
        Unreadable: it is no XLSX file.
    """
    if form.format == Format.XLSX:
        return xlsx.rows(file)
    if form.format == Format.TEXT:
        return ((n, [line] if line.strip() else []) for n, line in _numbered(file, form.encoding))
    return _csv(file, form)


def _numbered(file: IO[bytes], encoding: str) -> Iterator[tuple[int, str]]:
    reader = _Lines(file, encoding)
    for number, line in enumerate(reader, 1):
        reader.row = number + 1
        yield number, line.rstrip("\r\n")


def _csv(file: IO[bytes], form: Form) -> Iterator[tuple[int, Sequence[str]]]:
    lines = _Lines(file, form.encoding)
    reader = csv.reader(lines, delimiter=form.separator, strict=True)
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
        raise Broken(lines.row, refusal) from None


class _Lines:
    """The lines of a text, each with its end. ``row`` is which row they are read for.

    Bytes that are no text become lone surrogates, so that a complaint can name their row.
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
            raise Broken(
                self.row,
                Unreadable("These bytes are no text in the file's encoding.", field="file"),
            ) from None
        if not line:
            raise StopIteration
        if len(line) == MAX_ROW_LENGTH:
            raise Broken(
                self.row,
                TooLong(f"It has more than {MAX_ROW_LENGTH:,} characters.", field="file"),
            )
        if self._is_first:
            # Where the encoding was named, the mark at the beginning may have been kept.
            self._is_first = False
            line = line.removeprefix("\ufeff")
        return line


class _Unclosed(io.BufferedIOBase):
    """A file that whoever opened it closes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._file.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(size)
