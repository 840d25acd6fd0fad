"""How much is asked of the database: a constant number of statements, and only what is needed."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_serials.models import Pack, Serial
from saleor_serials.serials import add
from tests import making
from tests.graphql.api import ask, gid, nodes, people
from tests.hosts import shop

EVERYTHING = """
  totalCount
  edges { node {
    data pack { name links { variant { sku } } } batch { name }
    assignment { orderNumber pack { slug } }
    events(first: 9) { edges { node { actor orderNumber } } }
  } }
  pageInfo { hasNextPage }
"""
ORDERS = """{ orders(first: 20) { edges { node {
  number
  lines { productName %s }
  %s
} } } }"""


def statements(query: str, variables: dict[str, Any] | None = None, *, by: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask(query, variables, by=by)
    return len(captured)


def added_statements(*, by: Any) -> int:
    """How many statements our fields add to Saleor's own for a list of orders."""
    serials = f"serials(first: 5) {{ {EVERYTHING} }}"
    ours = ORDERS % (f"serialShortfall {serials}", serials)
    return statements(ours, by=by) - statements(ORDERS % ("", ""), by=by)


def make_orders(number: int, *, lines: int, serials: int) -> None:
    pack = making.make_pack()
    links = [making.make_link(pack, quantity=serials) for _ in range(lines)]
    making.make_serials(pack, number * lines * serials)
    for _ in range(number):
        user = shop.make_user()
        shop.pay(shop.place_order([(link.variant, 1) for link in links], user=user))


def test_a_list_of_orders_costs_the_same_number_of_statements_however_long() -> None:
    staff = people.make_staff("MANAGE_ORDERS", "MANAGE_PRODUCTS")
    make_orders(1, lines=3, serials=4)
    few = added_statements(by=staff)

    make_orders(6, lines=3, serials=4)
    many = added_statements(by=staff)

    assert many == few
    # Owners, settings, shortfalls; pages and counts of orders and of lines; packs, links,
    # variants, batches, assignments, histories, names.
    # Saleor 3 loads lines later than orders: their serials' assignments and histories come apart.
    assert few - people.REACH_STATEMENTS in (3 + 4 + 7, 3 + 4 + 7 + 2)


def test_a_list_of_customers_costs_the_same_number_of_statements_however_long() -> None:
    staff = people.make_staff("MANAGE_ORDERS", "MANAGE_USERS")
    query = "{ customers(first: 20) { edges { node { email %s } } } }"
    serials = "serials(first: 5) { totalCount edges { node { data } } }"

    def added() -> int:
        return statements(query % serials, by=staff) - statements(query % "", by=staff)

    make_orders(1, lines=1, serials=1)
    few = added()
    make_orders(6, lines=1, serials=3)

    # The settings; orders claimed of late and a page; the same and a count.
    assert few == added() == people.REACH_STATEMENTS + 1 + 2 + 2


def test_only_what_is_asked_for_is_read() -> None:
    owner = people.make_staff("MANAGE_PRODUCTS")
    making.make_serials(making.make_pack(), 3)
    nothing = statements("{ serials { __typename } }", by=owner)

    assert statements("{ serials { totalCount } }", by=owner) == nothing + 1
    assert statements("{ serials(first: 2) { edges { node { data } } } }", by=owner) == nothing + 1
    assert (
        statements(
            "{ serials(first: 2) { edges { node { data } } pageInfo { endCursor } } }", by=owner
        )
        == nothing + 1
    )


def test_who_may_see_nothing_has_no_serial_read() -> None:
    order_id = making.paid_order(making.make_link(making.make_pack()))
    variables = {"door": people.order_token(order_id)}
    query = """query ($door: UUID!) {
      orderByToken(token: $door) { serials(first: 5) { totalCount edges { node { data } } } }
    }"""

    with CaptureQueriesContext(connection) as captured:
        ask(query, variables)

    assert not [q["sql"] for q in captured.captured_queries if "saleor_serials_" in q["sql"]]


def test_new_serials_cost_the_same_number_of_statements_however_many() -> None:
    owner = people.make_staff("MANAGE_PRODUCTS")
    pack = gid("SerialPack", making.make_pack().pk)
    query = """mutation ($pack: ID!, $data: [String!]!) {
      serialsCreate(input: {pack: $pack, data: $data}) { serialBatch { quantity } errors { code } }
    }"""

    few = statements(query, {"pack": pack, "data": ["A"]}, by=owner)
    many = statements(query, {"pack": pack, "data": [f"B{i}" for i in range(500)]}, by=owner)

    assert few == many


PACKS = """{ serialPacks(first: 20) { edges { node {
  statistics { status count serials(first: 3) { totalCount edges { node {
    data preview extra rendering { text picture }
  } } } }
  serials(first: 3, statuses: [FREE]) { totalCount edges { node { data customer { email } } } }
  batches(first: 3) { totalCount edges { node {
    pack { name } statistics { count serials(first: 2) { edges { node { data } } } }
    serials(first: 3) { totalCount edges { node { data } } }
  } } }
} } } }"""


def make_packs(number: int) -> None:
    for _ in range(number):
        link = making.make_link(making.make_pack())
        making.make_serials(link.pack, 2)
        making.make_serials(link.pack, 2)
        making.paid_order(link)


def test_packs_with_all_that_is_in_them_cost_the_same_however_many() -> None:
    owner = people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")
    make_packs(1)
    few = statements(PACKS, by=owner)

    make_packs(6)

    assert statements(PACKS, by=owner) == few


PAGE = """query ($filter: SerialFilterInput, $first: Int, $after: String) {
  serials(filter: $filter, first: $first, after: $after) {
    edges { node { id data } } pageInfo { endCursor }
  }
}"""

LAST_CURSORS = """query ($filter: SerialFilterInput) {
  serials(filter: $filter, last: 21) { edges { cursor } }
}"""


def blocks_of(filter: dict[str, Any], *, by: Any, after: str | None = None) -> int:
    """How many blocks of the database a page of 20 serials touches."""
    with CaptureQueriesContext(connection) as captured:
        page = ask(PAGE, {"filter": filter, "first": 20, "after": after}, by=by)["serials"]
    assert len(nodes(page)) == 20
    return sum(
        _blocks(q["sql"]) for q in captured.captured_queries if "saleor_serials_serial " in q["sql"]
    )


def _blocks(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
        [(plan,)] = cursor.fetchall()
    top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    blocks: int = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return blocks


@pytest.fixture
def big_packs() -> list[Pack]:
    """Two packs of 10,000: all of the second stand behind all of the first."""
    made = [making.make_pack() for _ in range(2)]
    for pack in made:
        add.add_serials(pack, [f"S-{number}" for number in range(10_000)], actor="user:1")
        rare = pack.serials.order_by("-id")[:2_000:50]
        Serial.objects.filter(pk__in=[serial.pk for serial in rare]).update(
            status="reserved", customer="user:1"
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE saleor_serials_serial")
    return made


def test_the_last_page_of_a_list_costs_what_the_first_costs(big_packs: list[Pack]) -> None:
    owner = people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")
    for pack in big_packs:
        pack_id = gid("SerialPack", pack.pk)
        for filter in (
            {},
            {"packs": [pack_id]},
            {"packs": [pack_id], "statuses": ["FREE"]},
            {"packs": [pack_id], "statuses": ["RESERVED", "DELETED"]},
            {"statuses": ["RESERVED"]},
            {"batches": [gid("SerialBatch", pack.batches.get().pk)]},
            {"user": gid("User", 1)},
            {"batches": [gid("SerialBatch", pack.batches.get().pk)], "statuses": ["RESERVED"]},
            {"createdAt": {"gte": pack.created_at.isoformat()}},
        ):
            edges = ask(LAST_CURSORS, {"filter": filter}, by=owner)["serials"]["edges"]

            first_page = blocks_of(filter, by=owner)
            last_page = blocks_of(filter, by=owner, after=edges[0]["cursor"])

            # Walking past the other pack, or through the whole of one, touches more.
            assert max(first_page, last_page) < 200, filter
