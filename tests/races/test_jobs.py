"""Several processes at the same job, and several imports of the same serials, all at once."""

from typing import Any

import pytest

from saleor_serials.jobs import work
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Batch, Job
from saleor_serials.serials import generation_job, writing
from tests import import_files, making
from tests.races.threads import Crossing, together, without_row_locks


def work_together(job: Job) -> None:
    together([lambda: list(run_job(job.pk, at_once=True))] * 4)


def start(quantity: int, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(generation_job, "_CHUNK", 5)
    return generation_job.start(making.make_pack(generator="uuid"), quantity, actor="user:1")


def test_four_at_the_same_job_make_what_one_would(monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(100, monkeypatch)

    work_together(job)

    job.refresh_from_db()
    assert job.done == job.pack.serials.count() == 100
    assert [batch.quantity for batch in Batch.objects.all()] == [100]
    list(run_job(job.pk, at_once=True))
    job.refresh_from_db()
    assert (job.status, job.pack.serials.count()) == ("done", 100)


def generate_at_once(monkeypatch: pytest.MonkeyPatch) -> Job:
    """Let two work at one job, both of whom have read how far it is before either goes on."""
    job = start(100, monkeypatch)
    have_claimed, have_looked = Crossing(), Crossing()
    with have_claimed.after(work, "_claim"), have_looked.before(writing, "lock"):
        have_looked.together([lambda: list(run_job(job.pk, at_once=True))] * 2)
    return job


def test_two_who_know_the_same_of_a_job_make_what_one_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = generate_at_once(monkeypatch)

    job.refresh_from_db()
    assert (job.status, job.done, job.pack.serials.count()) == ("done", 100, 100)


def test_negative_control_without_the_lock_of_the_chunk_they_make_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with without_row_locks("saleor_serials_job"):
        job = generate_at_once(monkeypatch)

    assert job.pack.serials.count() > 100


def test_of_imports_of_the_same_serials_one_comes_through() -> None:
    pack = making.make_pack()
    rows = "data\n" + "".join(f"S-{number}\n" for number in range(500))
    started = [import_files.start(rows, pack, actor=f"user:{number}") for number in range(4)]

    def run(job: Job) -> Any:
        return lambda: list(run_job(job.pk))

    together([run(job) for job in started])

    for job in started:
        job.refresh_from_db()
    assert sorted((job.status, job.done) for job in started) == [
        ("done", 500),
        *[("failed", 0)] * 3,
    ]
    failed = [job for job in started if job.status == "failed"]
    assert {problem["code"] for job in failed for problem in job.problems} == {"DUPLICATE"}
    assert [job.problem_count for job in failed] == [500] * 3
    assert pack.serials.count() == 500
    assert Batch.objects.count() == 1
