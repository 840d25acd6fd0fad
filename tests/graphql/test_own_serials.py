"""What customers find of their own serials, and what the shop keeps about serials beside them."""

from typing import Any

import pytest

from saleor_serials.models import Serial
from saleor_serials.serials import add
from tests import making
from tests.graphql.api import ask, complaints, do, gid, nodes, people, refused
from tests.hosts import shop

MINE = """query ($filter: SerialUserFilterInput, $sortBy: SerialSortingInput) {
  me { serials(first: 9, filter: $filter, sortBy: $sortBy) {
    totalCount
    edges { node {
      data orderId orderNumber productName extra publicExtra privateMetadata { key } statusLabel
    } }
  } }
}"""
NEWEST = {"field": "ID", "direction": "DESC"}


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")


def mine(by: Any, sort_by: Any = None, **filter: Any) -> list[str]:
    given = {"filter": filter or None, "sortBy": sort_by}
    found = ask(MINE, given, by=by)["me"]["serials"]
    assert found["totalCount"] == len(nodes(found))
    return [node["data"] for node in nodes(found)]


def test_a_customer_filters_and_sorts_their_own_serials_and_no_others() -> None:
    pack = making.make_pack(is_consumable=True)
    add.add_serials(pack, ["AAA-1", "AAA-2", "BBB-3", "BBB-4"], actor="user:1")
    link, other = making.make_link(pack), making.make_link(pack)
    user = shop.make_user()
    first = making.paid_order(link, user=user)
    making.paid_order(other, user=user)
    making.paid_order(link, user=shop.make_user())
    refunded = making.paid_order(other, user=user)
    shop.refund(refunded)
    Serial.objects.filter(data="AAA-2").update(status="used")
    hidden = ["FREE", "UNASSIGNED", "DELETED"]

    assert mine(user) == ["AAA-1", "AAA-2"]
    assert mine(user, NEWEST) == ["AAA-2", "AAA-1"]
    assert mine(user, {"field": "DATA", "direction": "DESC"}) == ["AAA-2", "AAA-1"]
    assert mine(user, statuses=["USED"]) == ["AAA-2"]
    assert mine(user, statuses=hidden) == []
    assert mine(user, NEWEST, statuses=[*hidden, "ASSIGNED"]) == ["AAA-1"]
    assert mine(user, order=gid("Order", first)) == ["AAA-1"]
    assert mine(user, variant=gid("ProductVariant", other.variant_id)) == ["AAA-2"]
    assert mine(user, search="bbb") == []
    assert mine(user, search="aaa") == ["AAA-1", "AAA-2"]


def test_a_customer_sees_order_product_and_public_fields_and_no_private_ones(owner: Any) -> None:
    pack = making.make_pack(public_fields=["seat", "gate"])
    making.make_serials(pack, 2)
    extra = {"seat": "A7", "cost": 5}
    Serial.objects.update(extra=extra, private_metadata={"supplier": "x"})
    link, user = making.make_link(pack), shop.make_user()
    order_id = making.paid_order(link, user=user)
    stranger = people.make_staff()

    [node] = nodes(ask(MINE, by=user)["me"]["serials"])

    assert node.pop("data")
    assert node == {
        "orderId": gid("Order", order_id),
        "orderNumber": shop.number(order_id),
        "productName": link.variant.product.name,
        "extra": None,
        "publicExtra": '{"seat": "A7"}',
        "privateMetadata": None,
        "statusLabel": "sold",
    }
    query = "query ($id: ID!) { serial(id: $id) { orderNumber productName publicExtra } }"
    held = gid("Serial", Serial.objects.exclude(assignment=None).get().pk)
    for asker, number in (
        (owner, shop.number(order_id)),
        (people.make_staff("MANAGE_PRODUCTS"), None),
    ):
        assert ask(query, {"id": held}, by=asker)["serial"]["orderNumber"] == number
    assert mine(stranger) == []


def test_a_used_serial_of_a_consumable_pack_is_not_called_sold(owner: Any) -> None:
    for consumable, label in ((True, "used"), (False, "sold")):
        pack = making.make_pack(is_consumable=consumable)
        [serial] = making.make_serials(pack, 1)
        Serial.objects.filter(pk=serial.pk).update(status="used", customer="user:1")
        found = ask(
            "query ($id: ID!) { serial(id: $id) { statusLabel } }",
            {"id": gid("Serial", serial.pk)},
            by=owner,
        )
        assert found["serial"]["statusLabel"] == label


def test_the_public_fields_of_a_pack_are_checked(owner: Any) -> None:
    query = """mutation ($fields: [String!]) {
      serialPackCreate(input: {name: "P", publicFields: $fields}) {
        serialPack { publicFields } errors { field code message index }
      }
    }"""

    assert do(query, {"fields": [" seat ", "seat", "gate"]}, by=owner) == {
        "serialPack": {"publicFields": ["seat", "gate"]}
    }
    for fields, code in (([" "], "REQUIRED"), (["x" * 101], "TOO_LONG")):
        assert refused(query, {"fields": fields}, by=owner) == [("publicFields", code, None)]
    many = [f"f{number}" for number in range(51)]
    assert refused(query, {"fields": many}, by=owner) == [("publicFields", "TOO_MANY", None)]


def test_the_history_of_a_serial_is_read_in_pages(owner: Any) -> None:
    pack = making.make_pack(is_consumable=True)
    [serial] = making.make_serials(pack, 1)
    shop.refund(making.paid_order(making.make_link(pack)))
    query = """query ($id: ID!, $first: Int, $after: String, $last: Int) {
      serial(id: $id) { events(first: $first, after: $after, last: $last) {
        totalCount edges { node { type } } pageInfo { hasNextPage endCursor }
      } }
    }"""

    def events(**page: Any) -> Any:
        given = {"id": gid("Serial", serial.pk), **page}
        return ask(query, given, by=owner)["serial"]["events"]

    whole = events(first=10)
    types = [node["type"] for node in nodes(whole)]
    start = events(first=2)
    rest = events(first=10, after=start["pageInfo"]["endCursor"])

    assert types[:2] == ["CREATED", "ASSIGNED"]
    assert types[-1] == "RELEASED"
    assert whole["totalCount"] == len(types)
    assert [node["type"] for node in nodes(start) + nodes(rest)] == types
    assert (start["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert [node["type"] for node in nodes(events(last=1))] == ["RELEASED"]


OBJECTS = {
    "SerialPack": (
        "serialPack",
        "mutation ($id: ID!, $m: [MetadataInput!], $p: [MetadataInput!], $r: String) {"
        " serialPackUpdate(id: $id, input: {metadata: $m, privateMetadata: $p,"
        " externalReference: $r}) { serialPack { id } errors { field code message index } } }",
    ),
    "SerialBatch": (
        "serialBatch",
        "mutation ($id: ID!, $m: [MetadataInput!], $p: [MetadataInput!], $r: String) {"
        " serialBatchUpdate(id: $id, input: {metadata: $m, privateMetadata: $p,"
        " externalReference: $r}) { serialBatch { id } errors { field code message index } } }",
    ),
    "Serial": (
        "serial",
        "mutation ($id: ID!, $m: [MetadataInput!], $p: [MetadataInput!], $r: String) {"
        ' serialUpdate(id: $id, input: {reason: "r", metadata: $m, privateMetadata: $p,'
        " externalReference: $r}) { serial { id } errors { field code message index } } }",
    ),
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_outside_software_keeps_metadata_and_a_reference_and_finds_by_it(
    kind: str, owner: Any
) -> None:
    field, write = OBJECTS[kind]
    pack = making.make_pack()
    [serial, _] = making.make_serials(pack, 2)
    other_pack = making.make_pack()
    [other] = making.make_serials(other_pack, 1)
    ids = {
        "SerialPack": (pack.pk, other_pack.pk),
        "SerialBatch": (serial.batch_id, other.batch_id),
        "Serial": (serial.pk, other.pk),
    }[kind]
    mine, theirs = (gid(kind, pk) for pk in ids)
    look = f"""query ($id: ID, $ref: String) {{
      {field}(id: $id, externalReference: $ref) {{
        id externalReference metadata {{ key value }} privateMetadata {{ key value }}
        a: metafield(key: "a") c: metafield(key: "c") privateMetafield(key: "c")
      }}
    }}"""

    def items(**values: str) -> list[dict[str, str]]:
        return [{"key": key, "value": value} for key, value in values.items()]

    do(write, {"id": mine, "m": items(b="2", a="1"), "r": " ERP-7 "}, by=owner)
    # graphql-core 2 reads a variable inside an input that is not sent as null, which clears.
    do(write, {"id": mine, "m": items(b="3"), "p": items(c="4"), "r": "ERP-7"}, by=owner)

    found = ask(look, {"ref": "ERP-7"}, by=owner)[field]
    assert found == {
        "id": mine,
        "externalReference": "ERP-7",
        "metadata": items(a="1", b="3"),
        "privateMetadata": items(c="4"),
        "a": "1",
        "c": None,
        "privateMetafield": "4",
    }
    assert ask(look, {"ref": "ERP-8"}, by=owner)[field] is None
    assert refused(write, {"id": theirs, "r": "ERP-7"}, by=owner) == [
        ("externalReference", "ALREADY_EXISTS", None)
    ]
    assert refused(write, {"id": mine, "m": items(**{" ": "1"})}, by=owner) == [
        ("metadata", "REQUIRED", None)
    ]
    assert refused(write, {"id": mine, "r": "x" * 251}, by=owner) == [
        ("externalReference", "TOO_LONG", None)
    ]
    assert complaints(look, {"id": mine, "ref": "ERP-7"}, by=owner)[0].startswith("Give ")
    for nothing in ("", None):
        do(write, {"id": mine, "r": "ERP-7"}, by=owner)
        assert ask(look, {"ref": "ERP-7"}, by=owner)[field] is not None
        do(write, {"id": mine, "r": nothing}, by=owner)
        assert ask(look, {"ref": "ERP-7"}, by=owner)[field] is None
    assert ask(look, {"ref": "ERP-7"}, by=people.make_app("MANAGE_PRODUCTS"))[field] is None
