"""The rows of a file that anybody may have made, and of a job's file from where the job left off.

No file is trusted: not its encoding, not the sizes that a ZIP file declares, not that a row ends
somewhere. Memory stays flat however long the file is. No complaint quotes what was read.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from tempfile import TemporaryFile
from typing import IO, Any

from saleor_serials.errors import InvalidInput
from saleor_serials.import_export.readers import csv, xlsx
from saleor_serials.import_export.readers.formats import FileFormat, Format, UnreadableFile
from saleor_serials.jobs import files, work
from saleor_serials.jobs.work import Problem
from saleor_serials.models import Job

# Rows that are checked together, and committed together.
CHUNK = 10_000


class RowErrors:
    """The first errors of a file's rows, and how many there are.

    ``left_out`` counts the rows that were refused while they were read.
    """

    def __init__(self) -> None:
        self.count = 0
        self.left_out = 0
        self._first: list[Problem] = []

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, row: int | None, refusal: InvalidInput) -> None:
        self.count += 1
        self._first.append(Problem.of(refusal, row=row))
        if len(self._first) >= 2 * work.MAX_PROBLEMS:
            self._first = self.first()

    def first(self) -> list[Problem]:
        """List the first 100 by row; those of the whole file come before them."""
        return sorted(self._first, key=lambda problem: problem.row or 0)[: work.MAX_PROBLEMS]

    def refusal(self) -> work.Refused:
        return work.Refused(self.first(), count=self.count)


def rows_of_file(file: IO[bytes], file_format: FileFormat) -> Iterator[tuple[int, Sequence[str]]]:
    """Read a file from its beginning: the number of each row, from 1, and its cells.

    A blank row has no cells. Only XLSX needs a seekable file.

    Raises:
        UnreadableFile: nothing can be read from this row on.
    """
    if file_format.format == Format.XLSX:
        return xlsx.rows(file)
    if file_format.format == Format.TEXT:
        lines = csv.numbered_lines(file, file_format.encoding)
        return ((number, [line] if line.strip() else []) for number, line in lines)
    return csv.csv_rows(file, file_format)


def chunks[Row](
    job: Job,
    file_format: FileFormat,
    read: Callable[[int, Sequence[str]], Row],
    *,
    behind: int,
    errors: RowErrors,
) -> Iterator[list[Row]]:
    """Read a job's file behind the first so many rows, a chunk at a time.

    Blank rows do not count. A row that ``read`` refuses becomes an error and is missing from its
    chunk. A part that cannot be read at all becomes an error and ends the file.
    """
    with _opened(job, file_format) as file:
        numbered = _numbered(file, file_format, errors)
        for _ in zip(range(behind), numbered, strict=False):
            pass
        for chunk in batched(numbered, CHUNK):
            rows = []
            for number, cells in chunk:
                try:
                    rows.append(read(number, cells))
                except InvalidInput as refusal:
                    errors.add(number, refusal)
                    errors.left_out += 1
            yield rows


def _numbered(
    file: IO[bytes], file_format: FileFormat, errors: RowErrors
) -> Iterator[tuple[int, Sequence[str]]]:
    has_header = file_format.format != Format.TEXT
    try:
        for number, cells in rows_of_file(file, file_format):
            if not any(cells) or not any(map(str.strip, cells)):
                continue
            if has_header:
                has_header = False
            else:
                yield number, cells
    except UnreadableFile as unreadable:
        errors.add(unreadable.row, unreadable.refusal)


@contextmanager
def _opened(job: Job, file_format: FileFormat) -> Iterator[Any]:
    """Open a job's file; XLSX is copied to a disk first, for it is read from its end."""
    with files.stored(job) as source:
        if file_format.format != Format.XLSX:
            yield source
            return
        with TemporaryFile() as file:
            while block := source.read(files.PART_BYTES):
                file.write(block)
            yield file
