"""Queries for jobs."""

from typing import Any

import graphene

from saleor_serials.access.jobs import JobAccess
from saleor_serials.access.permissions import MANAGE_PRODUCTS
from saleor_serials.graphql import ids
from saleor_serials.graphql.access import pack_access_of, require
from saleor_serials.graphql.errors import refusals
from saleor_serials.graphql.loaders import jobs
from saleor_serials.graphql.pagination import Listing, field
from saleor_serials.graphql.types import filters, sorting
from saleor_serials.graphql.types.connections import SerialJobCountableConnection
from saleor_serials.graphql.types.jobs import SerialJob
from saleor_serials.host import api


def _job_access(info: Any) -> JobAccess:
    require(info, MANAGE_PRODUCTS)
    return JobAccess.of(pack_access_of(info), api.actor(info.context).key)


def _resolve_job(root: Any, info: Any, *, id: str) -> Any:
    job_access = _job_access(info)
    with refusals():
        job_id = ids.require(id, "SerialJob", field="id")
    return jobs.jobs_seen(info.context, (job_id, job_access))


def _resolve_jobs(
    root: Any, info: Any, *, filter: Any = None, sort_by: Any = None, **arguments: Any
) -> Listing:
    job_access = _job_access(info)
    with refusals():
        criteria = filters.jobs(filter, access=job_access, sort_by=sort_by)
    return Listing(
        info,
        arguments,
        page=lambda page: jobs.pages_of_jobs(info.context, (criteria, page)),
        count=lambda: jobs.counts_of_jobs(info.context, criteria),
        sort=criteria.sort,
    )


QUERIES = {
    "serial_job": graphene.Field(
        SerialJob,
        resolver=_resolve_job,
        description="Look up a job by ID. Requires the permission MANAGE_PRODUCTS.",
        id=graphene.ID(required=True, description="ID of the job."),
    ),
    "serial_jobs": field(
        SerialJobCountableConnection,
        resolver=_resolve_jobs,
        description="List jobs, newest first. Requires the permission MANAGE_PRODUCTS.",
        filter=filters.SerialJobFilterInput(description="Which jobs to list."),
        sort_by=sorting.SerialJobSortingInput(description="In which order to list them."),
    ),
}
