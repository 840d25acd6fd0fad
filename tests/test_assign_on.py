"""On which status of an order serials are assigned, and what orders may take (mission O1, C1)."""

import pytest

from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Event
from saleor_serials.orders.reconcile import reconcile
from tests import making
from tests.hosts import shop
from tests.making import held, shortfall


def test_serials_are_assigned_when_an_order_is_confirmed_where_the_shop_says_so() -> None:
    shop.set_plugin(assign_on="confirmed")
    pack = making.make_pack()
    making.make_serials(pack, 3)

    order_id = making.placed_order(making.make_link(pack), units=2)
    reconcile(order_id)

    assert len(held(order_id)) == 2
    shop.pay(order_id)
    sweep()
    assert len(held(order_id)) == 2
    assert not Event.objects.filter(type__in=["payment_reversed", "prices_stale"]).exists()


def test_an_unpaid_order_that_is_cancelled_gives_back_what_it_got_when_confirmed() -> None:
    shop.set_plugin(assign_on="confirmed")
    pack = making.make_pack()
    making.make_serials(pack, 3)
    order_id = making.placed_order(making.make_link(pack), units=2)
    reconcile(order_id)

    shop.cancel(order_id)
    sweep()

    assert held(order_id) == []
    assert making.statuses(pack) == {"free": 1, "unassigned": 2}


def test_a_paid_order_waits_for_its_fulfilment_where_the_shop_says_so() -> None:
    shop.set_plugin(assign_on="fulfilled")
    pack = making.make_pack()
    making.make_serials(pack, 3)
    variant = shop.make_variant()
    shop.stock(variant, 10)
    order_id = making.paid_order(making.make_link(pack, variant=variant), units=2)
    [line_id] = shop.line_ids(order_id)
    before = held(order_id)

    shop.fulfill_as_staff(line_id, 1)
    in_part = held(order_id)
    shop.fulfill_as_staff(line_id, 1)
    sweep()

    assert (before, in_part) == ([], [])
    assert len(held(order_id)) == 2


def test_what_was_assigned_on_fulfilment_stays_when_the_fulfilment_is_cancelled() -> None:
    shop.set_plugin(assign_on="fulfilled")
    pack = making.make_pack()
    making.make_serials(pack, 1)
    variant = shop.make_variant()
    shop.stock(variant, 10)
    order_id = making.paid_order(making.make_link(pack, variant=variant))
    shop.fulfill_as_staff(shop.line_ids(order_id)[0], 1)
    sweep()

    shop.cancel_fulfillments(order_id)
    sweep()

    assert len(held(order_id)) == 1


def test_a_change_of_the_status_that_assigns_takes_nothing_back() -> None:
    shop.set_plugin(assign_on="confirmed")
    pack = making.make_pack()
    making.make_serials(pack, 3)
    order_id = making.placed_order(making.make_link(pack))
    reconcile(order_id)

    shop.set_plugin(assign_on="paid")
    reconcile(order_id)

    assert len(held(order_id)) == 1


@pytest.mark.parametrize(
    ("statuses", "gets"), [("free, reserved", 0), ("free, reserved, unassigned", 1)]
)
def test_what_others_gave_back_goes_to_anybody_only_where_the_shop_says_so(
    statuses: str, gets: int
) -> None:
    shop.set_plugin(assignable_statuses=statuses)
    pack = making.make_pack()
    [serial] = making.make_serials(pack, 1)
    link = making.make_link(pack)
    shop.refund(making.paid_order(link, user=shop.make_user()))

    order_id = making.paid_order(link, user=shop.make_user())
    sweep()

    assert held(order_id) == [serial.data][:gets]
    assert shortfall(order_id) == 1 - gets


def test_a_reserved_serial_waits_for_staff_where_orders_may_not_take_it() -> None:
    shop.set_plugin(assignable_statuses="free")
    user = shop.make_user()
    pack = making.make_pack()
    making.make_serials(pack, 1)
    pack.serials.update(status="reserved", customer=f"user:{user.pk}")

    order_id = making.paid_order(making.make_link(pack), user=user)
    sweep()

    assert (held(order_id), shortfall(order_id)) == ([], 1)


@pytest.mark.parametrize("forgets", [False, True])
def test_a_given_back_serial_forgets_its_order_where_the_shop_says_so(forgets: bool) -> None:
    shop.set_plugin(forget_on_release=str(forgets).lower())
    pack = making.make_pack()
    making.make_serials(pack, 1)
    order_id = making.paid_order(making.make_link(pack), user=shop.make_user())

    shop.refund(order_id)

    [serial] = pack.serials.all()
    assert serial.status == "unassigned"
    assert (serial.assigned_at is None, serial.delivered_at is None) == (forgets, forgets)
