"""Files that tests import, jobs that do it, and what kills them."""

import io
import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.db import connections
from openpyxl import Workbook, load_workbook

from saleor_serials import tasks
from saleor_serials.access.packs import EVERYTHING
from saleor_serials.import_export import serials_import
from saleor_serials.import_export.upload import ImportFile
from saleor_serials.jobs import work
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Job, Pack, jobs


def import_file(content: str | bytes, **how: Any) -> ImportFile:
    return ImportFile(
        file=io.BytesIO(content.encode() if isinstance(content, str) else content), **how
    )


def start(content: str | bytes | ImportFile, pack: Pack | None = None, **values: Any) -> Job:
    """Begin an import as the owner of the shop does."""
    values = {"actor": "user:1", "access": EVERYTHING, "sees_holders": True, **values}
    given = content if isinstance(content, ImportFile) else import_file(content)
    return serials_import.start(given, pack=pack, **values)


def steps(job: Job, **how: Any) -> Iterator[work.Step]:
    return run_job(job.pk, **how)


def finished(job: Job) -> Job:
    """Work at a job to its end."""
    tasks.work_at(job.pk)
    job.refresh_from_db()
    assert job.status not in jobs.OPEN_JOBS, (job.status, job.attempts)
    return job


def imported(content: str | bytes | ImportFile, pack: Pack | None = None, **values: Any) -> Job:
    """Import, and expect no complaint."""
    job = finished(start(content, pack, **values))
    assert (job.status, job.problems) == ("done", [])
    return job


def complaints(
    content: str | bytes | ImportFile, pack: Pack | None = None, **values: Any
) -> list[Any]:
    """Import what cannot be imported; return the rows and codes of the complaints."""
    job = finished(start(content, pack, **values))
    assert job.status == "failed"
    assert job.parts.count() == job.done == 0
    assert all(problem["message"] for problem in job.problems)
    return [(problem["row"], problem["code"]) for problem in job.problems]


def xlsx(rows: Iterable[Sequence[Any]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def content_of(job: Job) -> bytes:
    """The file that a job has made."""
    parts = job.parts.filter(number__gte=1).order_by("number")
    return b"".join(bytes(part.content) for part in parts)


def cells_of(content: bytes) -> list[list[Any]]:
    """The rows of an XLSX file."""
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def in_child(act: Callable[[], Any]) -> tuple[int, float]:
    """Do something in a forked process; return its exit status and how many megabytes it grew."""
    connections.close_all()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            act()
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            os.write(writing, str(grown).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        return status, float(answer.read() or 0) / 1024


def megabytes_grown(act: Callable[[], Any]) -> float:
    status, grown = in_child(act)
    assert status == 0
    return grown


def kill_at_chunk(job: Job, number: int, *, committed: bool) -> None:
    """Work at a job in a process that is killed at a chunk: behind it, or in the midst of it."""
    was = work.chunk
    chunks = iter(range(1, 1_000))

    @contextmanager
    def deadly(job: Job) -> Iterator[None]:
        this = next(chunks)
        with was(job):
            yield
            if this == number and not committed:
                os.kill(os.getpid(), signal.SIGKILL)
        if this == number:
            os.kill(os.getpid(), signal.SIGKILL)

    with mock.patch.object(work, "chunk", deadly):
        status, _ = in_child(lambda: list(steps(job)))
    assert os.WTERMSIG(status) == signal.SIGKILL
