"""Long work: who does it, who goes on with it, and how it ends."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError
from django.utils import timezone

from saleor_serials import tasks
from saleor_serials.access.jobs import JobAccess
from saleor_serials.access.packs import EVERYTHING, PackAccess
from saleor_serials.errors import InvalidInput
from saleor_serials.host import host
from saleor_serials.jobs import files, work
from saleor_serials.maintenance import sweep
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Job, JobKind, JobStatus, Pack
from saleor_serials.serials import generation_job
from tests import import_files, making
from tests.hosts import shop


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation_job, "_CHUNK", 10)


def make_pack(**values: Any) -> Pack:
    return making.make_pack(generator="uuid", **values)


def state(job: Job) -> tuple[str, int, int]:
    job.refresh_from_db()
    return job.status, job.done, job.pack.serials.count()


def age(job: Job, **how: Any) -> None:
    """Have time go by for a job."""
    Job.objects.filter(pk=job.pk).update(due_at=timezone.now() - timedelta(**how))


def test_a_job_is_done_in_chunks_each_with_its_progress() -> None:
    job = generation_job.start(make_pack(), 25, actor="user:1")

    seen = [(step.job.done, job.pack.serials.count()) for step in run_job(job.pk)]

    assert seen == [(10, 10), (20, 20), (25, 25), (25, 25)]
    assert state(job) == ("done", 25, 25)
    assert job.finished_at is not None


def test_the_worker_at_a_job_keeps_others_away_until_the_lease_ends() -> None:
    job = generation_job.start(make_pack(), 25, actor="user:1")
    dead = run_job(job.pk)
    next(dead)

    assert list(run_job(job.pk)) == []
    assert work.due(timezone.now()) == []
    assert work.due(timezone.now() + work.LEASE) == [job.pk]
    age(job, seconds=1)
    list(run_job(job.pk))

    assert state(job) == ("done", 25, 25)


def test_the_lease_begins_before_the_first_chunk() -> None:
    job = generation_job.start(make_pack(), 25, actor="user:1")
    import_files.kill_at_chunk(job, 1, committed=False)

    assert list(run_job(job.pk)) == []
    assert work.due(timezone.now()) == []
    age(job, seconds=1)
    list(run_job(job.pk))

    assert state(job) == ("done", 25, 25)


def test_two_at_the_same_job_do_nothing_twice() -> None:
    job = generation_job.start(make_pack(), 45, actor="user:1")
    one, two = run_job(job.pk), run_job(job.pk, at_once=True)

    done = [next(one).job.done, next(two).job.done]
    rest = [[step.job.done for step in each] for each in (one, two)]

    assert done == [10, 20]
    # The first finds that it was overtaken, and leaves.
    assert rest == [[], [30, 40, 45, 45]]
    assert state(job) == ("done", 45, 45)


def test_a_finished_job_is_not_run_again() -> None:
    job = generation_job.start(make_pack(), 5, actor="user:1")
    list(run_job(job.pk))

    assert list(run_job(job.pk, at_once=True)) == []
    assert state(job) == ("done", 5, 5)


def test_a_worker_leaves_a_job_after_a_while_and_asks_for_the_rest() -> None:
    job = generation_job.start(make_pack(), 35, actor="user:1")

    with (
        mock.patch.object(tasks, "request_job") as asked,
        mock.patch.object(tasks, "JOB_SECONDS", 0.0),
    ):
        tasks.run_job(job.pk)

    asked.assert_called_once_with(job.pk)
    assert state(job) == ("waiting", 10, 10)
    assert work.due(timezone.now()) == []
    tasks.run_job(job.pk)
    assert state(job) == ("done", 35, 35)


def test_the_sweep_goes_on_with_what_nobody_works_at() -> None:
    link = making.make_link(make_pack())
    order_id = making.placed_order(link, units=12)
    job = generation_job.start(link.pack, 15, actor="user:1")
    import_files.kill_at_chunk(job, 1, committed=True)

    assert sweep.sweep().unfinished_jobs == []
    assert state(job)[:2] == ("running", 10)
    age(job, seconds=1)
    with shop.nothing_heard():
        shop.pay(order_id)
    sweep.sweep()

    assert state(job)[:2] == ("done", 15)
    assert len(making.held(order_id)) == 12


def test_the_sweep_says_what_it_could_not_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_SECONDS_TO_WORK", 0)
    job = generation_job.start(make_pack(), 35, actor="user:1")
    age(job, seconds=1)

    assert sweep.sweep().unfinished_jobs == [job.pk]
    assert state(job) == ("waiting", 10, 10)
    age(job, seconds=1)
    # Its task has the workers go on.
    tasks.sweep_orders()
    assert state(job) == ("done", 35, 35)


def test_nothing_is_swept_while_the_plugin_is_off() -> None:
    job = generation_job.start(make_pack(), 5, actor="user:1")
    age(job, seconds=1)
    shop.set_plugin(active=False)

    sweep.sweep()

    assert state(job) == ("waiting", 0, 0)


def test_what_goes_wrong_is_tried_again_and_then_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = generation_job.start(make_pack(), 25, actor="user:1")
    next(run_job(job.pk))
    pauses = []

    with mock.patch.object(host, "copy_rows", side_effect=DatabaseError("DETAIL: SECRET")):
        while state(job)[0] != "failed":
            age(job, seconds=1)
            list(run_job(job.pk))
            job.refresh_from_db()
            pauses.append(job.due_at - timezone.now())

    assert len(pauses) == work.MAX_ATTEMPTS
    assert pauses[:4] == sorted(pauses[:4])
    assert state(job) == ("failed", 10, 10)
    [problem] = job.problems
    assert (problem["row"], problem["code"]) == (None, "INVALID")
    assert problem["message"] == (
        "It stopped 5 times in a row without getting any further; the log says why. 10 of 25 are "
        "done."
    )
    assert f"Job {job.pk} stopped (attempt 4): The database refused" in caplog.text
    assert "SECRET" not in caplog.text
    assert job.batch.quantity == 10


def test_an_error_s_own_text_stays_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    job = generation_job.start(make_pack(), 5, actor="user:1")

    with (
        caplog.at_level(logging.DEBUG),
        mock.patch.object(generation_job.generation, "draw", side_effect=KeyError("SECRET")),
    ):
        list(run_job(job.pk))

    assert "KeyError at" in caplog.text
    assert "SECRET" not in caplog.text
    assert state(job) == ("waiting", 0, 0)


def test_a_job_that_kills_its_workers_is_given_up() -> None:
    job = generation_job.start(make_pack(), 25, actor="user:1")
    for _ in range(work.MAX_ATTEMPTS):
        age(job, seconds=1)
        import_files.kill_at_chunk(job, 1, committed=False)
    age(job, seconds=1)

    [step] = run_job(job.pk)

    assert step.job.status == "failed"
    assert state(job) == ("failed", 0, 0)


def test_what_cannot_be_done_ends_a_job_with_its_reason() -> None:
    pack = make_pack()
    job = generation_job.start(pack, 25, actor="user:1")
    next(run_job(job.pk))
    Pack.objects.filter(pk=pack.pk).update(size_limit=15)
    age(job, seconds=1)

    list(run_job(job.pk))

    assert state(job) == ("failed", 10, 10)
    assert [problem["code"] for problem in job.problems] == ["LIMIT_REACHED"]


def test_a_job_without_its_pack_goes_with_it() -> None:
    pack = make_pack()
    job = generation_job.start(pack, 25, actor="user:1")
    steps = run_job(job.pk)
    Pack.objects.filter(pk=pack.pk).delete()

    assert list(steps) == []
    assert not Job.objects.exists()


def make_job(**values: Any) -> Job:
    values = {"kind": JobKind.EXPORT, "actor": "user:9", **values}
    return Job.objects.create(**values)


def test_jobs_are_seen_by_those_who_see_all_of_their_packs() -> None:
    mine, theirs = making.make_pack(), making.make_pack()
    jobs_of = {
        "mine": make_job(pack=mine),
        "theirs": make_job(pack=theirs),
        "of mine": make_job(pack_ids=[mine.pk]),
        "of both": make_job(pack_ids=[mine.pk, theirs.pk]),
        "of none": make_job(pack_ids=[]),
        "of all": make_job(pack_ids=None),
        "not yet known": make_job(),
        "not yet known, begun": make_job(actor="user:1"),
        "of all, begun": make_job(actor="user:1", pack_ids=None),
        "theirs, begun": make_job(actor="user:1", pack=theirs),
    }
    names = {job.pk: name for name, job in jobs_of.items()}

    def seen(access: PackAccess) -> set[str]:
        return {names[job.pk] for job in JobAccess.of(access, "user:1").jobs()}

    assert seen(EVERYTHING) == set(jobs_of)
    assert seen(PackAccess(packs=frozenset({mine.pk}))) == {
        *("mine", "of mine", "of none", "not yet known, begun", "of all, begun"),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """The input of a job that is told nothing."""


def test_a_file_is_cut_into_parts_and_read_as_one() -> None:
    def blocks() -> Iterator[bytes]:
        for number in range(5):
            yield bytes([number]) * 700_000

    job = work.create(JobKind.IMPORT, actor="user:1", input=Told(), file=blocks())

    assert [len(part.content) for part in job.parts.order_by("number")] == [
        *(1_000_000, 1_000_000, 1_000_000, 500_000),
    ]
    with files.stored(job) as file:
        assert file.read() == b"".join(blocks())


def test_a_file_is_dropped_only_when_the_job_is_finished() -> None:
    job = work.create(JobKind.EXPORT, actor="user:1", input=Told(), file=[b"x"])

    with pytest.raises(InvalidInput, match="not finished"):
        files.drop_file(job)
    job.status = JobStatus.DONE
    files.drop_file(job)

    assert job.parts.count() == 0
