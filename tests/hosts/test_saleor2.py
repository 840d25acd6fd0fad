"""What only Saleor 2.10.1 does."""

from datetime import timedelta

import pytest
from django.utils import timezone

from saleor_serials.host import installed_modules
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Event, EventType, PackLink, SweepState
from saleor_serials.orders.reconcile import reconcile
from tests import making
from tests.hosts import shop
from tests.making import held

pytestmark = pytest.mark.skipif(
    installed_modules()[0] != "saleor2", reason="another host, with another cursor"
)


def test_the_cursor_moves_past_an_event_only_when_no_older_one_can_still_appear() -> None:
    link = making.make_link(making.make_pack())
    with shop.nothing_heard():
        order_id = making.paid_order(link)
    sweep()
    fresh = SweepState.objects.get().cursor
    PackLink.objects.update(since=timezone.now() - timedelta(hours=1))
    shop.backdate(order_id, timezone.now() - timedelta(minutes=10))

    again = sweep().looked_at
    settled = SweepState.objects.get().cursor

    assert (fresh["event"], fresh["order"]) == (0, 0)
    assert again == 1
    assert settled["event"] > 0
    assert settled["order"] == int(order_id)
    assert sweep().looked_at == 0


@pytest.mark.parametrize("gone", ["stock", "variant"])
def test_a_line_that_no_warehouse_holds_cannot_be_fulfilled_and_staff_are_told(gone: str) -> None:
    shop.set_plugin(automatic_fulfillment="true")
    pack = making.make_pack()
    making.make_serials(pack, 3)
    link = making.make_link(pack)
    if gone == "variant":
        shop.stock(link.variant, 10)
    with shop.nothing_heard():
        order_id = making.paid_order(link)
        reconcile(order_id)
        if gone == "variant":
            shop.delete_variant(link.variant)

    sweep()

    [event] = Event.objects.filter(type=EventType.FULFILLMENT_FAILED)
    assert event.reason == "The variant is in no warehouse."
    assert (len(held(order_id)), shop.count_fulfillments(order_id)) == (1, 0)
