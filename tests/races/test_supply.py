"""Fillers who meet at a pack's limit."""

from collections.abc import Sequence
from functools import partial

from saleor_serials.errors import LimitReached
from saleor_serials.models import Batch, Pack
from saleor_serials.serials import add, batches
from tests import making
from tests.races.threads import Crossing, together, without_advisory_lock


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


def fill_at_once() -> tuple[Pack, list[bool]]:
    """Let two fill a pack that has room for one; whoever nothing keeps waiting has found room."""
    pack = making.make_pack(size_limit=6)
    have_looked = Crossing()
    with have_looked.before(batches, "make_batch"):
        done = have_looked.together([partial(fill, pack, data(filler)) for filler in range(2)])
    return pack, done


def test_of_two_fillers_who_have_room_for_one_the_other_is_refused() -> None:
    pack, done = fill_at_once()

    assert sorted(done) == [False, True]
    assert pack.serials.count() == 4


def test_negative_control_without_the_packs_lock_they_pass_it() -> None:
    with without_advisory_lock("saleor_serials.fill"):
        pack, done = fill_at_once()

    assert done == [True, True]
    assert pack.serials.count() == 8
