"""The function that does each kind of job: the table that tasks, sweep and commands run jobs by."""

from collections.abc import Iterator, Mapping

from saleor_serials.import_export.export import export
from saleor_serials.import_export.links_import import import_links
from saleor_serials.import_export.serials_import import import_serials
from saleor_serials.jobs import work
from saleor_serials.models import JobKind
from saleor_serials.serials.deletion import delete_filtered
from saleor_serials.serials.generation_job import generate

WORKS: Mapping[JobKind, work.Work] = {
    JobKind.GENERATE: generate,
    JobKind.IMPORT: import_serials,
    JobKind.IMPORT_LINKS: import_links,
    JobKind.EXPORT: export,
    JobKind.DELETE: delete_filtered,
}


def run_job(
    job_id: int, *, seconds: float | None = None, at_once: bool = False
) -> Iterator[work.Step]:
    """Work at a job of any kind; see ``jobs.work.run``."""
    return work.run(job_id, WORKS, seconds=seconds, at_once=at_once)
