"""Fillers who meet at a pack's limit."""

from collections.abc import Sequence
from functools import partial
from threading import Barrier, BrokenBarrierError
from unittest import mock

from saleor_serials.errors import LimitReached
from saleor_serials.models import Batch, Pack
from saleor_serials.serials import add, limits, writing
from tests import making
from tests.races.threads import together

PATIENCE = 5


def fill(pack: Pack, data: Sequence[str]) -> bool:
    try:
        add.add_serials(pack, data, actor="user:1")
    except LimitReached:
        return False
    return True


def data(filler: int) -> list[str]:
    return [f"{filler}-{number}" for number in range(4)]


def test_fillers_who_come_together_never_pass_the_limit() -> None:
    pack = making.make_pack(size_limit=10)

    done = together([partial(fill, pack, data(filler)) for filler in range(8)])

    assert sum(done) == 2
    assert pack.serials.count() == 8
    assert Batch.objects.count() == 2


def test_negative_control_without_the_packs_lock_they_pass_it() -> None:
    pack = making.make_pack(size_limit=6)
    barrier = Barrier(2)
    original = limits.check_room

    def check_together(pack: Pack, quantity: int, *, field: str) -> None:
        original(pack, quantity, field=field)
        try:
            barrier.wait(PATIENCE)
        except BrokenBarrierError:
            raise AssertionError("The rivals did not look at the same time") from None

    with (
        mock.patch.object(writing, "lock"),
        mock.patch.object(limits, "check_room", check_together),
    ):
        done = together([partial(fill, pack, data(filler)) for filler in range(2)])

    assert done == [True, True]
    assert pack.serials.count() == 8
