"""Serials in the metadata of orders and lines: seen by staff, and by nobody else."""

import json
from typing import Any

import pytest
from django.core import mail

from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import PackLink
from tests import making
from tests.graphql import metadata
from tests.graphql.api import ask, complaints, gid, people
from tests.hosts import shop
from tests.making import held

ORDER = f"""query ($id: ID!) {{ order(id: $id) {{
  privateMetadata {{ key value }} metadata {{ key value }} lines {{ {people.LINE_METADATA} }}
}} }}"""


@pytest.fixture
def staff() -> Any:
    return people.make_staff("MANAGE_ORDERS")


@pytest.fixture
def switched_on() -> None:
    shop.set_plugin(expose_in_metadata="true")


def shown(order_id: str, *, by: Any) -> tuple[Any, list[Any]]:
    """What the private metadata of an order and of each line shows; nothing public ever does."""
    order = ask(ORDER, {"id": gid("Order", order_id)}, by=by)["order"]
    rows = [order, *order["lines"]]
    assert not any(row.get("metadata") for row in rows)
    ours = [
        {each["key"]: json.loads(each["value"]) for each in row.get("privateMetadata", [])}
        for row in rows
    ]
    return ours[0].get("serials"), [line.get("serials") for line in ours[1:]]


def lines_show(*serials: Any) -> list[Any]:
    """What is expected of lines; nothing where they have no metadata."""
    return list(serials) if "etadata" in people.LINE_METADATA else [None] * len(serials)


def linked(quantity: int = 1) -> PackLink:
    pack = making.make_pack(is_consumable=True)
    making.make_serials(pack, 10)
    return making.make_link(pack, quantity=quantity)


def entry(order_id: str, line: int, link: PackLink, serials: list[str]) -> dict[str, Any]:
    return {
        "id": gid("OrderLine", shop.line_ids(order_id)[line]),
        "product": link.variant.product.name,
        "variant": "Download",
        "sku": link.variant.sku,
        "serials": serials,
    }


def test_by_default_nothing_is_written_anywhere(staff: Any) -> None:
    order_id = making.paid_order(linked())
    sweep()
    holding = shown(order_id, by=staff)
    shop.refund(order_id)
    sweep()

    assert holding == shown(order_id, by=staff) == (None, [None])


@pytest.mark.usefixtures("switched_on")
def test_staff_read_what_the_order_and_each_line_hold(staff: Any) -> None:
    games, music = linked(quantity=2), linked()
    plain = shop.make_variant()
    order_id = shop.place_order([(games.variant, 2), (music.variant, 1), (plain, 1)])
    unpaid = shown(order_id, by=staff)

    shop.pay(order_id)

    assert unpaid == (None, [None] * 3)
    first = list(games.pack.serials.order_by("position").values_list("data", flat=True)[:4])
    second = list(music.pack.serials.order_by("position").values_list("data", flat=True)[:1])
    order, lines = shown(order_id, by=staff)
    assert sorted(order.pop("lines"), key=lambda line: line["serials"]) == [
        entry(order_id, 0, games, first),
        entry(order_id, 1, music, second),
    ]
    assert order == {"number": shop.number(order_id)}
    assert lines == lines_show(first, second, None)


@pytest.mark.usefixtures("switched_on")
def test_nobody_but_staff_reads_it_whatever_they_know() -> None:
    user = shop.make_user()
    order_id = making.paid_order(linked(), user=user)
    door = {"door": people.order_token(order_id)}
    public = "query ($door: UUID!) { orderByToken(token: $door) { %s } }"
    private = "privateMetadata { key value }"
    line_private = (
        people.LINE_METADATA if private in people.LINE_METADATA else f"order {{ {private} }}"
    )

    for asker in (None, shop.make_user(), user, people.make_staff("MANAGE_PRODUCTS")):
        order = ask(public % "metadata { key value }", door, by=asker)["orderByToken"]
        assert order["metadata"] == []
        assert complaints(public % private, door, by=asker)
        assert complaints(public % f"lines {{ {line_private} }}", door, by=asker)


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("event", ["refund", "cancel"])
@pytest.mark.parametrize("heard", [True, False])
def test_what_is_given_back_leaves_the_metadata(event: str, heard: bool, staff: Any) -> None:
    order_id = making.paid_order(linked())
    metadata.write("Order", order_id, {"colour": '"red"'}, by=staff)
    held_before = shown(order_id, by=staff)

    if heard:
        getattr(shop, event)(order_id)
    else:
        with shop.nothing_heard():
            getattr(shop, event)(order_id)
        sweep()

    assert held_before[0] is not None
    assert shown(order_id, by=staff) == (None, [None])
    assert metadata.read("Order", order_id, by=staff) == {"colour": '"red"'}


@pytest.mark.usefixtures("switched_on")
def test_a_late_delivery_and_a_reduced_line_are_followed(staff: Any) -> None:
    link = making.make_link(making.make_pack(is_consumable=True))
    first, second = making.make_serials(link.pack, 2)
    order_id = making.paid_order(link, units=3)
    short = shown(order_id, by=staff)

    late = making.make_serials(link.pack, 1)
    making.settle(link.pack)
    full = shown(order_id, by=staff)
    [line_id] = shop.line_ids(order_id)
    shop.set_quantity(line_id, 1)

    data = [serial.data for serial in (first, second, *late)]
    assert short == (
        {"number": shop.number(order_id), "lines": [entry(order_id, 0, link, data[:2])]},
        lines_show(data[:2]),
    )
    assert full[0]["lines"] == [entry(order_id, 0, link, data)]
    left = held(order_id)
    assert len(left) == 1
    assert shown(order_id, by=staff) == (
        {"number": shop.number(order_id), "lines": [entry(order_id, 0, link, left)]},
        lines_show(left),
    )


@pytest.mark.usefixtures("switched_on")
def test_only_the_statuses_that_customers_see_are_shown(staff: Any) -> None:
    shop.set_plugin(shown_statuses="used")
    consumable = linked()
    plain = making.make_link(making.make_pack())
    [serial] = making.make_serials(plain.pack, 1)

    order_id = shop.place_order([(consumable.variant, 1), (plain.variant, 1)])
    shop.pay(order_id)

    assert len(held(order_id)) == 2
    order, lines = shown(order_id, by=staff)
    assert order["lines"] == [entry(order_id, 1, plain, [serial.data])]
    assert lines == lines_show(None, [serial.data])


def test_orders_from_before_are_shown_when_something_happens_to_them(staff: Any) -> None:
    order_id = making.paid_order(linked())
    shop.set_plugin(expose_in_metadata="true")
    sweep()

    shop.call_hook("order_updated", order_id)

    assert shown(order_id, by=staff)[0]["lines"][0]["serials"] == held(order_id)


@pytest.mark.usefixtures("switched_on")
def test_switched_off_what_stands_there_stays_until_serials_move(staff: Any) -> None:
    order_id = making.paid_order(linked())
    before = shown(order_id, by=staff)

    shop.set_plugin(expose_in_metadata="false")
    new = making.paid_order(linked())
    shop.call_hook("order_updated", order_id)
    sweep()
    stays = shown(order_id, by=staff)
    shop.refund(order_id)

    assert stays == before
    assert shown(new, by=staff) == (None, [None])
    assert shown(order_id, by=staff) == (None, [None])


@pytest.mark.usefixtures("switched_on")
def test_an_editor_that_saves_old_serials_again_does_not_keep_them(staff: Any) -> None:
    order_id = making.paid_order(linked())
    old = metadata.read("Order", order_id, by=staff)
    shop.refund(order_id)

    metadata.write("Order", order_id, {**old, "colour": '"red"'}, by=staff)

    assert "serials" in old
    assert metadata.read("Order", order_id, by=staff) == {"colour": '"red"'}


@pytest.mark.usefixtures("switched_on")
def test_what_was_lost_on_the_way_is_shown_by_the_sweep(
    staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(order_id: str) -> None:
        raise RuntimeError("the worst")

    monkeypatch.setattr("saleor_serials.delivery.metadata.write", fail)
    order_id = making.paid_order(linked())
    sweep()
    lost = shown(order_id, by=staff)
    monkeypatch.undo()

    sweep()

    assert lost == (None, [None])
    assert shown(order_id, by=staff)[0]["lines"][0]["serials"] == held(order_id)
    assert len(mail.outbox) == 1
