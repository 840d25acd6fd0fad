"""Long work in chunks, which outlives whoever does it.

A chunk is one transaction that ends by writing down how far the job is, under the lock of the
job's row. Whoever is killed loses the chunk at hand and nothing else: the sweep, or whoever comes
next, goes on behind the last one that was committed. A lease keeps others away from a job that is
being worked at; that nothing is done twice rests on the lock alone.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from saleor_serials.errors import (
    InvalidInput,
    InvalidInputs,
    SerialsError,
    StorageFailed,
    without_details,
)
from saleor_serials.host.shapes import Target
from saleor_serials.jobs.files import store
from saleor_serials.models import Job, JobKind, JobStatus, Pack
from saleor_serials.models.jobs import OPEN_JOBS

logger = logging.getLogger(__name__)

# How long a job is left alone whose worker does not give a sign of life.
LEASE = timedelta(minutes=2)

# How long one that was put down waits for the task that was asked for.
_GRACE = timedelta(minutes=1)

# How often in a row it may stop without having committed a chunk.
MAX_ATTEMPTS = 5
MAX_PROBLEMS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong; ``row`` counts from 1, as a spreadsheet does, and is None for the whole."""

    row: int | None
    code: str
    message: str

    @classmethod
    def of(cls, refusal: InvalidInput, *, row: int | None = None) -> "Problem":
        """Put a refusal in the words in which staff read it."""
        return cls(row=row, code=refusal.code.value, message=refusal.message)


class Refused(SerialsError):
    """The rows cannot be accepted; nothing was changed."""

    def __init__(self, problems: Sequence[Problem], *, count: int) -> None:
        super().__init__()
        self.problems = tuple(problems)
        self.count = count


class LeaseLost(Exception):
    """Somebody else is at this job."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A job as it is after a chunk, and what there is to do for others.

    ``filled``: packs that somebody may be waiting for. ``linked``: packs with other links than
    before; ``relinked``: whose links were changed. ``may_pause`` is False where a pause would lose
    what was done since the last chunk.
    """

    job: Job
    filled: frozenset[int] = frozenset()
    linked: frozenset[int] = frozenset()
    relinked: tuple[Target, ...] = ()
    may_pause: bool = True


# Does a job from ``job.done`` on. It MUST change things in blocks of ``chunk`` alone, yield after
# each, and be ready to be left at any of its yields. Where it raises InvalidInput, InvalidInputs or
# Refused, the job has failed; after any other exception it is tried again.
type Work = Callable[[Job], Iterator[Step]]


def create(
    kind: JobKind,
    *,
    actor: str,
    settings: dict[str, Any],
    pack: Pack | None = None,
    total: int | None = None,
    file_name: str = "",
    file: Iterable[bytes] = (),
) -> Job:
    """Make a job that is yet to be run, with the file that it reads, if any.

    ``settings`` must hold no serial data; the file may.
    """
    with without_details(), transaction.atomic():
        job = Job.objects.create(
            kind=kind,
            pack=pack,
            actor=actor,
            settings=settings,
            total=total,
            file_name=file_name,
            due_at=timezone.now() + _GRACE,
        )
        store(job, file)
    return job


def reopen(job: Job, file: Iterable[bytes]) -> None:
    """Have a job that failed half-way go on behind what is done; its file must be given again."""
    with without_details(), transaction.atomic():
        job.parts.all().delete()
        job.status, job.attempts, job.problems = JobStatus.WAITING, 0, []
        job.finished_at, job.due_at = None, timezone.now() + _GRACE
        job.save()
        store(job, file)


def run(
    job_id: int,
    works: Mapping[JobKind, Work],
    *,
    seconds: float | None = None,
    at_once: bool = False,
) -> Iterator[Step]:
    """Work at a job, for about so many seconds (None: to its end), and tell of each chunk.

    Nothing happens where it is finished, or where somebody else is at it. ``at_once``: do not
    wait for the lease of somebody who may have been killed.

    Problems of the input end a job as failed; whatever else goes wrong is tried again by the
    sweep, a few times. Nothing of that is raised.
    """
    job = _claim(job_id, at_once=at_once)
    if job is None:
        return
    if job.attempts > MAX_ATTEMPTS:
        _fail(job, [_gave_up(job)])
        yield Step(job=job)
        return
    end = None if seconds is None else time.monotonic() + seconds
    try:
        for step in works[JobKind(job.kind)](job):
            yield step
            if end is not None and time.monotonic() > end and step.may_pause:
                _pause(job, until=timezone.now() + _GRACE)
                return
    except LeaseLost:
        return
    except InvalidInput as refusal:
        _fail(job, [Problem.of(refusal)])
    except InvalidInputs as refusals:
        _fail(job, [Problem.of(each, row=each.index) for each in refusals.errors])
    except Refused as refusal:
        _fail(job, refusal.problems, count=refusal.count)
    except Exception as error:
        _retry_later(job, error)
    else:
        _finish(job, JobStatus.DONE)
    yield Step(job=job)


def _claim(job_id: int, *, at_once: bool) -> Job | None:
    now = timezone.now()
    free = Job.objects.filter(pk=job_id, status__in=OPEN_JOBS)
    if not at_once:
        free = free.filter(Q(status=JobStatus.WAITING) | Q(due_at__lte=now))
    claimed = free.update(status=JobStatus.RUNNING, attempts=F("attempts") + 1, due_at=now + LEASE)
    return Job.objects.select_related("pack", "batch").get(pk=job_id) if claimed else None


@contextmanager
def chunk(job: Job) -> Iterator[None]:
    """Do one chunk: what the block writes, and what it sets on ``job``, is kept together or not.

    Raises:
        StorageFailed: the database refused; nothing of the block was kept.
    """
    done = job.done
    with without_details(), transaction.atomic():
        mine = Job.objects.select_for_update().filter(
            pk=job.pk, status=JobStatus.RUNNING, done=done
        )
        if not mine.exists():
            raise LeaseLost
        yield
        job.attempts, job.due_at = 0, timezone.now() + LEASE
        job.save(
            update_fields=["done", "total", "skipped", "batch", "settings", "attempts", "due_at"]
        )


def heartbeat(job: Job, **settings: Any) -> None:
    """Prolong the lease between chunks, and show how far the reading is.

    Raises:
        LeaseLost: somebody else has finished the job.
    """
    job.settings |= settings
    job.due_at = timezone.now() + LEASE
    alive = Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING, done=job.done)
    if not alive.update(due_at=job.due_at, settings=job.settings, total=job.total):
        raise LeaseLost


def record_problems(job: Job, problems: Sequence[Problem], *, count: int) -> None:
    """Write down what is wrong: of many problems the first, and how many there are."""
    job.problems = [asdict(problem) for problem in problems[:MAX_PROBLEMS]]
    job.settings |= {"problems": count}
    Job.objects.filter(pk=job.pk).update(problems=job.problems, settings=job.settings)


def _pause(job: Job, *, until: datetime) -> None:
    job.status, job.due_at = JobStatus.WAITING, until
    Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING, done=job.done).update(
        status=job.status, due_at=until, attempts=job.attempts
    )


def _retry_later(job: Job, error: Exception) -> None:
    """Try again later, or give up. The error's own text may quote what was being read."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    # Behind a chunk that was committed, the count begins anew.
    job.attempts = max(job.attempts, 1)
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    what = error.message if isinstance(error, StorageFailed) else type(error).__name__
    logger.error("Job %s stopped (attempt %s): %s at %s", job.pk, job.attempts, what, where)
    job.refresh_from_db(fields=["done", "settings", "total", "batch"])
    if job.attempts >= MAX_ATTEMPTS:
        _fail(job, [_gave_up(job)])
    else:
        _pause(job, until=timezone.now() + timedelta(seconds=15 * 2**job.attempts))


def _gave_up(job: Job) -> Problem:
    return Problem(
        row=None,
        code=InvalidInput.code.value,
        message=(
            f"It stopped {MAX_ATTEMPTS} times in a row without getting any further; the log says "
            f"why. {job.done:,} of {'?' if job.total is None else f'{job.total:,}'} are done."
        ),
    )


def _fail(job: Job, problems: Sequence[Problem], *, count: int | None = None) -> None:
    job.refresh_from_db(fields=["done", "settings", "total", "batch"])
    record_problems(job, problems, count=len(problems) if count is None else count)
    _finish(job, JobStatus.FAILED)


def _finish(job: Job, status: JobStatus) -> None:
    """End a job; a file that was read, or written in part, is of no more use."""
    job.status, job.finished_at = status, timezone.now()
    with transaction.atomic():
        ended = Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING)
        if ended.update(status=status, finished_at=job.finished_at) and not (
            job.kind == JobKind.EXPORT and status == JobStatus.DONE
        ):
            job.parts.all().delete()


def due(now: datetime) -> list[int]:
    """Name the jobs that nobody works at and somebody should, oldest first."""
    jobs = Job.objects.filter(status__in=OPEN_JOBS, due_at__lte=now)
    return list(jobs.order_by("due_at", "id").values_list("pk", flat=True))


def is_waiting(job_id: int) -> bool:
    """Tell whether a job was put down in good order, to be gone on with at once."""
    return Job.objects.filter(pk=job_id, status=JobStatus.WAITING, attempts=0).exists()
