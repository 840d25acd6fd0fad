"""Debts: which orders wait for a pack, since when, and how many serials it lacks."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_serials.models import OrderRecord
from tests import making
from tests.graphql.api import ask, complaints, gid, is_denied, nodes, people
from tests.hosts import shop

LIST = """query ($filter: SerialAssignmentFilterInput, $sortBy: SerialAssignmentSortingInput) {
  serialAssignments(first: 10, filter: $filter, sortBy: $sortBy) {
    totalCount
    edges { node {
      orderNumber entitled held shortfall entitledSince productName pack { slug shortfall }
    } }
  }
}"""


def listed(by: Any, **filter: Any) -> list[Any]:
    found = ask(LIST, {"filter": filter}, by=by)["serialAssignments"]
    assert found["totalCount"] == len(nodes(found))
    return nodes(found)


def debts(found: list[Any]) -> list[tuple[str, int]]:
    return [(each["orderNumber"], each["shortfall"]) for each in found]


def test_one_query_says_which_orders_wait_for_a_pack_and_how_many_it_lacks() -> None:
    staff = people.make_staff("MANAGE_ORDERS")
    pack, other = making.make_pack(slug="dry"), making.make_pack()
    making.make_serials(pack, 3)
    link = making.make_link(pack, quantity=2)
    full, part, none = (making.paid_order(link) for _ in range(3))
    elsewhere = making.paid_order(making.make_link(other))
    number = {each: shop.number(each) for each in (full, part, none, elsewhere)}

    waiting = listed(staff, packs=[gid("SerialPack", pack.pk)], short=True)

    assert debts(waiting) == [(number[part], 1), (number[none], 2)]
    assert [each["pack"] for each in waiting] == [{"slug": "dry", "shortfall": 3}] * 2
    assert all(each["entitledSince"] and each["productName"] for each in waiting)
    assert debts(listed(staff, short=True)) == [*debts(waiting), (number[elsewhere], 1)]
    assert debts(listed(staff, packs=[gid("SerialPack", pack.pk)], short=False)) == [
        (number[full], 0)
    ]
    assert debts(listed(staff, orders=[gid("Order", none), gid("Order", full)])) == [
        (number[full], 0),
        (number[none], 2),
    ]


def test_the_order_that_waits_for_longest_comes_first_or_last_on_request() -> None:
    staff = people.make_staff("MANAGE_ORDERS")
    link = making.make_link(making.make_pack())
    orders = [making.paid_order(link) for _ in range(3)]
    OrderRecord.objects.get(order_id=orders[2]).assignments.update(
        entitled_since="2020-01-01T00:00Z"
    )
    by_age = [shop.number(orders[index]) for index in (2, 0, 1)]
    latest = {"field": "ENTITLED_SINCE", "direction": "DESC"}

    first = nodes(ask(LIST, {"filter": {"short": True}}, by=staff)["serialAssignments"])
    last = nodes(ask(LIST, {"sortBy": latest}, by=staff)["serialAssignments"])

    assert [each["orderNumber"] for each in first] == by_age
    assert [each["orderNumber"] for each in last] == by_age[::-1]


def test_only_who_manages_orders_sees_debts_and_only_those_of_visible_packs() -> None:
    making.paid_order(making.make_link(making.make_pack()))
    app = people.make_app("MANAGE_ORDERS")

    assert listed(app, short=True) == []
    for asker in (None, shop.make_user(), people.make_staff("MANAGE_PRODUCTS")):
        assert is_denied(LIST, by=asker)
    told = complaints(LIST, {"filter": {"orders": ["x"]}}, by=people.make_staff("MANAGE_ORDERS"))
    assert told == ["'x' is not the ID of a Order."]


def test_a_wholly_short_line_shows_its_pack_and_since_when() -> None:
    staff = people.make_staff("MANAGE_ORDERS")
    order_id = making.paid_order(making.make_link(making.make_pack(slug="dry"), quantity=3))
    query = """query ($id: ID!) { order(id: $id) { lines {
      serialShortfall serialAssignments { shortfall held entitledSince pack { slug } }
    } } }"""

    [line] = ask(query, {"id": gid("Order", order_id)}, by=staff)["order"]["lines"]

    [assignment] = line["serialAssignments"]
    assert assignment.pop("entitledSince")
    assert assignment == {"shortfall": 3, "held": 0, "pack": {"slug": "dry"}}
    assert line["serialShortfall"] == 3


def test_the_debt_of_an_order_that_nobody_looked_at_is_unknown_and_not_zero() -> None:
    staff = people.make_staff("MANAGE_ORDERS")
    link = making.make_link(making.make_pack())
    with shop.nothing_heard():
        order_id = making.paid_order(link)
    query = "query ($id: ID!) { order(id: $id) { lines { serialShortfall } } }"

    def shortfall() -> Any:
        [line] = ask(query, {"id": gid("Order", order_id)}, by=staff)["order"]["lines"]
        return line["serialShortfall"]

    assert not OrderRecord.objects.exists()
    assert shortfall() is None

    shop.pay(making.placed_order(making.make_link(making.make_pack())))
    assert shortfall() is None

    OrderRecord.objects.create(
        order_id=order_id, number="1", customer="order:1", placed_at="2020-01-01T00:00Z"
    )
    assert shortfall() == 0


def test_a_list_of_packs_adds_up_debts_in_one_statement() -> None:
    owner = people.make_staff("MANAGE_PRODUCTS")
    query = "{ serialPacks(first: 9) { edges { node { shortfall } } } }"

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            ask(query, by=owner)
        return len(captured)

    making.paid_order(making.make_link(making.make_pack()))
    few = statements()
    for _ in range(3):
        making.paid_order(making.make_link(making.make_pack(), quantity=2))

    assert statements() == few
    found = nodes(ask(query, by=owner)["serialPacks"])
    assert [each["shortfall"] for each in found] == [1, 2, 2, 2]
