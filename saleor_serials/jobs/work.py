"""Long work in chunks, which survives the death of the process that does it.

A chunk is one transaction that ends by writing how far the job is, under the lock of the job's row.
A process that is killed loses its chunk and nothing else: the sweep, or the next worker, resumes
behind the last chunk that was committed. A lease keeps other workers away from a running job; that
no chunk is done twice rests on the row lock alone.

    waiting ─▶ running ─▶ done
       ▲          │  └──▶ failed ─▶ waiting (``reopen``: the same import again)
       └──────────┘ paused, or to be retried
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
from saleor_serials.jobs import typed_json
from saleor_serials.jobs.files import store
from saleor_serials.models import Job, JobKind, JobStatus, Pack
from saleor_serials.models.jobs import OPEN_JOBS
from saleor_serials.retry import Retry

logger = logging.getLogger(__name__)

# How long after its last heartbeat a running job may be taken over.
LEASE = timedelta(minutes=2)

# How long a waiting job is left to the task that was enqueued for it.
_GRACE = timedelta(minutes=1)

# How often in a row a job may stop without having committed a chunk.
MAX_ATTEMPTS = 5
_RETRY = Retry(first=timedelta(seconds=30), longest=timedelta(minutes=4), attempts=MAX_ATTEMPTS)
MAX_PROBLEMS = 100

# What a chunk, or a check, may change in a job.
_PROGRESS = ("done", "total", "batch", "progress", "pack_ids")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong; ``row`` counts from 1, as a spreadsheet does, and is None for the whole."""

    row: int | None
    code: str
    message: str

    @classmethod
    def of(cls, refusal: InvalidInput, *, row: int | None = None) -> "Problem":
        """Make the problem that staff read from a refusal."""
        return cls(row=row, code=refusal.code.value, message=refusal.message)


class Refused(SerialsError):
    """The rows cannot be accepted; nothing was changed."""

    def __init__(self, problems: Sequence[Problem], *, count: int) -> None:
        super().__init__()
        self.problems = tuple(problems)
        self.count = count


class LeaseLost(Exception):
    """Another worker has taken the job over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A job after a chunk, and what the chunk changed for others.

    ``filled``: packs that orders may be waiting for. ``linked``: packs with new or changed links;
    ``relinked``: variants and products whose existing links were changed. ``may_pause`` is False
    where a pause would lose what was done since the last chunk.
    """

    job: Job
    filled: frozenset[int] = frozenset()
    linked: frozenset[int] = frozenset()
    relinked: tuple[Target, ...] = ()
    may_pause: bool = True


# Does a job from ``job.done`` on. It MUST write inside blocks of ``chunk`` only, yield after each,
# and tolerate being abandoned at any yield. If it raises InvalidInput, InvalidInputs or Refused,
# the job fails; after any other exception it is tried again.
type Work = Callable[[Job], Iterator[Step]]


def create(
    kind: JobKind,
    *,
    actor: str,
    input: Any,
    pack: Pack | None = None,
    pack_ids: Iterable[int] | None = None,
    total: int | None = None,
    file_name: str = "",
    file: Iterable[bytes] = (),
) -> Job:
    """Make a waiting job, with the file that it reads, if any.

    ``input`` is the dataclass that the kind's code reads; it is never changed afterwards and must
    hold no serial data; the file may.
    """
    with without_details(), transaction.atomic():
        job: Job = Job.objects.create(
            kind=kind,
            pack=pack,
            actor=actor,
            input=typed_json.dump(input),
            pack_ids=None if pack_ids is None else sorted(pack_ids),
            total=total,
            file_name=file_name,
            due_at=timezone.now() + _GRACE,
        )
        store(job, file)
    return job


def reopen(job: Job, *, with_file_of: Job) -> None:
    """Make a failed job wait again, to resume behind what it has done.

    Its file was removed when it failed: it takes that of the other job, which has none then.
    """
    with without_details(), transaction.atomic():
        job.parts.all().delete()
        with_file_of.parts.update(job=job)
        job.status, job.attempts = JobStatus.WAITING, 0
        job.problems, job.problem_count = [], 0
        job.finished_at, job.due_at = None, timezone.now() + _GRACE
        job.save()


def run(
    job_id: int,
    works: Mapping[JobKind, Work],
    *,
    seconds: float | None = None,
    at_once: bool = False,
) -> Iterator[Step]:
    """Work at a job for about so many seconds (None: to its end), and yield after each chunk.

    Does nothing if the job is finished, or leased by another worker; ``at_once`` ignores the lease,
    whose owner may have been killed.

    Problems of the input end the job as failed. After any other error the sweep tries it again, a
    few times. Neither is raised.
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
    """Commit what the block writes together with the progress it sets on ``job``, or neither.

    Raises:
        LeaseLost: another worker has committed a chunk, or finished the job.
        StorageFailed: the database refused; nothing of the block was committed.
    """
    done = job.done
    with without_details(), transaction.atomic():
        # Without this lock two workers would both do the chunk behind ``done``.
        mine = Job.objects.select_for_update().filter(
            pk=job.pk, status=JobStatus.RUNNING, done=done
        )
        if not mine.exists():
            raise LeaseLost
        yield
        job.attempts, job.due_at = 0, timezone.now() + LEASE
        job.save(update_fields=[*_PROGRESS, "skipped", "attempts", "due_at"])


def heartbeat(job: Job, progress: Any) -> None:
    """Extend the lease between chunks, and write the progress of a check.

    Raises:
        LeaseLost: another worker has committed a chunk, or finished the job.
    """
    job.progress = typed_json.dump(progress)
    job.due_at = timezone.now() + LEASE
    mine = Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING, done=job.done)
    if not mine.update(
        due_at=job.due_at, progress=job.progress, pack_ids=job.pack_ids, total=job.total
    ):
        raise LeaseLost


def record_problems(job: Job, problems: Sequence[Problem], *, count: int) -> None:
    """Write what is wrong: of many problems the first, and how many there are."""
    job.problems = [asdict(problem) for problem in problems[:MAX_PROBLEMS]]
    job.problem_count = count
    Job.objects.filter(pk=job.pk).update(problems=job.problems, problem_count=count)


def _pause(job: Job, *, until: datetime) -> None:
    job.status, job.due_at = JobStatus.WAITING, until
    Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING, done=job.done).update(
        status=job.status, due_at=until, attempts=job.attempts
    )


def _retry_later(job: Job, error: Exception) -> None:
    """Let the sweep try again later, or give up.

    Logs the error's type and place alone: its text may quote a serial.
    """
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    # A committed chunk has reset the count.
    job.attempts = max(job.attempts, 1)
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    what = error.message if isinstance(error, StorageFailed) else type(error).__name__
    logger.error("Job %s stopped (attempt %s): %s at %s", job.pk, job.attempts, what, where)
    job.refresh_from_db(fields=_PROGRESS)
    pause = _RETRY.pause_after(job.attempts)
    if pause is None:
        _fail(job, [_gave_up(job)])
    else:
        _pause(job, until=timezone.now() + pause)


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
    # What the chunk at hand has set on the job was not committed.
    job.refresh_from_db(fields=_PROGRESS)
    record_problems(job, problems, count=len(problems) if count is None else count)
    _finish(job, JobStatus.FAILED)


def _finish(job: Job, status: JobStatus) -> None:
    """End a job, and remove its file unless it is a finished export's."""
    job.status, job.finished_at = status, timezone.now()
    with transaction.atomic():
        ended = Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING)
        if ended.update(status=status, finished_at=job.finished_at) and not (
            job.kind == JobKind.EXPORT and status == JobStatus.DONE
        ):
            job.parts.all().delete()


def due(now: datetime) -> list[int]:
    """List the open jobs that no worker has leased, oldest first."""
    jobs = Job.objects.filter(status__in=OPEN_JOBS, due_at__lte=now)
    return list(jobs.order_by("due_at", "id").values_list("pk", flat=True))


def is_waiting(job_id: int) -> bool:
    """Tell whether a job was put down in good order, to be gone on with at once."""
    return bool(Job.objects.filter(pk=job_id, status=JobStatus.WAITING, attempts=0).exists())
