"""The copy of an order's serials in its metadata, written by several at once."""

from functools import partial

from django.db import connection

from saleor_serials import staff
from saleor_serials.access.packs import EVERYTHING
from saleor_serials.delivery import metadata
from saleor_serials.host import host
from saleor_serials.models import OrderRecord, Serial
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.staff import StaffAction
from tests import making
from tests.hosts import shop
from tests.making import held
from tests.races.threads import Crossing, without_row_locks


def release_meanwhile() -> str:
    """Write an order's copy, which is read, while its serial is released and the copy written."""
    shop.set_plugin(expose_in_metadata="true")
    pack = making.make_pack(is_consumable=True)
    making.make_serials(pack, 1)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))
        reconcile(order_id)
    has_read = Crossing()

    def release() -> None:
        action = StaffAction(actor="user:1", reason="A race", access=EVERYTHING)
        staff.release([Serial.objects.get().pk], action)
        metadata.write(order_id)

    with has_read.before(host, "write_serials"):
        has_read.together([partial(metadata.write, order_id), has_read.once_reached(release)])
    return order_id


def copy_of(order_id: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT private_metadata::text FROM order_order WHERE id::text = %s", [order_id]
        )
        [text] = cursor.fetchone()
    return str(text)


def test_the_one_who_reads_later_writes_later() -> None:
    order_id = release_meanwhile()

    assert (held(order_id), "S-" in copy_of(order_id)) == ([], False)
    assert OrderRecord.objects.get().metadata_copy == "shown"


def test_negative_control_without_the_lock_what_was_released_is_shown() -> None:
    with without_row_locks("saleor_serials_orderrecord"):
        order_id = release_meanwhile()

    assert (held(order_id), "S-" in copy_of(order_id)) == ([], True)
    assert OrderRecord.objects.get().metadata_copy == "shown", "nobody should look at it again"
