"""What the commands for long work share: a progress bar, and problems that end a command."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError, OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

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
    """Work at a job until it ends, with a progress bar if stderr is a terminal.

    Raises:
        CommandError: it failed, or another worker does it. Its problems are on stderr.
    """
    with _bar(stderr) as show:
        for step in run_job(job.pk, at_once=True):
            tasks.enqueue_step_effects(step)
            show(step.job)
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
    """Return the number of a job's problems as text."""
    count = job.problem_count
    return f"{count:,} complaint{'' if count == 1 else 's'}"


def complain(job: Job, stderr: OutputWrapper) -> None:
    """Write one line for each problem of a job."""
    for problem in job.problems:
        where = f"row {problem['row']}: " if problem["row"] else ""
        stderr.write(f"{where}{problem['message']} ({problem['code']})")
    if (rest := job.problem_count - len(job.problems)) > 0:
        stderr.write(f"... and {rest:,} more.")


@contextmanager
def _bar(stderr: OutputWrapper) -> Iterator[Callable[[Job], None]]:
    """Draw a bar on stderr if it is a terminal; what it yields shows how far a job is."""
    # Below Django's wrapper, which ends each write with a line break and in the colour of errors.
    console = Console(file=stderr._out)
    columns = BarColumn(bar_width=_WIDTH), TextColumn("{task.description}")
    with Progress(
        *columns,
        console=console,
        disable=not stderr.isatty(),
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as progress:
        task = progress.add_task("", total=None)

        def show(job: Job) -> None:
            progress.update(
                task,
                total=job.total,
                completed=job.done,
                description=_position(job),
                refresh=True,
            )

        yield show


def _position(job: Job) -> str:
    if job.total is None:
        return f"rows checked: {checked_rows(job) or 0:,}"
    return f"{job.done:,} of {job.total:,}"


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
    """Return the argparse options for an enum's values."""
    return {"choices": [each.value for each in kind]}
