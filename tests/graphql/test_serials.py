"""Lists of serials, as staff read them: filters, pages, and what a serial tells of itself."""

from datetime import timedelta
from typing import Any

import pytest

from saleor_serials.models import Event, Serial, SerialStatus
from saleor_serials.serials.add import add_serials
from tests import making
from tests.graphql.api import ask, complaints, gid, is_denied, nodes, people
from tests.hosts import shop

LIST = """query (
  $filter: SerialFilterInput, $first: Int, $after: String, $last: Int, $before: String
) {
  serials(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    edges { node { data } cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")


def listed(by: Any, **filter: Any) -> list[str]:
    """The data of all serials that a filter lets through, read in pages of two."""
    found: list[str] = []
    after = None
    while True:
        variables = {"filter": filter or None, "first": 2, "after": after}
        page = ask(LIST, variables, by=by)["serials"]
        found += [node["data"] for node in nodes(page)]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found


def add(pack: Any, *data: str, batch: str | None = None) -> Any:
    return add_serials(pack, data, actor="user:1", batch_name=batch)


def test_serials_are_filtered_by_pack_batch_and_status(owner: Any) -> None:
    first, second, third = (making.make_pack() for _ in range(3))
    batches = [add(first, "A1", "A2"), add(second, "B1", "B2"), add(first, "A3")]
    add(third, "C1")
    Serial.objects.filter(data__in=["A1", "B1"]).update(status="reserved", customer="user:1")
    Serial.objects.filter(data="A2").update(status="deleted")
    pack_ids = [gid("SerialPack", pack.pk) for pack in (first, second)]
    batch_ids = [gid("SerialBatch", batch.pk) for batch in batches]

    assert listed(owner) == ["A1", "B1", "B2", "A3", "C1"]
    assert listed(owner, packs=pack_ids[:1]) == ["A1", "A3"]
    assert listed(owner, packs=pack_ids) == ["A1", "B1", "B2", "A3"]
    assert listed(owner, batches=batch_ids[:2]) == ["A1", "B1", "B2"]
    assert listed(owner, statuses=["RESERVED"]) == ["A1", "B1"]
    assert listed(owner, statuses=["DELETED"]) == ["A2"]
    assert listed(owner, statuses=["DELETED", "FREE"]) == ["A2", "B2", "A3", "C1"]
    assert listed(owner, packs=pack_ids[:1], statuses=["FREE", "DELETED"]) == ["A2", "A3"]
    assert listed(owner, batches=batch_ids[:1], statuses=["DELETED"]) == ["A2"]
    assert listed(owner, packs=pack_ids[1:], batches=batch_ids) == ["B1", "B2"]
    assert listed(owner, packs=[]) == listed(owner, batches=[]) == listed(owner, statuses=[]) == []
    assert listed(owner, packs=None, statuses=None) == listed(owner)


def test_serials_are_filtered_by_the_time_they_were_made(owner: Any) -> None:
    pack = making.make_pack()
    add(pack, "A", "B", "C")
    now = shop.now()
    for days, data in enumerate("CBA"):
        Serial.objects.filter(data=data).update(created_at=now - timedelta(days=days))
    pack_ids = [gid("SerialPack", pack.pk)]

    def between(gte: int | None, lte: int | None, **more: Any) -> list[str]:
        days = {"gte": gte, "lte": lte}
        period = {
            name: (now - timedelta(days=ago)).isoformat()
            for name, ago in days.items()
            if ago is not None
        }
        return listed(owner, createdAt=period, **more)

    assert between(2, 0) == ["A", "B", "C"]
    assert between(1, None) == ["B", "C"]
    assert between(None, 1, packs=pack_ids) == ["A", "B"]
    assert between(1, 1, packs=pack_ids, statuses=["FREE"]) == ["B"]
    assert between(None, None) == ["A", "B", "C"]


def test_serials_are_filtered_by_order_and_by_customer(owner: Any) -> None:
    buyer, other = shop.make_user(email="guest@example.com"), shop.make_user()
    pack = making.make_pack()
    add(pack, *"ABCDEFG")
    link = making.make_link(pack)
    first = making.paid_order(link, units=2, user=buyer)
    making.paid_order(link, user=other)
    guest = making.paid_order(link, units=2, email=buyer.email)
    shop.claim_guest_orders(buyer)
    Serial.objects.filter(data="G").update(status="reserved", customer=f"user:{buyer.pk}")
    user, order = gid("User", buyer.pk), gid("Order", first)

    assert listed(owner, order=order) == ["A", "B"]
    assert listed(owner, user=user) == ["A", "B", "D", "E", "G"]
    assert listed(owner, user=user, statuses=["RESERVED", "FREE"]) == ["G"]
    assert listed(owner, user=user, packs=[gid("SerialPack", 10**9)]) == []
    assert listed(owner, user=user, order=order) == ["A", "B"]
    assert listed(owner, user=user, order=gid("Order", guest)) == ["D", "E"]
    assert listed(owner, user=gid("User", other.pk), order=order) == []
    assert listed(owner, order=gid("Order", 10**9)) == listed(owner, user=gid("User", 10**9)) == []


@pytest.mark.parametrize("make", [people.make_staff, people.make_app])
def test_filtering_by_order_or_customer_takes_both_permissions(make: Any) -> None:
    order_id = making.paid_order(making.make_link(making.make_pack()))
    asker = make("MANAGE_PRODUCTS")

    assert is_denied(LIST, {"first": 1, "filter": {"order": gid("Order", order_id)}}, by=asker)
    assert is_denied(LIST, {"first": 1, "filter": {"order": gid("Order", 10**9)}}, by=asker)
    assert is_denied(LIST, {"first": 1, "filter": {"user": gid("User", 1)}}, by=asker)
    assert listed(asker) == []


def test_pages_of_serials_meet_without_gap_or_overlap(owner: Any) -> None:
    first, second = making.make_pack(), making.make_pack()
    for number in range(0, 12, 2):
        add(first, f"A{number:02}", f"A{number + 1:02}")
        add(second, f"B{number:02}")
    Serial.objects.filter(data__in=["A03", "A04", "A11"]).update(status="used", customer="user:1")
    filter = {"packs": [gid("SerialPack", first.pk)]}
    everything = [f"A{number:02}" for number in range(12)]

    def page(**arguments: Any) -> tuple[list[str], bool, bool, Any]:
        found = ask(LIST, {"filter": filter, **arguments}, by=owner)["serials"]
        info = found["pageInfo"]
        cursors = [edge["cursor"] for edge in found["edges"]]
        ends = (cursors[0], cursors[-1]) if cursors else (None, None)
        assert (info["startCursor"], info["endCursor"]) == ends
        return [n["data"] for n in nodes(found)], info["hasPreviousPage"], info["hasNextPage"], ends

    forward: list[str] = []
    after = None
    while True:
        data, has_previous, has_next, (_, after) = page(first=5, after=after)
        assert has_previous == bool(forward)
        forward += data
        if not has_next:
            break
    backward: list[str] = []
    before = None
    while True:
        data, has_previous, has_next, (before, _) = page(last=5, before=before)
        assert has_next == bool(backward)
        backward = data + backward
        if not has_previous:
            break

    assert forward == backward == everything
    assert page(first=12)[:3] == (everything, False, False)
    assert page(last=12)[:3] == (everything, False, False)
    assert page(first=1, after=after) == ([], True, False, (None, None))


def test_a_page_that_makes_no_sense_is_refused(owner: Any) -> None:
    add(making.make_pack(), "A")

    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "You must provide a `first` or `last` value to properly paginate the `serials` "),
        ({"first": 101}, "Requesting 101 records on the `serials` connection exceeds the `first` "),
        ({"last": 101}, "Requesting 101 records on the `serials` connection exceeds the `last` "),
        ({"first": 0}, "Argument `first` must be a positive integer."),
        ({"first": -1}, "Argument `first` must be a positive integer."),
        ({"last": -1}, "Argument `last` must be a positive integer."),
        ({"first": 1, "last": 1}, "Argument `first` cannot be combined with `last`."),
        ({"first": 1, "before": "MQ=="}, "Argument `first` cannot be combined with `before`."),
        ({"last": 1, "after": "MQ=="}, "Argument `last` cannot be combined with `after`."),
        *(
            ({"first": 1, "after": cursor}, "Argument `after` is not a cursor of this list.")
            for cursor in ("", "x", "ü", "MA==", "LTE=", "WyIxIl0=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk=")
        ),
        ({"last": 1, "before": "x"}, "Argument `before` is not a cursor of this list."),
    ]
    for arguments, message in cases:
        told = complaints(LIST, arguments, by=owner)
        assert told
        assert all(each.startswith(message) for each in told)


def test_a_filter_with_a_wrong_id_is_refused(owner: Any) -> None:
    wrong = gid("Product", 1)

    for filter, type_name in [
        ({"packs": [wrong]}, "SerialPack"),
        ({"batches": [wrong]}, "SerialBatch"),
        ({"order": wrong}, "Order"),
        ({"order": gid("Order", "x" * 37)}, "Order"),
        ({"order": gid("Order", "a\0")}, "Order"),
        ({"user": wrong}, "User"),
    ]:
        [message] = complaints(LIST, {"first": 1, "filter": filter}, by=owner)
        assert message.endswith(f"is not the ID of a {type_name}.")


SERIAL = """query ($id: ID!) { serial(id: $id) {
  data status pack { slug } batch { name quantity }
  events(first: 50) { edges { node {
    id type createdAt fromStatus toStatus actor orderNumber reason quantity
  } } }
} }"""


def test_a_serial_tells_its_whole_life(owner: Any) -> None:
    pack = making.make_pack()
    app = people.make_app(name="Importer")
    add_serials(pack, ["A", "B"], actor=f"app:{app.pk}", batch_name="May")
    order_id = making.paid_order(making.make_link(pack))
    number = shop.number(order_id)
    shop.refund(order_id)
    serial = Serial.objects.get(data="A")

    told = ask(SERIAL, {"id": gid("Serial", serial.pk)}, by=owner)["serial"]

    events = nodes(told.pop("events"))
    assert told == {
        "data": "A",
        "status": "UNASSIGNED",
        "pack": {"slug": pack.slug},
        "batch": {"name": "May", "quantity": 2},
    }
    stored = list(Event.objects.order_by("pk"))
    assert [event.pop("id") for event in events] == [gid("SerialEvent", e.pk) for e in stored]
    assert [event.pop("createdAt") for event in events] == [
        e.created_at.isoformat() for e in stored
    ]
    columns = ("type", "fromStatus", "toStatus", "actor", "orderNumber", "reason", "quantity")
    assert [tuple(event[column] for column in columns) for event in events] == [
        ("CREATED", None, "FREE", "Importer", None, None, 2),
        ("ASSIGNED", "FREE", "USED", "system", number, None, None),
        ("DELIVERED", "USED", "USED", "system", number, None, None),
        ("RELEASED", "USED", "UNASSIGNED", "system", number, "refunded", None),
    ]


def test_the_history_names_no_order_to_who_manages_only_products() -> None:
    pack = making.make_pack()
    maker = shop.make_user(email="maker@example.com")
    add_serials(pack, ["A"], actor=f"user:{maker.pk}")
    making.paid_order(making.make_link(pack))
    serial = gid("Serial", Serial.objects.get().pk)

    told = ask(SERIAL, {"id": serial}, by=people.make_staff("MANAGE_PRODUCTS"))["serial"]

    assert [(event["actor"], event["orderNumber"]) for event in nodes(told["events"])] == [
        ("maker@example.com", None),
        ("system", None),
        ("system", None),
    ]


def test_who_made_a_serial_is_still_told_after_they_were_deleted(owner: Any) -> None:
    maker = shop.make_user()
    add_serials(making.make_pack(), ["A"], actor=f"user:{maker.pk}")
    key = f"user:{maker.pk}"
    maker.delete()

    told = ask(SERIAL, {"id": gid("Serial", Serial.objects.get().pk)}, by=owner)["serial"]

    assert [event["actor"] for event in nodes(told["events"])] == [key]


def test_a_serial_without_a_batch_has_a_history_of_its_own(owner: Any) -> None:
    add(making.make_pack(), "A")
    Serial.objects.update(batch=None)

    told = ask(SERIAL, {"id": gid("Serial", Serial.objects.get().pk)}, by=owner)["serial"]

    assert (told["batch"], nodes(told["events"])) == (None, [])


def test_a_deleted_serial_is_found_by_its_id(owner: Any) -> None:
    add(making.make_pack(), "A")
    Serial.objects.update(status=SerialStatus.DELETED)

    found = ask(SERIAL, {"id": gid("Serial", Serial.objects.get().pk)}, by=owner)["serial"]

    assert (found["data"], found["status"]) == ("A", "DELETED")


def test_a_serial_that_is_not_there_is_null_and_a_wrong_id_an_error(owner: Any) -> None:
    assert ask(SERIAL, {"id": gid("Serial", 10**9)}, by=owner) == {"serial": None}
    assert complaints(SERIAL, {"id": gid("Order", 1)}, by=owner) == [
        "This is not the ID of a Serial."
    ]
