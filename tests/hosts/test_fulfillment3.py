"""Automatic fulfilment: the settings, variants and returns that only Saleor 3 has."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from saleor_serials.host import installed_modules
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Event, EventType, OrderRecord, PackLink
from saleor_serials.orders.fulfillment import fulfill
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.plugin import SerialsPlugin
from tests import making
from tests.hosts import shop
from tests.making import held, statuses
from tests.races.threads import together

pytestmark = pytest.mark.skipif(installed_modules()[0] != "saleor3", reason="another host")


@pytest.fixture(autouse=True)
def switched_on() -> None:
    shop.set_plugin(automatic_fulfillment="true")


def make_link(*, is_tracked: bool = True) -> PackLink:
    pack = making.make_pack()
    making.make_serials(pack, 10)
    variant = shop.make_variant(is_tracked=is_tracked)
    shop.stock(variant, 10)
    return making.make_link(pack, variant=variant)


def failures() -> list[str]:
    events = Event.objects.filter(type=EventType.FULFILLMENT_FAILED).order_by("id")
    return list(events.values_list("reason", flat=True))


def later() -> None:
    OrderRecord.objects.filter(fulfill_at__isnull=False).update(
        fulfill_at=timezone.now() - timedelta(seconds=1)
    )


def test_where_staff_approve_fulfilments_ours_wait_for_it() -> None:
    shop.set_site(fulfillment_auto_approve=False)
    link = make_link()

    order_id = making.paid_order(link, units=2)
    waiting = shop.fulfillment_statuses(order_id), shop.status(order_id)
    stock = shop.stock_of(link.variant)
    later()
    sweep()
    shop.approve(order_id)
    sweep()

    assert waiting == (["waiting_for_approval"], "unfulfilled")
    assert stock == [(10, 2)]
    assert (shop.fulfillment_statuses(order_id), shop.status(order_id)) == (
        ["fulfilled"],
        "fulfilled",
    )
    assert shop.stock_of(link.variant) == [(8, 0)]


def test_an_order_that_saleor_holds_for_unpaid_waits_where_the_shop_says_so() -> None:
    shop.set_site(fulfillment_allow_unpaid=False)
    paid_link, link = make_link(), make_link()
    with shop.nothing_heard():
        order_id = making.paid_order(link)
        reconcile(order_id)
        shop.lose_payment(order_id)
    sweep()

    paid = making.paid_order(paid_link)

    assert shop.status(paid) == "fulfilled"
    assert (shop.status(order_id), len(held(order_id))) == ("unfulfilled", 1)
    assert failures() == ["Saleor fulfils no unpaid orders, and holds this for one."]


def test_a_preorder_is_fulfilled_once_it_has_ended() -> None:
    link = make_link(is_tracked=False)
    shop.set_preorder(link.variant, is_active=True)
    order_id = making.paid_order(link)
    during_it = shop.status(order_id), failures()

    shop.set_preorder(link.variant, is_active=False)
    later()
    sweep()

    assert during_it == ("unfulfilled", ["The variant is a preorder."])
    assert shop.status(order_id) == "fulfilled"


def test_a_gift_card_is_left_to_saleor() -> None:
    link = make_link()
    with shop.nothing_heard():
        order_id = making.paid_order(link)
        shop.make_gift_card_line(*shop.line_ids(order_id))
    sweep()

    assert len(held(order_id)) == 1
    assert (shop.count_fulfillments(order_id), failures()) == (0, [])


@pytest.mark.parametrize("gone", ["stock", "variant"])
def test_what_is_not_tracked_needs_neither_stock_nor_variant(gone: str) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 10)
    link = making.make_link(pack)  # in no warehouse
    with shop.nothing_heard():
        order_id = making.paid_order(link, units=2)
        reconcile(order_id)
        if gone == "variant":
            shop.delete_variant(link.variant)

    sweep()

    assert list(shop.fulfilled(order_id).values()) == [2]
    assert (shop.status(order_id), failures()) == ("fulfilled", [])


def test_tracked_and_untracked_lines_are_fulfilled_together() -> None:
    tracked, untracked = make_link(), make_link(is_tracked=False)

    order_id = shop.place_order([(tracked.variant, 1), (untracked.variant, 2)])
    shop.pay(order_id)

    assert sorted(shop.fulfilled(order_id).values()) == [1, 2]
    assert shop.status(order_id) == "fulfilled"
    assert shop.stock_of(tracked.variant) == [(9, 0)]
    assert shop.stock_of(untracked.variant) == [(10, 0)]


def test_a_unit_returned_after_it_gives_its_serial_back_and_is_not_fulfilled_again() -> None:
    link = make_link()
    order_id = making.paid_order(link, units=3)

    shop.return_units(order_id, 1)
    sweep()

    assert len(held(order_id)) == 2
    assert statuses(link.pack) == {"used": 2, "unassigned": 1, "free": 7}
    assert list(shop.fulfilled(order_id).values()) == [2]
    assert OrderRecord.objects.get().fulfill_at is None


def test_a_hook_that_fails_after_the_commit_undoes_nothing_and_alarms_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def explode(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(SerialsPlugin, "fulfillment_created", explode)

    order_id = making.paid_order(make_link())

    assert (shop.status(order_id), failures()) == ("fulfilled", [])
    assert sweep().fulfilled == 0


def test_staff_and_the_plugin_at_the_same_time_never_fulfil_too_much() -> None:
    shop.set_plugin(send_email="false")
    for _ in range(4):
        link = make_link()
        with shop.nothing_heard():
            order_id = making.paid_order(link, units=2)
            reconcile(order_id)
        [line] = shop.line_ids(order_id)

        def as_staff(line: str = line) -> Any:
            try:
                shop.fulfill_as_staff(line, 1)
            except ValidationError:
                return "refused"
            return "done"

        together([partial(fulfill, order_id), as_staff])
        later()
        sweep()

        assert list(shop.fulfilled(order_id).values()) == [2]
        assert shop.stock_of(link.variant) == [(8, 0)]
