"""No number of a sequence is drawn twice, whoever draws at once; and the proof that we'd see it."""

import contextlib
from functools import partial
from threading import local
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from saleor_serials import crypto
from saleor_serials.errors import NotEnough
from saleor_serials.extensions.generators import GeneratedSerial
from saleor_serials.models import Pack, PackSequence, Serial, SigningKey
from saleor_serials.serials import generation, writing
from saleor_serials.serials.generation import PackGenerationContext
from tests import making
from tests.races.threads import Crossing, together, without, without_advisory_lock

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


def draw_at_once(pack: Pack) -> list[list[int]]:
    """Let two draw three numbers, each before the other commits."""
    PackSequence.objects.create(pack=pack, next=1)
    have_drawn = Crossing()

    def draw() -> list[int]:
        with transaction.atomic():
            context = PackGenerationContext(pack=pack, now=timezone.now())
            numbers = context.take_numbers(3, start=1, step=1)
            have_drawn.meet()
            return list(numbers)

    return have_drawn.together([draw, draw])


def test_two_that_draw_at_once_get_different_numbers() -> None:
    first, second = draw_at_once(make_pack())

    assert sorted([*first, *second]) == [1, 2, 3, 4, 5, 6]


def test_negative_control_read_then_write_draws_the_same_number_twice() -> None:
    def move(self: PackGenerationContext, to: str, *, start: int, by: int) -> int:
        after = PackSequence.objects.get(pack=self.pack).next + by
        PackSequence.objects.filter(pack=self.pack).update(next=after)
        return int(after)

    with mock.patch.object(PackGenerationContext, "_move", move):
        first, second = draw_at_once(make_pack())

    assert first == second == [1, 2, 3]


def sign_at_once(pack: Pack) -> list[bytes]:
    """Let eight sign for a pack, all of whom have found it without a key."""
    have_looked = Crossing(THREADS)
    with have_looked.before(crypto, "_new"):
        return have_looked.together([lambda: crypto.signer(pack)(b"message")] * THREADS)


def test_a_pack_that_is_first_signed_for_by_eight_at_once_gets_one_key() -> None:
    signatures = sign_at_once(making.make_pack())

    assert len(set(signatures)) == 1
    assert SigningKey.objects.count() == 1


def test_negative_control_one_who_insists_on_their_own_key_is_refused() -> None:
    with without("ON CONFLICT DO NOTHING"), pytest.raises(IntegrityError):
        sign_at_once(making.make_pack())


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


def draw_crosswise(pack: Pack) -> list[int]:
    """Let two orders of two lines draw the same two of few serials, crosswise.

    Returns how many each got.
    """
    has_drawn_one = Crossing()

    def serve(first: str, second: str) -> int:
        made = 0
        by_thread.drawn = [first, second]
        with transaction.atomic():
            for _ in range(2):
                with contextlib.suppress(NotEnough):
                    made += len(generation.generate_for_order(pack, 1, now=timezone.now()))
                has_drawn_one.meet()
        return made

    by_thread = local()

    def made_by(self: PackGenerationContext, maker: Any, count: int) -> list[GeneratedSerial]:
        by_thread.drawn.reverse()
        return [GeneratedSerial(data=by_thread.drawn[-1])] * count

    with mock.patch.object(PackGenerationContext, "made_by", made_by):
        return has_drawn_one.together([partial(serve, "1", "2"), partial(serve, "2", "1")])


def few() -> Pack:
    return making.make_pack(generator="random", generator_settings={"pattern": "9"})


def test_of_two_who_draw_from_few_one_waits_for_the_other() -> None:
    made = draw_crosswise(few())

    assert sorted(made) == [0, 2]
    assert Serial.objects.count() == 2


def test_negative_control_without_the_packs_lock_each_waits_for_the_other() -> None:
    with (
        without_advisory_lock("saleor_serials.fill"),
        pytest.raises(OperationalError, match="deadlock"),
    ):
        draw_crosswise(few())
