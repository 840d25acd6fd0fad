"""What the commands for long work share: a progress bar, and problems that end a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, OutputWrapper

from saleor_serials import tasks
from saleor_serials.errors import InvalidInput
from saleor_serials.import_export.plan import checked_rows
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Job, JobStatus, Pack

_WIDTH = 30


@contextmanager
def refusals() -> Iterator[None]:
    """Turn refused input into a failed command: a line on stderr and exit status 1."""
    try:
        yield
    except InvalidInput as refusal:
        raise CommandError(refusal.message) from None


def work(job: Job, stderr: OutputWrapper) -> None:
    """Do a job to its end, with a bar on a terminal.

    Raises:
        CommandError: it failed, or another worker does it. Its problems are on stderr.
    """
    shows = stderr.isatty()
    for step in run_job(job.pk, at_once=True):
        tasks.enqueue_step_effects(step)
        if shows:
            # Not in the colour of errors.
            stderr.write(f"\r{bar(step.job)}", style_func=str, ending="")
    if shows:
        stderr.write("", style_func=str)
    job.refresh_from_db()
    complain(job, stderr)
    if job.status == JobStatus.FAILED:
        left = "nothing was changed" if not job.done else f"{job.done:,} rows are done"
        raise CommandError(f"{complaints(job)}; {left}.")
    if job.status != JobStatus.DONE:
        raise CommandError(
            f"Job {job.pk} stopped at {job.done:,}; the sweep goes on with it, and so does the "
            "same command. The log says why."
        )


def complaints(job: Job) -> str:
    """Say how many complaints there are."""
    count = job.problem_count
    return f"{count:,} complaint{'' if count == 1 else 's'}"


def complain(job: Job, stderr: OutputWrapper) -> None:
    """Write a line for each complaint."""
    for problem in job.problems:
        where = f"row {problem['row']}: " if problem["row"] else ""
        stderr.write(f"{where}{problem['message']} ({problem['code']})")
    if (rest := job.problem_count - len(job.problems)) > 0:
        stderr.write(f"... and {rest:,} more.")


def bar(job: Job) -> str:
    """Draw how far a job is."""
    if job.total is None:
        return f"rows checked: {checked_rows(job) or 0:,}"
    filled = _WIDTH * job.done // max(job.total, 1)
    return f"[{'#' * filled:<{_WIDTH}}] {job.done:,} of {job.total:,}"


def pack_of(slug: str | None) -> Pack | None:
    """Find a pack by its slug.

    Raises:
        CommandError: there is none.
    """
    if slug is None:
        return None
    pack: Pack | None = Pack.objects.filter(slug=slug).first()
    if pack is None:
        raise CommandError(f"There is no pack with the slug '{slug}'.")
    return pack


@contextmanager
def opened(name: str, mode: str) -> Iterator[IO[bytes]]:
    """Open a file that an argument names.

    Raises:
        CommandError: it cannot be opened.
    """
    try:
        file = Path(name).open(mode)  # noqa: SIM115 - what goes wrong inside is no such error
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None
    with file:
        yield file


def choice(kind: Any) -> dict[str, Any]:
    """Say to argparse what an option may be."""
    return {"choices": [each.value for each in kind]}
