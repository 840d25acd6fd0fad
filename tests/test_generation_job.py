"""Packs that are filled by their generator."""

from collections.abc import Mapping, Sequence
from typing import Any
from unittest import mock

import pytest

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.generators import (
    GENERATORS,
    GeneratedSerial,
    GenerationContext,
    Generator,
)
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Batch, Event, Job, Pack, Serial
from saleor_serials.packs import lifecycle
from saleor_serials.serials import generation_job
from tests import import_files, making
from tests.making import statuses


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation_job, "_CHUNK", 10)


def filled(pack: Pack, quantity: int, **values: Any) -> Job:
    job = import_files.finished(generation_job.start(pack, quantity, actor="user:1", **values))
    assert (job.status, job.done) == ("done", quantity)
    return job


def refusal(pack: Pack, quantity: int, **values: Any) -> tuple[str, str]:
    before = Serial.objects.count()
    with pytest.raises(InvalidInput) as refused:
        generation_job.start(pack, quantity, actor="user:1", **values)
    assert not Job.objects.exists()
    assert not Event.objects.exists()
    assert Serial.objects.count() == before
    return refused.value.field, refused.value.code.value


@pytest.mark.usefixtures("small_chunks")
def test_so_many_are_made_as_one_batch_recorded_once() -> None:
    pack = making.make_pack(generator="random", generator_settings={"pattern": "AAAA-9999"})

    job = filled(pack, 25, batch_name="Spring")

    assert statuses(pack) == {"free": 25}
    assert (job.batch.name, job.batch.quantity) == ("Spring", 25)
    assert [(each.type, each.quantity, each.actor) for each in Event.objects.all()] == [
        ("created", 25, "user:1")
    ]


@pytest.mark.usefixtures("small_chunks")
def test_a_sequence_goes_on_over_chunks_and_jobs() -> None:
    pack = making.make_pack(generator="sequence")

    filled(pack, 25)
    filled(pack, 5)

    data = list(pack.serials.order_by("position").values_list("data", flat=True))
    numbers = [int(text) for text in data]
    assert numbers == list(range(numbers[0], numbers[0] + 30))


def test_what_cannot_be_made_is_refused_before_anything_is() -> None:
    without = making.make_pack()
    small = making.make_pack(generator="uuid", size_limit=10)
    shops = lifecycle.create(name="As the shop says", generator="uuid")
    few = making.make_pack(generator="random", generator_settings={"pattern": "9"})
    batches = making.make_pack(generator="uuid", type="batch", batch_limit=5)

    assert refusal(without, 1) == ("generator", "INVALID")
    assert refusal(small, 11) == ("quantity", "LIMIT_REACHED")
    assert refusal(shops, 1_001) == ("quantity", "LIMIT_REACHED")
    assert refusal(few, 11) == ("quantity", "NOT_ENOUGH")
    assert refusal(batches, 6) == ("quantity", "LIMIT_REACHED")
    assert refusal(small, 0) == ("quantity", "OUT_OF_RANGE")
    assert refusal(small, 10_000_001) == ("quantity", "OUT_OF_RANGE")
    assert refusal(small, 1, batch_name="x" * 251) == ("batch_name", "TOO_LONG")
    assert refusal(small, 1, batch_name="a\0") == ("batch_name", "INVALID")


def test_the_size_limit_names_both_settings() -> None:
    pack = making.make_pack(generator="uuid", size_limit=10)

    with pytest.raises(InvalidInput, match=r"sizeLimit .* pack_size_limit"):
        generation_job.start(pack, 11, actor="user:1")


def test_only_packs_made_in_batches_have_batches_made() -> None:
    pack = making.make_pack(generator="uuid", type="batch")

    job = import_files.finished(generation_job.start_batch(pack, 500, actor="user:1", name="May"))

    assert (job.batch.name, job.batch.quantity) == ("May", 500)
    with pytest.raises(InvalidInput) as refused:
        generation_job.start_batch(pack, 501, actor="user:1")
    assert refused.value.code == "LIMIT_REACHED"
    with pytest.raises(InvalidInput, match="not made in batches"):
        generation_job.start_batch(making.make_pack(generator="uuid"), 1, actor="user:1")


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("after", [1, 3])
@pytest.mark.parametrize("committed", [True, False])
def test_a_generation_that_is_killed_makes_exactly_so_many(after: int, committed: bool) -> None:
    pack = making.make_pack(generator="random", generator_settings={"pattern": "AAAA-9999"})
    job = generation_job.start(pack, 35, actor="user:1")

    import_files.kill_at_chunk(job, after, committed=committed)
    assert pack.serials.count() == 10 * (after if committed else after - 1)
    list(run_job(job.pk, at_once=True))

    job.refresh_from_db()
    assert (job.status, job.done, statuses(pack)) == ("done", 35, {"free": 35})
    assert [batch.quantity for batch in Batch.objects.all()] == [35]
    assert Event.objects.count() == 1


@pytest.mark.usefixtures("small_chunks")
def test_orders_that_wait_are_served_after_each_chunk() -> None:
    link = making.make_link(making.make_pack(source="stock"))
    order_id = making.paid_order(link, units=12)
    assert making.shortfall(order_id) == 12
    Pack.objects.filter(pk=link.pack_id).update(generator="uuid")
    link.pack.refresh_from_db()

    filled(link.pack, 25)

    assert len(making.held(order_id)) == statuses(link.pack)["used"] == 12


class Worn(Generator):
    """Comes to its end, though it did not say so."""

    label = "Worn"
    made = 0

    def __init__(self, settings: Mapping[str, Any]) -> None:
        pass

    def accepts(self, data: str) -> bool:
        return True

    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        numbers = range(type(self).made, type(self).made + count)
        type(self).made += count
        return [GeneratedSerial(data=f"W-{min(number, 14)}") for number in numbers]


@pytest.mark.usefixtures("small_chunks")
def test_a_generator_that_comes_to_its_end_ends_the_job() -> None:
    with mock.patch.object(GENERATORS, "registered", return_value={"worn": Worn}):
        pack = making.make_pack(generator="worn")

        job = import_files.finished(generation_job.start(pack, 25, actor="user:1"))

    assert (job.status, job.done) == ("failed", 10)
    assert [problem["code"] for problem in job.problems] == ["NOT_ENOUGH"]
    assert (statuses(pack), job.batch.quantity) == ({"free": 10}, 10)


def test_memory_stays_flat_over_100_000() -> None:
    pack = making.make_pack(generator="uuid")
    job = generation_job.start(pack, 100_000, actor="user:1")

    grown = import_files.megabytes_grown(lambda: list(run_job(job.pk)))

    job.refresh_from_db()
    assert (job.status, pack.serials.count()) == ("done", 100_000)
    assert grown < 80
