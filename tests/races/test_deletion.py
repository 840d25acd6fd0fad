"""No serial is both deleted and held, whoever deletes while orders are served."""

from functools import partial
from typing import cast
from unittest import mock

import pytest

from saleor_serials import errors
from saleor_serials.errors import StorageFailed
from saleor_serials.models import Assignment, Event, Pack, Serial
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.serials import deletion
from saleor_serials.serials.deletion import Deleted
from saleor_serials.serials.search import Filter
from tests import making
from tests.hosts import shop
from tests.races.threads import Crossing, together, without, without_row_locks


def waiting_orders(pack: Pack, number: int) -> list[str]:
    link = making.make_link(pack)
    with shop.nothing_heard():
        return [making.paid_order(link) for _ in range(number)]


def test_what_is_deleted_while_orders_are_served_is_held_by_none_of_them() -> None:
    pack = making.make_pack()
    serials = [serial.pk for serial in making.make_serials(pack, 120)]
    orders = waiting_orders(pack, 40)

    def serve(order_ids: list[str]) -> None:
        for order_id in order_ids:
            reconcile(order_id)

    def delete_each(chosen: list[int]) -> list[Deleted]:
        return [deletion.delete([pk], actor="user:1") for pk in chosen]

    with mock.patch.object(deletion, "CHUNK", 7):
        *_, backwards, forwards, rest = together(
            [
                *(partial(serve, orders[start::4]) for start in range(4)),
                partial(delete_each, serials[::-3]),
                partial(delete_each, serials[::5]),
                partial(delete_all, pack),
            ]
        )

    gone = pack.serials.filter(status="deleted").count()
    assert (
        gone
        == sum(each.deleted for each in [*backwards, *forwards, rest])
        == 120 - 40 + _shortfall()
    )
    assert Event.objects.filter(type="deleted").count() == gone
    assert sum(Assignment.objects.values_list("held", flat=True)) == 40 - _shortfall()
    assert not Serial.objects.filter(status="deleted", assignment__isnull=False).exists()
    making.check_books()


def delete_all(pack: Pack) -> Deleted:
    criteria = Filter(pack_ids=(pack.pk,))
    return deletion.delete_matching(criteria, expected=None, actor="user:2")


def _shortfall() -> int:
    return sum(each.shortfall for each in Assignment.objects.all())


def serve_meanwhile(pack: Pack, *, before_the_lock: bool) -> Deleted:
    """Serve an order its only serial while all of the pack is deleted.

    Either between looking at what matches and locking it, or between locking and deleting.
    """
    making.make_serials(pack, 1)
    [order_id] = waiting_orders(pack, 1)
    crossing = Crossing()
    place = crossing.before if before_the_lock else crossing.after
    with place(deletion, "_lock"):
        done, _ = crossing.together(
            [partial(delete_all, pack), crossing.once_reached(partial(reconcile, order_id))]
        )
    return cast("Deleted", done)


def test_a_serial_that_is_being_deleted_is_not_served() -> None:
    pack = making.make_pack()

    done = serve_meanwhile(pack, before_the_lock=False)

    assert (done.deleted, done.skipped) == (1, 0)
    assert (making.statuses(pack), _shortfall()) == ({"deleted": 1}, 1)
    making.check_books()


def test_negative_control_without_the_lock_it_is_and_the_database_has_the_last_word() -> None:
    pack = making.make_pack()

    with without_row_locks("saleor_serials_serial"), pytest.raises(StorageFailed):
        serve_meanwhile(pack, before_the_lock=False)

    assert (making.statuses(pack), _shortfall()) == ({"used": 1}, 0)


def test_a_serial_that_is_served_between_looking_and_locking_is_skipped() -> None:
    pack = making.make_pack()

    done = serve_meanwhile(pack, before_the_lock=True)

    assert done == Deleted(deleted=0, skipped=1)
    assert (making.statuses(pack), _shortfall()) == ({"used": 1}, 0)
    making.check_books()


def test_negative_control_without_looking_at_the_status_again_the_database_refuses() -> None:
    pack = making.make_pack()

    with without(r"AND s.status IN \([^)]*\)"), pytest.raises(StorageFailed):
        serve_meanwhile(pack, before_the_lock=True)

    assert (making.statuses(pack), _shortfall()) == ({"used": 1}, 0)


def test_two_who_delete_the_same_delete_each_serial_once() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 50)
    criteria = Filter(pack_ids=(pack.pk,))

    def delete() -> Deleted | None:
        try:
            return deletion.delete_matching(criteria, expected=50, actor="user:1")
        except errors.CountChanged:
            return None

    done = [each for each in together([delete] * 4) if each is not None]

    assert sum(each.deleted for each in done) == 50
    assert Event.objects.filter(type="deleted").count() == 50
    assert making.statuses(pack) == {"deleted": 50}
