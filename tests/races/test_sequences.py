"""No number of a sequence is drawn twice, whoever draws at once; and the proof that we'd see it."""

from collections.abc import Sequence
from functools import partial
from threading import Barrier
from typing import Any
from unittest import mock

from django.db import transaction
from django.utils import timezone

from saleor_serials import crypto
from saleor_serials.models import Pack, PackSequence, Serial, SigningKey
from saleor_serials.serials import generation, writing
from saleor_serials.serials.generation import PackGenerationContext
from tests import making
from tests.races.threads import together

THREADS = 8
ROUNDS = 10


def make_pack() -> Pack:
    return making.make_pack(generator="sequence", generator_settings={"padding": 4})


def fill(pack: Pack, quantity: int) -> None:
    with transaction.atomic():
        writing.lock(pack)
        now = timezone.now()
        writing.write(pack, None, generation.draw(pack, quantity, now=now), now=now)


def serve(pack: Pack, quantity: int) -> None:
    """As for an order, which does not wait for those who fill the pack."""
    with transaction.atomic():
        generation.generate_for_order(pack, quantity, now=timezone.now())


def test_eight_threads_draw_every_number_once_and_leave_none_out() -> None:
    pack = make_pack()

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            (fill if (number + turn) % 2 else serve)(pack, 1 + number % 3)

    together([partial(work, number) for number in range(THREADS)])

    total = ROUNDS * sum(1 + number % 3 for number in range(THREADS))
    drawn = sorted(Serial.objects.values_list("data", flat=True))
    assert drawn == [f"{number:04}" for number in range(1, total + 1)]
    assert PackSequence.objects.get().next == total + 1


def test_orders_that_draw_past_an_import_at_once_leave_no_number_out() -> None:
    pack = make_pack()
    supply_of = [f"{number:04}" for number in range(1, 301)]
    with transaction.atomic():
        drafts = [writing.Draft(data=data) for data in supply_of]
        writing.write(pack, None, drafts, now=timezone.now())

    together([partial(serve, pack, 2)] * THREADS)

    drawn = sorted(Serial.objects.values_list("data", flat=True))
    assert drawn == [f"{number:04}" for number in range(1, 301 + 2 * THREADS)]


def test_negative_control_read_then_write_draws_the_same_number_twice() -> None:
    pack = make_pack()
    PackSequence.objects.create(pack=pack, next=1)
    barrier = Barrier(2)

    def take_numbers(
        self: PackGenerationContext, count: int, *, start: int, step: int
    ) -> Sequence[int]:
        first = PackSequence.objects.get(pack=pack).next
        barrier.wait(5)
        PackSequence.objects.filter(pack=pack).update(next=first + count * step)
        return range(first, first + count * step, step)

    def draw() -> Any:
        return PackGenerationContext(pack=pack, now=timezone.now()).take_numbers(3, start=1, step=1)

    with mock.patch.object(PackGenerationContext, "take_numbers", take_numbers):
        first, second = together([draw, draw])

    assert list(first) == list(second) == [1, 2, 3]


def test_two_that_draw_at_once_get_different_numbers_where_read_then_write_would_not() -> None:
    pack = make_pack()
    PackSequence.objects.create(pack=pack, next=1)

    def draw() -> Any:
        return PackGenerationContext(pack=pack, now=timezone.now()).take_numbers(3, start=1, step=1)

    first, second = together([draw, draw])

    assert sorted([*first, *second]) == [1, 2, 3, 4, 5, 6]


def test_a_pack_that_is_first_signed_for_by_eight_at_once_gets_one_key() -> None:
    pack = making.make_pack()

    signatures = together([lambda: crypto.signer(pack)(b"message")] * THREADS)

    assert len(set(signatures)) == 1
    assert SigningKey.objects.count() == 1


def test_the_last_serials_of_a_pattern_go_to_all_who_come_and_none_is_made_twice() -> None:
    pack = making.make_pack(generator="random", generator_settings={"pattern": "9{2}"})

    def work() -> int:
        made = 0
        for _ in range(5):
            with transaction.atomic():
                made += len(generation.generate_for_order(pack, 2, now=timezone.now()))
        return made

    made = together([work] * THREADS)

    assert sum(made) == Serial.objects.count() == 2 * 5 * THREADS
