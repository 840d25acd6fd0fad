"""Writing what an order holds into Saleor's metadata: cheaply, once, and in nobody's way."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from saleor_serials.delivery import metadata as delivery_metadata
from saleor_serials.errors import StorageFailed
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import MetadataCopy, OrderRecord, Serial
from saleor_serials.orders.reconcile import reconcile
from tests import making
from tests.hosts import shop
from tests.making import held
from tests.races.threads import together


@pytest.fixture(autouse=True)
def switched_on() -> None:
    shop.set_plugin(expose_in_metadata="true")


def paid(serials: int = 1) -> str:
    pack = making.make_pack(is_consumable=True)
    making.make_serials(pack, serials)
    return making.paid_order(making.make_link(pack, quantity=serials))


def row(order_id: str) -> tuple[dict[str, str], str]:
    """The private metadata of an order, and which version of its row this is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT private_metadata, xmin::text FROM order_order WHERE id::text = %s", [order_id]
        )
        metadata, version = cursor.fetchone()
    return json.loads(metadata) if isinstance(metadata, str) else metadata, version


def shown(order_id: str) -> list[str]:
    """The serials that the order's metadata shows."""
    text = row(order_id)[0].get("serials")
    return [data for line in json.loads(text)["lines"] for data in line["serials"]] if text else []


def state(order_id: str) -> str:
    return str(OrderRecord.objects.get(order_id=order_id).metadata_copy)


def test_a_thousand_serials_cost_as_many_statements_as_one() -> None:
    counts = []
    for quantity in (1, 1_000):
        order_id = paid(quantity)
        OrderRecord.objects.update(metadata_copy=MetadataCopy.DUE)
        with CaptureQueriesContext(connection) as statements:
            delivery_metadata.write(order_id)
        counts.append(len(statements))
        assert shown(order_id) == held(order_id)
        assert len(shown(order_id)) == quantity

    assert counts[0] == counts[1] <= 10


def test_what_is_in_line_is_not_written_again() -> None:
    order_id = paid(3)
    before = row(order_id)

    shop.call_hook("order_updated", order_id)
    delivery_metadata.write(order_id)
    sweep()

    assert row(order_id) == before
    assert state(order_id) == "shown"


def test_serials_are_shown_as_they_are() -> None:
    pack = making.make_pack()
    data = ['with "quotes"', "two\nlines", "Ünï ©od€ 🎫", "{%s}"]
    from saleor_serials.serials import add

    add.add_serials(pack, data, actor="user:1")

    order_id = making.paid_order(making.make_link(pack, quantity=4))

    assert shown(order_id) == data


def test_what_is_too_long_for_metadata_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_metadata, "MAX_LENGTH", 200)

    short, long = paid(1), paid(20)

    assert shown(short) == held(short)
    assert len(held(long)) == 20
    assert row(long)[0] == {}


def test_while_the_plugin_is_off_the_metadata_waits() -> None:
    with shop.nothing_heard():
        order_id = paid()
    reconcile(order_id)
    shop.set_plugin(active=False)

    delivery_metadata.write(order_id)
    sweep()

    assert (row(order_id)[0], state(order_id)) == ({}, "due")


def test_an_order_that_is_no_more_is_no_longer_due() -> None:
    with shop.nothing_heard():
        order_id = paid()
        reconcile(order_id)
        shop.delete_order(order_id)

    sweep()

    assert state(order_id) == "shown"


@contextmanager
def order_locked(order_id: str) -> Iterator[None]:
    """Hold the lock on Saleor's row of an order in another session, as a long mutation does."""
    is_locked, may_end = Event(), Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT FROM order_order WHERE id::text = %s FOR UPDATE", [order_id])
            is_locked.set()
            may_end.wait(30)
        connection.close()

    holder = Thread(target=hold)
    holder.start()
    try:
        assert is_locked.wait(10)
        yield
    finally:
        may_end.set()
        holder.join()


def test_we_give_way_to_saleor_and_the_sweep_comes_back() -> None:
    with shop.nothing_heard():
        order_id = paid()
    reconcile(order_id)

    with order_locked(order_id):
        started = time.monotonic()
        with pytest.raises(StorageFailed, match="55P03"):
            delivery_metadata.write(order_id)
        waited = time.monotonic() - started
        sweep()
        meanwhile = state(order_id)
    sweep()

    assert 0.4 < waited < 1
    assert meanwhile == "due"
    assert shown(order_id) == held(order_id)


def test_no_edit_of_other_metadata_is_lost_and_the_last_state_is_shown() -> None:
    pack = making.make_pack(is_consumable=True)
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack), units=3)
    [line_id] = shop.line_ids(order_id)

    def edit() -> None:
        with connection.cursor() as cursor:
            for number in range(60):
                cursor.execute(
                    "UPDATE order_order SET private_metadata = private_metadata"
                    " || jsonb_build_object(%s::text, 1) WHERE id::text = %s",
                    [f"note-{number}", order_id],
                )

    def change() -> None:
        for quantity in (3, 1, 2, 3, 2, 1):
            with shop.nothing_heard():
                shop.set_quantity(line_id, quantity)
            reconcile(order_id)
            delivery_metadata.write(order_id)

    # 2.10.1 saves orders as a whole with the metadata that it has read: only rows are edited here.
    together([edit, change, *[partial(delivery_metadata.write, order_id)] * 2])

    metadata = row(order_id)[0]
    assert len([name for name in metadata if name.startswith("note-")]) == 60
    assert shown(order_id) == held(order_id)
    assert len(held(order_id)) == 1


def test_serials_are_nowhere_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with shop.nothing_heard():
        order_id = paid()
    reconcile(order_id)

    with order_locked(order_id):
        sweep()

    assert f"The metadata of order {order_id} is behind: " in caplog.text
    assert not [
        data for data in Serial.objects.values_list("data", flat=True) if data in caplog.text
    ]
