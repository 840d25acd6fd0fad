"""What resolvers read about jobs, gathered over the whole request."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from saleor_serials.access import jobs
from saleor_serials.graphql.loaders.batching import batch_load
from saleor_serials.jobs import files
from saleor_serials.models import Job, JobKind, JobPart, JobStatus
from saleor_serials.serials.search import NEWEST_FIRST, Page, PageResult, Sort, read_page


@batch_load
def jobs_seen(keys: Sequence[tuple[int, jobs.JobAccess]]) -> Mapping[Any, Job]:
    """Read jobs, as far as whoever asks may see them."""
    ids: dict[jobs.JobAccess, list[int]] = defaultdict(list)
    for pk, job_access in keys:
        ids[job_access].append(pk)
    return {
        (job.pk, job_access): job
        for job_access, pks in ids.items()
        for job in job_access.jobs().filter(pk__in=pks)
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFilter:
    """Which jobs of those that a requester may see; what is None does not matter."""

    access: jobs.JobAccess
    pack_ids: tuple[int, ...] | None = None
    kinds: frozenset[JobKind] | None = None
    statuses: frozenset[JobStatus] | None = None
    sort: Sort = NEWEST_FIRST

    def rows(self) -> QuerySet[Job]:
        found = self.access.jobs()
        for column, values in (
            ("pack", self.pack_ids),
            ("kind", self.kinds),
            ("status", self.statuses),
        ):
            if values is not None:
                found = found.filter(**{f"{column}__in": values})
        return found


@batch_load
def pages_of_jobs(keys: Sequence[tuple[JobFilter, Page]]) -> Mapping[Any, PageResult]:
    return {
        (criteria, page): read_page(criteria.rows(), page, criteria.sort) for criteria, page in keys
    }


@batch_load
def counts_of_jobs(keys: Sequence[JobFilter]) -> Mapping[JobFilter, int]:
    return {criteria: criteria.rows().count() for criteria in keys}


@batch_load
def part_counts(job_ids: Sequence[int]) -> Mapping[int, int]:
    """Count the parts of the files that jobs have made."""
    parts = JobPart.objects.filter(job__in=job_ids, number__gte=1)
    counts = parts.order_by().values_list("job").annotate(count=Count("id"))
    return dict.fromkeys(job_ids, 0) | dict(counts)


@batch_load
def parts(keys: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes | None]:
    """Read parts of files, each by itself: one is a megabyte."""
    return {(job_id, number): files.part(job_id, number) for job_id, number in keys}
