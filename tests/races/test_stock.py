"""The stock of one variant, and the notice of one pack, followed by several at once."""

from collections.abc import Callable
from functools import partial
from threading import Barrier, Event
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db import connection

from saleor_serials.host import host
from saleor_serials.models import PackLink
from saleor_serials.packs import low_stock, stock_sync
from tests import making
from tests.hosts import shop
from tests.races.threads import PATIENCE, together


@pytest.fixture
def link() -> PackLink:
    """A variant whose stock follows a pack of ten serials."""
    variant = shop.make_variant(is_tracked=True)
    shop.stock(variant, 10)
    shop.set_plugin(stock_link="true", stock_warehouse="main")
    pack = making.make_pack()
    making.make_serials(pack, 10)
    return making.make_link(pack, variant=variant)


def test_sellers_and_fillers_at_once_leave_the_stock_right(link: PackLink) -> None:
    other = making.make_link(link.pack)

    def refill() -> None:
        making.make_serials(link.pack, 2)
        making.settle(link.pack)

    together([partial(making.paid_order, other)] * 4 + [refill] * 2)
    stock_sync.sync(link.pack_id)

    assert shop.stock_of(link.variant) == [(10, 0)]


def slow_follower(link: PackLink, may_go_on: Callable[[], None]) -> None:
    """Follow a pack, and wait between counting and writing; later followers do not wait."""
    original = stock_sync._quantities
    waits = [may_go_on]

    def count_then_wait(*args: Any) -> Any:
        quantities = original(*args)
        if waits:
            waits.pop()()
        return quantities

    with mock.patch.object(stock_sync, "_quantities", count_then_wait):
        stock_sync.sync(link.pack_id)


def take_one(link: PackLink) -> None:
    link.pack.serials.filter(pk=link.pack.serials.first().pk).update(status="deleted")


def test_the_one_who_counts_later_writes_later(link: PackLink) -> None:
    has_counted = Event()

    def somebody_waits() -> None:
        has_counted.set()
        with connection.cursor() as cursor:
            for _ in range(10_000):
                cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
                if cursor.fetchone()[0]:
                    return
        raise AssertionError("nobody waits for the lock")

    def follow_after() -> None:
        assert has_counted.wait(PATIENCE)
        take_one(link)
        stock_sync.sync(link.pack_id)

    shop.edit_stock(link.variant, 0)
    together([partial(slow_follower, link, somebody_waits), follow_after])

    assert shop.stock_of(link.variant) == [(9, 0)]


def test_negative_control_without_the_lock_the_older_count_stays(link: PackLink) -> None:
    has_counted, has_written = Event(), Event()

    def the_other_has_written() -> None:
        has_counted.set()
        assert has_written.wait(PATIENCE)

    def follow_after() -> None:
        assert has_counted.wait(PATIENCE)
        take_one(link)
        stock_sync.sync(link.pack_id)
        has_written.set()

    shop.edit_stock(link.variant, 0)
    with mock.patch.object(host, "lock_stock", return_value=True):
        together([partial(slow_follower, link, the_other_has_written), follow_after])

    assert shop.stock_of(link.variant) == [(10, 0)], "without the lock this should be wrong"


@pytest.fixture
def low() -> PackLink:
    """A pack that has run low, of which nobody was told yet."""
    pack = making.make_pack(notice_below=5)
    making.make_serials(pack, 1)
    return making.make_link(pack)


def test_two_who_find_a_pack_low_send_one_notice(low: PackLink) -> None:
    is_over = Event()
    send = low_stock.mail.send

    def send_when_the_other_has_ended(*args: Any, **kwargs: Any) -> None:
        assert is_over.wait(PATIENCE)
        send(*args, **kwargs)

    def follow() -> None:
        stock_sync.sync(low.pack_id)
        is_over.set()

    with mock.patch.object(low_stock.mail, "send", send_when_the_other_has_ended):
        together([follow] * 2)
    stock_sync.sync(low.pack_id)

    assert len(mail.outbox) == 1


def test_negative_control_without_the_lock_two_send_two_notices(low: PackLink) -> None:
    both = Barrier(2)
    send = low_stock.mail.send

    def send_together(*args: Any, **kwargs: Any) -> None:
        both.wait(PATIENCE)
        send(*args, **kwargs)

    with (
        mock.patch.object(low_stock, "_LOCK_NOTICE", "SELECT %s > 0"),
        mock.patch.object(low_stock.mail, "send", send_together),
    ):
        together([partial(stock_sync.sync, low.pack_id)] * 2)

    assert len(mail.outbox) == 2, "without the lock there should have been two"
