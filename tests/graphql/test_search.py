"""Finding serials, batches and packs: searches, filters, orders, counts and statistics."""

import json
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone

from saleor_serials.models import Assignment, Batch, Pack, Serial
from saleor_serials.serials import search
from saleor_serials.serials.add import add_serials
from saleor_serials.serials.search import by_filter
from tests import making
from tests.graphql.api import ask, complaints, gid, is_denied, nodes, people
from tests.hosts import shop

LIST = """query (
  $filter: SerialFilterInput, $sortBy: SerialSortingInput,
  $first: Int, $after: String, $last: Int, $before: String
) {
  serials(
    filter: $filter, sortBy: $sortBy, first: $first, after: $after, last: $last, before: $before
  ) {
    totalCount edges { node { data } cursor } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
  serialCount(filter: $filter)
}"""
BATCHES = """query ($filter: SerialBatchFilterInput, $first: Int, $after: String) {
  serialBatches(filter: $filter, first: $first, after: $after) {
    totalCount edges { node { name } } pageInfo { hasNextPage endCursor }
  }
}"""
PACKS = """query ($filter: SerialPackFilterInput) {
  serialPacks(filter: $filter, first: 10) { totalCount edges { node { name } } }
}"""


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")


def listed(by: Any, sort: str | None = None, **filter: Any) -> list[str]:
    """The data of all that a filter lets through, read in pages of two, forward and backward."""
    moment, _, direction = (sort or "").partition(" ")
    variables = {
        "filter": filter or None,
        "sortBy": {"field": moment, "direction": direction} if sort else None,
    }
    forward: list[str] = []
    backward: list[str] = []
    page: dict[str, Any] = {"first": 2}
    while True:
        answer = ask(LIST, {**variables, **page}, by=by)
        found = answer["serials"]
        forward += [node["data"] for node in nodes(found)]
        page["after"] = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    page = {"last": 2}
    while True:
        found = ask(LIST, {**variables, **page}, by=by)["serials"]
        backward = [node["data"] for node in nodes(found)] + backward
        page["before"] = found["edges"][0]["cursor"] if found["edges"] else None
        if not found["pageInfo"]["hasPreviousPage"]:
            break
    assert forward == backward
    assert found["totalCount"] == len(forward)
    if "ASSIGNED" not in (sort or ""):
        assert answer["serialCount"] == len(forward)
    return forward


def add(pack: Any, *data: str, batch: str | None = None) -> Batch:
    return add_serials(pack, data, actor="user:1", batch_name=batch)


def test_serials_are_found_by_a_part_of_their_data(owner: Any) -> None:
    pack = making.make_pack()
    add(pack, "ABCD-1234", "abce-1299", "X%Y_Z\\W", "XaYbZcW", "ÜBER-77", "long " * 100)

    assert listed(owner, search="abc") == ["ABCD-1234", "abce-1299"]
    assert listed(owner, search="  D-12 ") == ["ABCD-1234"]
    assert listed(owner, search="-129") == ["abce-1299"]
    assert listed(owner, search="X%Y") == ["X%Y_Z\\W"]
    assert listed(owner, search="Y_Z") == ["X%Y_Z\\W"]
    assert listed(owner, search="Z\\W") == ["X%Y_Z\\W"]
    assert listed(owner, search="über") == ["ÜBER-77"]
    assert listed(owner, search="U\u0308BER") == ["ÜBER-77"]
    assert listed(owner, search="%%%") == listed(owner, search="nowhere") == []


def test_a_search_goes_together_with_other_filters_and_hides_deleted_ones(owner: Any) -> None:
    first, second = making.make_pack(), making.make_pack()
    batches = [add(pack, f"KEY-{pack.pk}-A", f"KEY-{pack.pk}-B") for pack in (first, second)]
    Serial.objects.filter(data=f"KEY-{second.pk}-B").update(status="deleted")

    in_second = [gid("SerialPack", second.pk)]
    assert len(listed(owner, search="key-")) == 3
    assert listed(owner, search="key-", packs=in_second) == [f"KEY-{second.pk}-A"]
    assert listed(owner, search="key-", packs=in_second, statuses=["DELETED"]) == [
        f"KEY-{second.pk}-B"
    ]
    in_first = [gid("SerialBatch", batches[0].pk)]
    assert listed(owner, search="EY-", batches=in_first, packs=in_second) == []


@pytest.mark.parametrize("text", ["", "ab", "  ab  ", "%_"])
def test_fewer_than_three_characters_are_not_searched_for(owner: Any, text: str) -> None:
    add(making.make_pack(), "abc")

    assert complaints(LIST, {"filter": {"search": text}, "first": 1}, by=owner)[0] == (
        "Write at least three characters to search for."
    )


def test_what_no_database_can_store_is_not_searched_for(owner: Any) -> None:
    for text in ["abc\0", *(f"abc{each}" for each in people.UNENCODABLE)]:
        for query, filter in (
            (LIST, {"search": text}),
            (LIST, {"customerEmail": text}),
            (BATCHES, {"search": text}),
            (PACKS, {"search": text}),
        ):
            told = complaints(query, {"filter": filter, "first": 1}, by=owner)
            assert told[0].startswith("This has a NUL character or a lone surrogate")


def test_serials_are_filtered_by_what_was_sold_and_by_when(owner: Any) -> None:
    pack = making.make_pack()
    add(pack, *"ABCDE")
    one, other = making.make_link(pack), making.make_link(pack)
    making.paid_order(one, units=2)
    making.paid_order(other)
    refunded = making.paid_order(other)
    shop.refund(refunded)
    product = gid("Product", one.variant.product_id)
    variant = gid("ProductVariant", one.variant_id)

    assert listed(owner, product=product) == ["A", "B"]
    assert listed(owner, product=product, variant=variant) == ["A", "B"]
    assert listed(owner, product=product, variant=gid("ProductVariant", other.variant_id)) == []
    assert listed(owner, product=gid("Product", other.variant.product_id)) == ["C"]
    assert listed(owner, product=product, packs=[gid("SerialPack", 10**9)]) == []
    assert listed(owner, product=product, statuses=["FREE"]) == []
    assert listed(owner, variant=variant) == ["A", "B"]
    assert listed(owner, variant=gid("ProductVariant", other.variant_id)) == ["C"]


def test_serials_are_filtered_by_the_time_they_were_assigned(owner: Any) -> None:
    add(making.make_pack(), *"ABCD")
    now = timezone.now()
    for days, data in enumerate("ACB"):
        Serial.objects.filter(data=data).update(
            assigned_at=now - timedelta(days=days), status="used", customer="user:1"
        )

    def between(gte: int | None, lte: int | None, **more: Any) -> list[str]:
        ends = {"gte": gte, "lte": lte}
        period = {
            name: (now - timedelta(days=ago)).isoformat()
            for name, ago in ends.items()
            if ago is not None
        }
        return listed(owner, assignedAt=period, **more)

    assert between(2, 0) == ["B", "C", "A"]
    assert between(1, None) == ["C", "A"]
    assert between(None, 1) == ["B", "C"]
    assert between(1, 1, statuses=["USED"]) == ["C"]
    assert between(1, 1, statuses=["FREE"]) == []
    assert between(2, 0, sort="CREATED_AT DESC") == ["C", "B", "A"]


def test_serials_of_a_guest_are_found_by_e_mail(owner: Any) -> None:
    pack = making.make_pack()
    add(pack, *"ABC")
    link = making.make_link(pack)
    making.paid_order(link, email="Guest@example.com")
    making.paid_order(link, email="other@example.com")
    asker = people.make_staff("MANAGE_PRODUCTS")

    assert listed(owner, customerEmail=" guest@EXAMPLE.com") == ["A"]
    assert listed(owner, customerEmail="nobody@example.com") == []
    assert is_denied(
        "query ($f: SerialFilterInput) { serials(filter: $f, first: 1) { totalCount } }",
        {"f": {"customerEmail": "guest@example.com"}},
        by=asker,
    )
    assert is_denied(
        "query ($f: SerialFilterInput) { serialCount(filter: $f) }",
        {"f": {"customerEmail": "guest@example.com"}},
        by=asker,
    )


def test_serials_are_sorted_by_their_times_and_then_by_id(owner: Any) -> None:
    pack, other = making.make_pack(), making.make_pack()
    add(pack, *"ABCDEF")
    add(other, "Z")
    now = timezone.now()
    for data, days in zip("ABCDEF", [1, 2, 2, 2, 0, 3], strict=True):
        Serial.objects.filter(data=data).update(created_at=now - timedelta(days=days))
    Serial.objects.filter(data__in="BCD").update(
        assigned_at=now - timedelta(days=1), status="used", customer="user:1"
    )
    Serial.objects.filter(data="F").update(assigned_at=now, status="used", customer="user:1")
    pack_ids = [gid("SerialPack", pack.pk)]
    by_age = ["F", "B", "C", "D", "A", "E"]

    assert listed(owner, sort="CREATED_AT ASC", packs=pack_ids) == by_age
    assert listed(owner, sort="CREATED_AT DESC", packs=pack_ids) == by_age[::-1]
    assert listed(owner, sort="CREATED_AT DESC") == ["E", "Z", *by_age[-2::-1]]
    assert listed(owner, sort="ASSIGNED_AT ASC") == ["B", "C", "D", "F"]
    assert listed(owner, sort="ASSIGNED_AT DESC", packs=pack_ids) == ["F", "D", "C", "B"]
    assert listed(owner, sort="CREATED_AT DESC", user=gid("User", 1)) == ["D", "C", "B", "F"]
    assert listed(owner, sort="CREATED_AT DESC", statuses=["FREE"]) == ["E", "Z", "A"]
    assert listed(owner, packs=pack_ids) == [*"ABCDEF"]


def test_a_cursor_of_another_order_is_refused(owner: Any) -> None:
    add(making.make_pack(), *"ABC")
    Serial.objects.update(assigned_at=timezone.now(), status="used", customer="user:1")
    sorts = [
        None,
        {"field": "CREATED_AT", "direction": "ASC"},
        {"field": "ASSIGNED_AT", "direction": "DESC"},
    ]
    cursors = [
        ask(LIST, {"first": 1, "sortBy": sort}, by=owner)["serials"]["pageInfo"]["endCursor"]
        for sort in sorts
    ]

    for sort, own in zip(sorts, cursors, strict=True):
        for cursor in cursors:
            variables = {"first": 1, "after": cursor, "sortBy": sort}
            if cursor == own:
                assert len(nodes(ask(LIST, variables, by=owner)["serials"])) == 1
            else:
                told = complaints(LIST, variables, by=owner)
                assert set(told) == {"Argument `after` is not a cursor of this list."}


def test_a_list_that_few_serials_fulfil_is_the_same_whichever_way_it_is_read(owner: Any) -> None:
    pack = making.make_pack()
    add(pack, *(f"S-{number:03}" for number in range(60)))
    rare = [f"S-{number:03}" for number in range(5, 60, 20)]
    Serial.objects.filter(data__in=rare).update(status="reserved", customer="user:7")

    with mock.patch.object(by_filter, "_PATIENCE", 1):
        impatient = [
            listed(owner, statuses=["RESERVED"], sort="CREATED_AT ASC"),
            listed(owner, search="S-0", statuses=["RESERVED"]),
            listed(owner, statuses=["RESERVED"]),
        ]

    assert impatient == [rare, rare, rare]


def test_no_pack_is_left_behind_where_another_fills_the_page_first(owner: Any) -> None:
    first, second = making.make_pack(), making.make_pack()
    add(first, *(f"other {number}" for number in range(9)), "KEY-1", "KEY-2")
    add(second, *(f"KEY-{number}" for number in range(3, 9)))
    pack_ids = [gid("SerialPack", pack.pk) for pack in (first, second)]
    batch_ids = [gid("SerialBatch", pack.batches.get().pk) for pack in (first, second)]
    keys = [f"KEY-{number}" for number in range(1, 9)]

    for ways in (0, 100):
        with (
            mock.patch.object(by_filter, "_PATIENCE", 1),
            mock.patch.object(by_filter, "_MAX_BRANCHES", ways),
        ):
            assert listed(owner, search="key", packs=pack_ids) == keys
            assert listed(owner, search="key", batches=batch_ids) == keys
            assert listed(owner, search="key", batches=batch_ids, packs=pack_ids[1:]) == keys[2:]


def test_a_total_beyond_the_limit_is_not_told_but_counted_on_request(owner: Any) -> None:
    pack = making.make_pack()
    add(pack, *(f"KEY-{number}" for number in range(7)))
    counting = """query ($f: SerialFilterInput) {
      serials(filter: $f) { totalCount } serialCount(filter: $f)
    }"""

    with mock.patch.object(search, "COUNT_LIMIT", 6):
        searched = ask(counting, {"f": {"search": "KEY"}}, by=owner)
        plain = ask(counting, {"f": {"packs": [gid("SerialPack", pack.pk)]}}, by=owner)
    with mock.patch.object(search, "COUNT_LIMIT", 7):
        within = ask(counting, {"f": {"search": "KEY"}}, by=owner)

    assert searched == {"serials": {"totalCount": None}, "serialCount": 7}
    assert plain == within == {"serials": {"totalCount": 7}, "serialCount": 7}


STATISTICS = """query ($id: ID!) { serialPack(id: $id) {
  statistics { status count serials(first: 5) { totalCount edges { node { data } } } }
  serials(first: 5, statuses: [FREE, DELETED]) { totalCount edges { node { data } } }
  batches(first: 5, search: "ma") { totalCount edges { node {
    name pack { name } statistics { status count serials(first: 1) { edges { node { data } } } }
    serials(first: 5) { totalCount edges { node { data } } }
  } } }
} }"""


def test_each_number_of_a_packs_statistics_leads_to_its_serials(owner: Any) -> None:
    pack, other = making.make_pack(name="Keys"), making.make_pack()
    add(pack, *"ABCD", batch="May")
    add(pack, "E", batch="June")
    add(other, "Z", batch="March")
    Serial.objects.filter(data="B").update(status="reserved", customer="user:1")
    Serial.objects.filter(data__in="CZ").update(status="deleted")

    told = ask(STATISTICS, {"id": gid("SerialPack", pack.pk)}, by=owner)["serialPack"]

    numbers = {each["status"]: each["count"] for each in told["statistics"]}
    assert numbers == {
        "FREE": 3,
        "RESERVED": 1,
        "ASSIGNED": 0,
        "USED": 0,
        "UNASSIGNED": 0,
        "DELETED": 1,
    }
    lists = {each["status"]: each["serials"] for each in told["statistics"]}
    assert {status: each["totalCount"] for status, each in lists.items()} == numbers
    assert [node["data"] for node in nodes(lists["FREE"])] == ["A", "D", "E"]
    assert [node["data"] for node in nodes(lists["DELETED"])] == ["C"]
    assert [node["data"] for node in nodes(told["serials"])] == ["A", "C", "D", "E"]
    assert told["serials"]["totalCount"] == 4
    [may] = nodes(told["batches"])
    assert (told["batches"]["totalCount"], may["name"], may["pack"]["name"]) == (1, "May", "Keys")
    assert {each["status"]: each["count"] for each in may["statistics"]} == numbers | {"FREE": 2}
    assert [node["data"] for node in nodes(may["serials"])] == ["A", "B", "D"]


def test_batches_are_listed_found_and_opened(owner: Any) -> None:
    first, second = making.make_pack(), making.make_pack()
    made = [add(first, "A", batch="May"), add(second, "B", batch="100% May"), add(first, "C")]

    def names(**filter: Any) -> list[str]:
        found = ask(BATCHES, {"filter": filter, "first": 10}, by=owner)["serialBatches"]
        assert found["totalCount"] == len(found["edges"])
        return [node["name"] for node in nodes(found)]

    assert names() == [batch.name for batch in made]
    assert names(search="may") == ["May", "100% May"]
    assert names(search="0%") == ["100% May"]
    assert names(packs=[gid("SerialPack", first.pk)]) == ["May", made[2].name]
    assert names(packs=[gid("SerialPack", first.pk)], search="may") == ["May"]
    assert names(packs=[]) == []
    page = ask(BATCHES, {"first": 2}, by=owner)["serialBatches"]
    after = page["pageInfo"]["endCursor"]
    rest = ask(BATCHES, {"first": 2, "after": after}, by=owner)["serialBatches"]
    assert [node["name"] for node in nodes(rest)] == [made[2].name]
    opened = ask(
        "query ($id: ID!) { serialBatch(id: $id) { name serials(first: 1) { totalCount } } }",
        {"id": gid("SerialBatch", made[1].pk)},
        by=owner,
    )
    assert opened == {"serialBatch": {"name": "100% May", "serials": {"totalCount": 1}}}
    [message] = complaints(BATCHES, {"filter": {"packs": [gid("Order", 1)]}, "first": 1}, by=owner)
    assert message.endswith("is not the ID of a SerialPack.")


def test_packs_are_filtered_by_type_use_and_archive(owner: Any) -> None:
    making.make_pack(name="plain")
    making.make_link(making.make_pack(name="linked"))
    ended = making.make_link(making.make_pack(name="ended"))
    ended.until = timezone.now()
    ended.save()
    Pack.objects.filter(pk=making.make_pack(name="batches").pk).update(type="batch")
    old = making.make_pack(name="old")
    Pack.objects.filter(pk=old.pk).update(archived_at=timezone.now(), is_published=False)

    def names(**filter: Any) -> list[str]:
        found = ask(PACKS, {"filter": filter}, by=owner)["serialPacks"]
        assert found["totalCount"] == len(found["edges"])
        return [node["name"] for node in nodes(found)]

    assert names() == names(isArchived=False) == ["plain", "linked", "ended", "batches"]
    assert names(isArchived=True) == ["old"]
    assert names(isUsed=True) == ["linked"]
    assert names(isUsed=False) == ["plain", "ended", "batches"]
    assert names(type="BATCH") == ["batches"]
    assert names(type="CONTINUOUS", isUsed=False) == ["plain", "ended"]
    opened = ask(
        "query ($id: ID!) { serialPack(id: $id) { name } }",
        {"id": gid("SerialPack", old.pk)},
        by=owner,
    )
    assert opened == {"serialPack": {"name": "old"}}


SERIAL = """query ($id: ID!) { serial(id: $id) {
  data preview extra customer { userId email }
} }"""


def test_long_data_is_cut_in_previews(owner: Any) -> None:
    making.make_pack()
    add(making.make_pack(), "x" * 100, "y" * 101)

    told = [
        ask(SERIAL, {"id": gid("Serial", serial.pk)}, by=owner)["serial"]["preview"]
        for serial in Serial.objects.order_by("pk")
    ]

    assert told == ["x" * 100, "y" * 100 + "…"]


def test_staff_see_extra_fields_and_who_manages_orders_the_customer() -> None:
    pack = making.make_pack()
    add(pack, *"ABCD")
    link = making.make_link(pack)
    buyer = shop.make_user(email="buyer@example.com")
    order_id = making.paid_order(link, user=buyer)
    making.paid_order(link, email="guest@example.com")
    Serial.objects.filter(data="A").update(extra={"seat": 7})
    Serial.objects.filter(data="C").update(status="reserved", customer="user:1000000")
    ids = dict(Serial.objects.values_list("data", "pk"))

    def told(data: str, *, by: Any) -> Any:
        serial = ask(SERIAL, {"id": gid("Serial", ids[data])}, by=by)["serial"]
        return json.loads(serial["extra"]), serial["customer"]

    both = people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")
    assert told("A", by=both) == (
        {"seat": 7},
        {"userId": gid("User", buyer.pk), "email": "buyer@example.com"},
    )
    assert told("B", by=both) == ({}, {"userId": None, "email": "guest@example.com"})
    assert told("C", by=both) == ({}, {"userId": gid("User", 1_000_000), "email": None})
    assert told("D", by=both) == ({}, None)
    assert told("A", by=people.make_staff("MANAGE_PRODUCTS")) == ({"seat": 7}, None)
    [own] = nodes(
        ask(
            "{ me { serials(first: 5) { edges { node { data extra customer { email } } } } } }",
            by=buyer,
        )["me"]["serials"]
    )
    assert own == {"data": "A", "extra": None, "customer": None}
    assert making.held(order_id) == ["A"]
    assert Assignment.objects.count() == 2
