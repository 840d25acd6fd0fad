"""Download tokens: whoever has one may fetch the file of one export, for as long as it is kept.

A token is the job's id, signed and dated with Saleor's ``SECRET_KEY``. It names no person and no
serial; the file's own age bounds it as well.
"""

from collections.abc import Iterator
from datetime import datetime

from django.core import signing

from saleor_serials.jobs.files import KEEP_FILES, part
from saleor_serials.models import Job, JobKind, JobStatus

_SALT = "saleor_serials.exports"


def token_of(job: Job) -> str:
    """Make a token for the file of a finished export."""
    return str(signing.dumps(job.pk, salt=_SALT))


def job_of(token: str, *, now: datetime) -> Job | None:
    """Find the export that a token is for; None if it is not valid, or no longer. One statement."""
    try:
        job_id = signing.loads(token, salt=_SALT, max_age=KEEP_FILES)
    except signing.BadSignature:
        return None
    found: Job | None = Job.objects.filter(
        pk=job_id,
        kind=JobKind.EXPORT,
        status=JobStatus.DONE,
        finished_at__gt=now - KEEP_FILES,
        parts__number=1,
    ).first()
    return found


def parts_of(job: Job) -> Iterator[bytes]:
    """Read the file of an export, a part at a time; part 0 is its filter."""
    number = 1
    while (content := part(job.pk, number)) is not None:
        yield content
        number += 1
