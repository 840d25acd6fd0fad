"""What resolvers read about jobs, gathered over the whole request."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count

from saleor_serials.access import jobs
from saleor_serials.graphql.loaders import gathered, page_of
from saleor_serials.jobs import files
from saleor_serials.models import Job, JobPart
from saleor_serials.serials.search import Found, Page


@gathered
def jobs_seen(keys: Sequence[tuple[int, jobs.Viewer]]) -> Mapping[Any, Job]:
    """Read jobs, as far as whoever asks may see them."""
    ids: dict[jobs.Viewer, list[int]] = defaultdict(list)
    for pk, viewer in keys:
        ids[viewer].append(pk)
    return {
        (job.pk, viewer): job
        for viewer, pks in ids.items()
        for job in viewer.jobs().filter(pk__in=pks)
    }


@gathered
def pages_of_jobs(keys: Sequence[tuple[jobs.Viewer, Page]]) -> Mapping[Any, Found]:
    return {(viewer, page): page_of(viewer.jobs(), page) for viewer, page in keys}


@gathered
def counts_of_jobs(keys: Sequence[jobs.Viewer]) -> Mapping[jobs.Viewer, int]:
    return {viewer: viewer.jobs().count() for viewer in keys}


@gathered
def part_counts(job_ids: Sequence[int]) -> Mapping[int, int]:
    """Count the parts of the files that jobs have made."""
    parts = JobPart.objects.filter(job__in=job_ids, number__gte=1)
    counts = parts.order_by().values_list("job").annotate(count=Count("id"))
    return dict.fromkeys(job_ids, 0) | dict(counts)


@gathered
def parts(keys: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes | None]:
    """Read parts of files, each by itself: one is a megabyte."""
    return {(job_id, number): files.part(job_id, number) for job_id, number in keys}
