"""Workers run jobs of every kind, whether or not they have loaded the GraphQL schema."""

import subprocess
import sys
from pathlib import Path

from demo.hosts import host as demo_host
from saleor_serials.access.packs import EVERYTHING
from saleor_serials.import_export import export, links_import
from saleor_serials.import_export.export import Format
from saleor_serials.models import Job, JobKind, PackLink, SerialStatus
from saleor_serials.serials import deletion, generation_job
from saleor_serials.serials.search import Filter
from tests import import_files, making
from tests.hosts import shop

# In place of the package stands a module without submodules: each import from it would fail.
WORKER = """
import sys, types

graphql = types.ModuleType("saleor_serials.graphql")
graphql.schema = types.SimpleNamespace(install=lambda: None)
sys.modules["saleor_serials.graphql"] = graphql

import django

django.setup()

from saleor_serials import tasks

for job_id in map(int, sys.argv[1:]):
    tasks.run_job(job_id)

print(*sorted(name for name in sys.modules if name.startswith("saleor_serials.graphql")))
"""


def test_a_worker_without_graphql_runs_jobs_of_every_kind(
    database_url: str, tmp_path: Path
) -> None:
    pack = making.make_pack(generator="uuid")
    variant = shop.make_variant()
    doomed = making.make_pack()
    making.make_serials(doomed, 3)
    jobs = {
        JobKind.GENERATE: generation_job.start(pack, 5, actor="user:1"),
        JobKind.IMPORT: import_files.start("data\nA\nB\n", pack),
        JobKind.IMPORT_LINKS: links_import.start_links(
            import_files.import_file(f"sku\n{variant.sku}\n"),
            pack=pack,
            actor="user:1",
            access=EVERYTHING,
        ),
        JobKind.EXPORT: export.start_export(
            Filter(pack_ids=(pack.pk,)),
            format=Format.CSV,
            actor="user:1",
            access=EVERYTHING,
            sees_holders=True,
        ),
        JobKind.DELETE: deletion.start(
            Filter(pack_ids=(doomed.pk,)), expected=None, actor="user:1"
        ),
    }
    assert set(jobs) == set(JobKind), "JobKind has another kind: make a job of it here."

    worker = subprocess.run(
        [sys.executable, "-c", WORKER, *(str(job.pk) for job in jobs.values())],
        env=demo_host.environment(
            tmp_path,
            database=database_url,
            redis="redis://127.0.0.1:1/0",
            smtp="smtp://127.0.0.1:1",
            address="http://127.0.0.1",
        ),
        cwd=demo_host.FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )

    assert worker.returncode == 0, worker.stderr
    assert worker.stdout.split() == ["saleor_serials.graphql"]
    ended = {job.kind: (job.status, job.done, job.problems) for job in Job.objects.all()}
    assert ended == {
        JobKind.GENERATE: ("done", 5, []),
        JobKind.IMPORT: ("done", 2, []),
        JobKind.IMPORT_LINKS: ("done", 1, []),
        JobKind.EXPORT: ("done", 7, []),
        JobKind.DELETE: ("done", 3, []),
    }
    assert pack.serials.filter(status=SerialStatus.FREE).count() == 7
    assert PackLink.objects.get().variant_id == variant.pk
    assert making.statuses(doomed) == {"deleted": 3}
