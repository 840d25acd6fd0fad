"""Queries for jobs."""

from typing import Any

import graphene

from saleor_serials.access.jobs import Viewer
from saleor_serials.access.permissions import MANAGE_PRODUCTS
from saleor_serials.graphql import ids, job_loaders
from saleor_serials.graphql.access import reach_of
from saleor_serials.graphql.pagination import Listing, field
from saleor_serials.graphql.types.connections import SerialJobCountableConnection
from saleor_serials.graphql.types.jobs import SerialJob
from saleor_serials.host import graphql


def _viewer(info: Any) -> Viewer:
    actor = graphql.actor(info.context)
    if MANAGE_PRODUCTS not in actor.permissions:
        raise graphql.permission_denied(MANAGE_PRODUCTS)
    return Viewer.of(reach_of(info), actor.key)


def _resolve_job(root: Any, info: Any, *, id: str) -> Any:
    viewer = _viewer(info)
    return job_loaders.jobs_seen(info.context, (ids.numbers_of([id], "SerialJob")[0], viewer))


def _resolve_jobs(root: Any, info: Any, **arguments: Any) -> Listing:
    viewer = _viewer(info)
    return Listing(
        info,
        arguments,
        page=lambda page: job_loaders.pages_of_jobs(info.context, (viewer, page)),
        count=lambda: job_loaders.counts_of_jobs(info.context, viewer),
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
        description="List jobs, oldest first. Requires the permission MANAGE_PRODUCTS.",
    ),
}
