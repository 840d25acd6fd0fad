"""The file that a job reads or writes, kept in parts in the database."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.models import Job, JobPart
from saleor_serials.models.jobs import OPEN_JOBS

# How long the file of a finished job can be fetched.
KEEP_FILES = timedelta(hours=24)
PART_BYTES = 1_000_000


def store(job: Job, file: Iterable[bytes]) -> None:
    """Append to a job's file."""
    for number, piece in enumerate(_pieces(file), job.parts.count()):
        JobPart.objects.create(job=job, number=number, content=piece)


def _pieces(file: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a file into parts of one size; the last may be shorter."""
    rest = bytearray()
    for block in file:
        rest += block
        while len(rest) >= PART_BYTES:
            yield bytes(rest[:PART_BYTES])
            del rest[:PART_BYTES]
    if rest:
        yield bytes(rest)


def stored(job: Job) -> io.BufferedReader:
    """Open a job's file for reading; one part at a time is in memory."""
    return io.BufferedReader(_Stored(job))


class _Stored(io.RawIOBase):
    """The parts of a job's file, one after the other."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._number = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(part(self._job.pk, self._number) or b"")
            self._number += 1
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def part(job_id: int, number: int) -> bytes | None:
    """Read one part of a job's file, numbered from 0. One statement."""
    found = JobPart.objects.filter(job=job_id, number=number).values_list("content", flat=True)
    for content in found:
        return bytes(content)
    return None


def forget_files(now: datetime) -> None:
    """Remove the files of jobs that finished more than a day ago. One statement."""
    JobPart.objects.filter(job__finished_at__lt=now - KEEP_FILES).delete()


def drop_file(job: Job) -> None:
    """Remove the file of a finished job.

    Raises:
        InvalidInput: the job is not finished.
    """
    if job.status in OPEN_JOBS:
        raise InvalidInput("This job is not finished; wait until it is.", field="id")
    job.parts.all().delete()
