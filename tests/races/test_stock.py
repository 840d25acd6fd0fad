"""The stock of one variant, and the notice of one pack, followed by several at once."""

from functools import partial

import pytest
from django.core import mail

from saleor_serials import mail as our_mail
from saleor_serials.host import host
from saleor_serials.models import PackLink
from saleor_serials.packs import stock_sync
from tests import making
from tests.hosts import shop
from tests.races.threads import Crossing, together, without_advisory_lock, without_row_locks


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


def count_meanwhile(link: PackLink) -> None:
    """Follow a pack that loses a serial, and is followed for it, between counting and writing."""
    has_counted = Crossing()

    def take_one() -> None:
        link.pack.serials.filter(pk=link.pack.serials.first().pk).update(status="deleted")
        stock_sync.sync(link.pack_id)

    shop.edit_stock(link.variant, 0)
    with has_counted.before(host, "write_stock"):
        has_counted.together(
            [partial(stock_sync.sync, link.pack_id), has_counted.once_reached(take_one)]
        )


def test_the_one_who_counts_later_writes_later(link: PackLink) -> None:
    count_meanwhile(link)

    assert shop.stock_of(link.variant) == [(9, 0)]


def test_negative_control_without_the_lock_the_older_count_stays(link: PackLink) -> None:
    with without_row_locks("warehouse_stock"):
        count_meanwhile(link)

    assert shop.stock_of(link.variant) == [(10, 0)], "without the lock this should be wrong"


@pytest.fixture
def low() -> PackLink:
    """A pack that has run low, of which nobody was told yet."""
    pack = making.make_pack(notice_below=5)
    making.make_serials(pack, 1)
    return making.make_link(pack)


def notice_at_once(low: PackLink) -> None:
    """Let two find a pack low; whoever nothing turns away has, before a notice is sent."""
    have_looked = Crossing()
    with have_looked.before(our_mail, "send"):
        have_looked.together([partial(stock_sync.sync, low.pack_id)] * 2)


def test_two_who_find_a_pack_low_send_one_notice(low: PackLink) -> None:
    notice_at_once(low)
    stock_sync.sync(low.pack_id)

    assert len(mail.outbox) == 1


def test_negative_control_without_the_lock_two_send_two_notices(low: PackLink) -> None:
    with without_advisory_lock("saleor_serials.notice"):
        notice_at_once(low)

    assert len(mail.outbox) == 2, "without the lock there should have been two"
