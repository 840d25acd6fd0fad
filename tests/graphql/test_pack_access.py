"""Vendors, apps, staff, customers, strangers: what each reaches through every query."""

from dataclasses import dataclass
from typing import Any

import pytest

from saleor_serials.models import Batch, Pack, PackLink, Serial, VendorGroup
from tests import making
from tests.graphql.api import ask, gid, is_denied, nodes, people, post
from tests.hosts import shop


@dataclass
class Shop:
    """Four packs: of vendor group A, of B, of the shop, and of the shop for outside software.

    One order holds a serial of each, on a line of its own, and lacks one more.
    """

    packs: dict[str, Pack]
    links: dict[str, PackLink]
    groups: dict[str, Any]
    buyer: Any
    order_id: str


@pytest.fixture
def market() -> Shop:
    groups = {name: people.make_group() for name in "AB"}
    for group in groups.values():
        VendorGroup.objects.create(group_id=group.pk, rights=["see"])
    packs = {name: making.make_pack(name=name, slug=name.lower()) for name in "ABCD"}
    for name, group in groups.items():
        Pack.objects.filter(pk=packs[name].pk).update(vendor_group_id=group.pk)
    Pack.objects.filter(pk=packs["D"].pk).update(webservice_access=True)
    variant = shop.make_variant()
    links = {}
    for name, pack in packs.items():
        making.make_serials(pack, 1)
        Serial.objects.filter(pack=pack).update(data=f"SERIAL-{name}")
        links[name] = making.make_link(pack, quantity=2, variant=variant)
    buyer = shop.make_user()
    order_id = shop.place_order([(variant, 1)], user=buyer)
    shop.pay(order_id)
    return Shop(packs=packs, links=links, groups=groups, buyer=buyer, order_id=order_id)


BOTH = ("MANAGE_PRODUCTS", "MANAGE_ORDERS")

# Who asks, and which packs they reach.
STAFF = {
    "vendor of A": (lambda m: people.make_vendor(*BOTH, groups=[m.groups["A"]]), "A"),
    "vendor of A and B": (lambda m: people.make_vendor(*BOTH, groups=m.groups.values()), "AB"),
    "vendor without a pack": (lambda m: people.make_vendor(*BOTH, groups=[_bare_group()]), ""),
    "superuser in a vendor group": (
        lambda m: people.make_vendor(*BOTH, groups=[m.groups["A"]], is_superuser=True),
        "ABCD",
    ),
    "plain staff": (lambda m: people.make_staff(*BOTH), "ABCD"),
    "staff in another group": (
        lambda m: people.make_vendor(*BOTH, groups=[people.make_group()]),
        "ABCD",
    ),
    "app": (lambda m: people.make_app(*BOTH), "D"),
}
OTHERS = {
    "vendor without Saleor's permission": lambda m: people.make_vendor(groups=[m.groups["A"]]),
    "app without permission": lambda m: people.make_app(),
    "customer": lambda m: m.buyer,
    "anonymous": lambda m: None,
}


def _bare_group() -> Any:
    group = people.make_group()
    VendorGroup.objects.create(group_id=group.pk, rights=["see", "delete"])
    return group


@pytest.fixture(params=STAFF)
def asker(request: Any, market: Shop) -> tuple[Any, str]:
    make, reached = STAFF[request.param]
    return make(market), reached


ONE = {
    "serialPack": "query ($id: ID!) { found: serialPack(id: $id) { name } }",
    "serial": "query ($id: ID!) { found: serial(id: $id) { name: data } }",
    "serialBatch": "query ($id: ID!) { found: serialBatch(id: $id) { name: id } }",
}


def ids(market: Shop, query: str) -> dict[str, str]:
    rows: dict[str, Any] = {"serialPack": Pack, "serial": Serial, "serialBatch": Batch}
    kind = {"serialPack": "SerialPack", "serial": "Serial", "serialBatch": "SerialBatch"}[query]
    of_pack = {"serialPack": "pk"}.get(query, "pack")
    return {
        name: gid(kind, rows[query].objects.get(**{of_pack: pack.pk}).pk)
        for name, pack in market.packs.items()
    }


@pytest.mark.parametrize("query", ONE)
def test_what_is_of_others_is_not_there_by_id(
    market: Shop, asker: tuple[Any, str], query: str
) -> None:
    by, reached = asker

    seen = {
        name
        for name, pk in ids(market, query).items()
        if ask(ONE[query], {"id": pk}, by=by)["found"] is not None
    }

    assert seen == set(reached)


def test_a_pack_of_others_is_not_there_by_slug(market: Shop, asker: tuple[Any, str]) -> None:
    by, reached = asker

    seen = {
        name
        for name in market.packs
        if ask(
            "query ($slug: String) { serialPack(slug: $slug) { name } }",
            {"slug": name.lower()},
            by=by,
        )["serialPack"]
        is not None
    }

    assert seen == set(reached)


LISTS = """query ($packs: [ID!], $batches: [ID!], $order: ID, $user: ID, $product: ID) {
  packs: serialPacks(first: 9) { totalCount edges { node { name } } }
  archived: serialPacks(first: 9, filter: {isArchived: true}) { totalCount edges { node { name } } }
  batches: serialBatches(first: 9) { totalCount edges { node { pack { name } } } }
  named: serialBatches(first: 9, filter: {packs: $packs}) {
    totalCount edges { node { pack { name } } }
  }
  serials(first: 9) { totalCount edges { node { pack { name } } } }
  sorted: serials(first: 9, sortBy: {field: CREATED_AT, direction: DESC}) {
    totalCount edges { node { pack { name } } }
  }
  inPacks: serials(first: 9, filter: {packs: $packs}) {
    totalCount edges { node { pack { name } } }
  }
  inBatches: serials(first: 9, filter: {batches: $batches}) {
    totalCount edges { node { pack { name } } }
  }
  byStatus: serials(first: 9, filter: {statuses: [USED]}) {
    totalCount edges { node { pack { name } } }
  }
  bySearch: serials(first: 9, filter: {search: "serial-"}) {
    totalCount edges { node { pack { name } } }
  }
  ofOrder: serials(first: 9, filter: {order: $order}) {
    totalCount edges { node { pack { name } } }
  }
  ofUser: serials(first: 9, filter: {user: $user}) { totalCount edges { node { pack { name } } } }
  ofProduct: serials(first: 9, filter: {product: $product}) {
    totalCount edges { node { pack { name } } }
  }
  count: serialCount
  searched: serialCount(filter: {search: "serial-"})
}"""


def test_lists_and_their_counts_hold_only_what_is_visible(
    market: Shop, asker: tuple[Any, str]
) -> None:
    by, reached = asker
    variables = {
        "packs": list(ids(market, "serialPack").values()),
        "batches": list(ids(market, "serialBatch").values()),
        "order": gid("Order", market.order_id),
        "user": gid("User", market.buyer.pk),
        "product": gid("Product", market.links["A"].variant.product_id),
    }

    told = ask(LISTS, variables, by=by)

    assert told.pop("archived") == {"totalCount": 0, "edges": []}
    assert (told.pop("count"), told.pop("searched")) == (len(reached), len(reached))
    for name, found in told.items():
        seen = sorted((node.get("pack") or node)["name"] for node in nodes(found))
        assert (name, seen, found["totalCount"]) == (name, [*reached], len(reached))


LINKS = """query ($variant: ID!) {
  productVariant(id: $variant) { serialPackLinks { pack { name } } }
}"""


def test_links_lead_only_to_visible_packs(market: Shop, asker: tuple[Any, str]) -> None:
    by, reached = asker
    product = market.links["A"].variant.product
    for pack in market.packs.values():
        PackLink.objects.filter(pack=pack).update(variant=None, product=product)
    people.show(market.links["A"].variant)
    query = """query ($id: ID!) { product(id: $id) { serialPackLinks { pack { name } } } }"""

    told = ask(query, {"id": gid("Product", product.pk)}, by=by)["product"]
    PackLink.objects.update(variant=market.links["A"].variant, product=None)
    of_variant = ask(LINKS, {"variant": gid("ProductVariant", market.links["A"].variant_id)}, by=by)

    for links in (told["serialPackLinks"], of_variant["productVariant"]["serialPackLinks"]):
        assert [link["pack"]["name"] for link in links] == [*reached]


ORDER = """query ($id: ID!) { order(id: $id) {
  serials(first: 9) { totalCount edges { node { data } } }
  serialEvents(first: 9) { edges { node { type } } }
  lines { serialShortfall serials(first: 9) { totalCount edges { node { data } } } }
} }"""


def test_orders_show_only_serials_debts_and_events_of_visible_packs(
    market: Shop, asker: tuple[Any, str]
) -> None:
    by, reached = asker
    shop.refund(market.order_id, amount=1)

    order = ask(ORDER, {"id": gid("Order", market.order_id)}, by=by)["order"]

    data = [f"SERIAL-{name}" for name in reached]
    for serials in (order["serials"], order["lines"][0]["serials"]):
        assert sorted(node["data"] for node in nodes(serials)) == data
        assert serials["totalCount"] == len(reached)
    assert order["lines"][0]["serialShortfall"] == len(reached)
    assert [event["type"] for event in nodes(order["serialEvents"])] == ["PARTLY_REFUNDED"] * bool(
        reached
    )


CUSTOMER = """query ($id: ID!) { user(id: $id) {
  serials(first: 9) { totalCount edges { node {
    data pack { name } events(first: 9) { edges { node { type } } }
  } } }
} }"""


@pytest.mark.parametrize("name", [each for each in STAFF if each != "app"])
def test_customers_show_only_serials_of_visible_packs(market: Shop, name: str) -> None:
    make, reached = STAFF[name]
    by = make(market)
    people.permit(by, "MANAGE_USERS")

    serials = ask(CUSTOMER, {"id": gid("User", market.buyer.pk)}, by=by)["user"]["serials"]

    assert sorted(node["data"] for node in nodes(serials)) == [f"SERIAL-{n}" for n in reached]
    assert serials["totalCount"] == len(reached)


MINE = """{ me {
  serials(first: 9) { totalCount edges { node {
    data pack { name } batch { name } extra deliveredAt customer { email }
    events(first: 9) { edges { node { type } } }
    assignment { orderNumber }
  } } }
  orders(first: 1) { edges { node {
    serials(first: 9) { totalCount }
    lines { serialShortfall serials(first: 9) { totalCount } }
  } } }
} }"""


def test_customers_see_what_is_theirs_whatever_the_pack(market: Shop) -> None:
    mine = ask(MINE, by=market.buyer)["me"]

    assert sorted(node["data"] for node in nodes(mine["serials"])) == [
        f"SERIAL-{name}" for name in "ABCD"
    ]
    [order] = nodes(mine["orders"])
    assert order["serials"]["totalCount"] == order["lines"][0]["serialShortfall"] == 4
    for node in nodes(mine["serials"]):
        del node["data"]
        assert set(node.values()) == {None}


def test_a_vendor_who_buys_sees_what_is_theirs_but_nothing_behind_others_packs(
    market: Shop,
) -> None:
    vendor = people.make_vendor(*BOTH, groups=[market.groups["A"]])
    order_id = shop.place_order([(market.links["A"].variant, 1)], user=vendor)
    shop.pay(order_id)
    for pack in market.packs.values():
        making.make_serials(pack, 2)
        making.settle(pack)

    mine = ask(MINE, by=vendor)["me"]

    assert mine["serials"]["totalCount"] == 4
    [order] = nodes(mine["orders"])
    assert order["serials"]["totalCount"] == mine["serials"]["totalCount"]
    behind = {
        name
        for node in nodes(mine["serials"])
        for name in [(node["pack"] or {}).get("name"), node["events"] and "A"]
    }
    assert behind == {"A", None}


@pytest.mark.parametrize("name", OTHERS)
def test_who_has_no_permission_of_saleors_is_denied_every_query(market: Shop, name: str) -> None:
    by = OTHERS[name](market)

    for query in ONE.values():
        assert is_denied(query, {"id": "x"}, by=by), query
    for query in (
        "{ serialPacks(first: 1) { totalCount } }",
        "{ serialBatches(first: 1) { totalCount } }",
        "{ serials(first: 1) { totalCount } }",
        "{ serialCount }",
    ):
        assert is_denied(query, by=by), query


def test_who_manages_only_orders_sees_no_lists_through_a_pack_or_batch(market: Shop) -> None:
    staff = people.make_staff("MANAGE_ORDERS")
    query = (
        """query ($id: ID!) { order(id: $id) { serials(first: 1) { edges { node { %s } } } } }"""
    )

    for field in (
        "pack { serials(first: 1) { totalCount } }",
        "pack { batches(first: 1) { totalCount } }",
        "pack { statistics { count } }",
        "batch { serials(first: 1) { totalCount } }",
        "batch { statistics { count } }",
    ):
        answer = post(query % field, {"id": gid("Order", market.order_id)}, by=staff)
        codes = [error["extensions"]["exception"]["code"] for error in answer["errors"]]
        assert codes == ["PermissionDenied"], field
