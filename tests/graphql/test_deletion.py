"""Deleting serials: one, many, all that match, a batch; and what is never deleted."""

from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_serials.errors import CountChanged
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Event, Pack, Serial, VendorGroup
from saleor_serials.serials import deletion as serials_deletion
from saleor_serials.serials.add import add_serials
from saleor_serials.serials.search import Filter
from tests import making
from tests.graphql.api import ask, do, gid, is_denied, people, refused
from tests.hosts import shop

DELETE = """mutation (
  $ids: [ID!], $filter: SerialFilterInput, $expectedCount: Int, $reason: String
) {
  serialsDelete(
    input: {ids: $ids, filter: $filter, expectedCount: $expectedCount, reason: $reason}
  ) {
    deleted skipped
    errors { field message code index }
  }
}"""
DELETE_BATCH = """mutation ($id: ID!, $reason: String) {
  serialBatchDelete(id: $id, reason: $reason) {
    serialBatch { name } deleted skipped
    errors { field message code index }
  }
}"""


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS", email="owner@example.com")


def add(pack: Pack, *data: str) -> list[str]:
    """Put serials into a pack; return their ids."""
    add_serials(pack, data, actor="user:1")
    return ids(*data)


def ids(*data: str) -> list[str]:
    found = dict(Serial.objects.values_list("data", "pk"))
    return [gid("Serial", found[each]) for each in data]


def statuses() -> dict[str, str]:
    return dict(Serial.objects.values_list("data", "status"))


def books() -> Any:
    return [list(model.objects.order_by("pk").values()) for model in (Serial, Event)]


def mixed() -> tuple[Pack, str]:
    """A pack with a serial in each status; an order holds U."""
    pack = making.make_pack()
    add(pack, "U", "F", "R", "A", "N", "D")
    order_id = making.paid_order(making.make_link(pack))
    for data, status in (("R", "reserved"), ("A", "assigned")):
        Serial.objects.filter(data=data).update(status=status, customer="user:1")
    Serial.objects.filter(data="N").update(status="assigned", customer="user:2")
    Serial.objects.filter(data="N").update(status="unassigned")
    Serial.objects.filter(data="D").update(status="deleted")
    assert making.held(order_id) == ["U"]
    return pack, order_id


KEPT = {"U": "used", "A": "assigned", "D": "deleted"}
GONE = dict.fromkeys("FRN", "deleted")


def test_chosen_serials_are_deleted_and_what_somebody_holds_is_skipped(owner: Any) -> None:
    _, order_id = mixed()
    events = Event.objects.count()

    done = do(DELETE, {"ids": ids(*"UFRAND"), "reason": " leaked "}, by=owner)

    assert done == {"deleted": 3, "skipped": 3}
    assert statuses() == KEPT | GONE
    assert making.held(order_id) == ["U"]
    recorded = Event.objects.order_by("pk")[events:]
    assert {
        (e.serial.data, e.type, e.from_status, e.to_status, e.actor, e.reason, e.order)
        for e in recorded
    } == {
        (data, "deleted", was, "deleted", f"user:{owner.pk}", "leaked", None)
        for data, was in (("F", "free"), ("R", "reserved"), ("N", "unassigned"))
    }
    making.check_books()


def test_one_serial_is_deleted_and_its_data_never_comes_back(owner: Any) -> None:
    pack = making.make_pack()
    [one, _] = add(pack, "A", "B")

    assert do(DELETE, {"ids": [one]}, by=owner) == {"deleted": 1, "skipped": 0}
    assert do(DELETE, {"ids": [one, one]}, by=owner) == {"deleted": 0, "skipped": 1}

    added = """mutation ($pack: ID!) {
      serialsCreate(input: {pack: $pack, data: ["A"]}) { errors { field message code index } }
    }"""
    assert refused(added, {"pack": gid("SerialPack", pack.pk)}, by=owner) == [
        ("data", "DUPLICATE", 0)
    ]
    assert making.held(making.paid_order(making.make_link(pack))) == ["B"]


def test_all_that_match_a_filter_are_deleted_if_they_are_as_many_as_was_said(owner: Any) -> None:
    pack, _ = mixed()
    add(making.make_pack(), "elsewhere")
    variables = {"filter": {"packs": [gid("SerialPack", pack.pk)]}}

    done = do(DELETE, {**variables, "expectedCount": 5}, by=owner)

    assert done == {"deleted": 3, "skipped": 2}
    assert statuses() == KEPT | GONE | {"elsewhere": "free"}


@pytest.mark.parametrize("expected", [0, 4, 6, 10_000, 10_001, 10**6, -1])
def test_another_number_than_was_said_deletes_nothing(owner: Any, expected: int) -> None:
    pack, _ = mixed()
    variables = {"filter": {"packs": [gid("SerialPack", pack.pk)]}, "expectedCount": expected}
    before = books()

    [made] = ask(DELETE, variables, by=owner).values()

    [error] = made["errors"]
    assert (error["field"], error["code"]) == ("expectedCount", "COUNT_CHANGED")
    assert error["message"].startswith("5 serials match now, not ")
    assert (made["deleted"], made["skipped"]) == (None, None)
    assert books() == before


def test_what_comes_while_it_is_counted_is_noticed() -> None:
    pack = making.make_pack()
    add(pack, "A", "B")
    before = books()

    with (
        mock.patch("saleor_serials.serials.search.count", return_value=3),
        pytest.raises(CountChanged, match="2 serials match now, not 3"),
    ):
        serials_deletion.delete_matching(Filter(pack_ids=(pack.pk,)), expected=3, actor="user:1")

    assert books() == before


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        ({}, ("ids", "REQUIRED", None)),
        ({"ids": ["x"], "filter": {}}, ("filter", "INVALID", None)),
        ({"ids": ["x"], "expectedCount": 1}, ("expectedCount", "INVALID", None)),
        ({"ids": []}, ("ids", "REQUIRED", None)),
        ({"ids": ["x"]}, ("ids", "NOT_FOUND", 0)),
        ({"ids": [gid("Serial", 10**9)]}, ("ids", "NOT_FOUND", 0)),
        ({"ids": [gid("SerialPack", 1)]}, ("ids", "NOT_FOUND", 0)),
        ({"ids": [gid("Serial", 1)] * 10_001}, ("ids", "TOO_MANY", None)),
        ({"filter": {}}, ("expectedCount", "REQUIRED", None)),
        ({"filter": {"search": "ab"}, "expectedCount": 1}, ("search", "TOO_SHORT", None)),
        ({"filter": {"packs": ["x"]}, "expectedCount": 1}, ("packs", "NOT_FOUND", None)),
        ({"filter": {}, "expectedCount": 2, "reason": "x" * 251}, ("reason", "TOO_LONG", None)),
        ({"filter": {}, "expectedCount": 2, "reason": "x\0"}, ("reason", "INVALID", None)),
    ],
)
def test_a_call_that_makes_no_sense_deletes_nothing(
    owner: Any, variables: dict[str, Any], error: Any
) -> None:
    add(making.make_pack(), "A", "B")
    before = books()

    assert refused(DELETE, variables, by=owner) == [error]
    assert books() == before


def test_one_serial_that_is_not_there_keeps_the_others(owner: Any) -> None:
    made = add(making.make_pack(), "A", "B")
    before = books()

    assert refused(DELETE, {"ids": [*made, gid("Serial", 10**9)]}, by=owner) == [
        ("ids", "NOT_FOUND", 2)
    ]
    assert books() == before


def test_a_batch_is_deleted_but_for_what_somebody_holds(owner: Any) -> None:
    pack, _ = mixed()
    add(pack, "other batch")
    batch = Serial.objects.get(data="F").batch

    done = do(DELETE_BATCH, {"id": gid("SerialBatch", batch.pk), "reason": "recalled"}, by=owner)

    assert done == {"serialBatch": {"name": batch.name}, "deleted": 3, "skipped": 2}
    assert statuses() == KEPT | GONE | {"other batch": "free"}
    assert set(Event.objects.filter(type="deleted").values_list("reason", flat=True)) == {
        "recalled"
    }
    before = books()
    for wrong in (gid("SerialBatch", 10**9), gid("SerialPack", pack.pk)):
        assert refused(DELETE_BATCH, {"id": wrong}, by=owner) == [("id", "NOT_FOUND", None)]
    assert books() == before


@pytest.mark.parametrize("how", ["filter", "batch"])
def test_many_are_deleted_by_a_job_in_chunks(owner: Any, how: str) -> None:
    pack, _ = mixed()
    [batch] = pack.batches.all()
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        "filter": (
            DELETE,
            {"filter": {"packs": [gid("SerialPack", pack.pk)]}, "expectedCount": 5},
        ),
        "batch": (DELETE_BATCH, {"id": gid("SerialBatch", batch.pk)}),
    }
    deletion, variables = cases[how]

    with mock.patch.object(serials_deletion, "CHUNK", 2):
        made = do(
            deletion.replace("skipped", "skipped serialJob { kind status total done skipped }"),
            {**variables, "reason": "Recalled"},
            by=owner,
        )

    assert (made["deleted"], made["skipped"]) == (None, None)
    assert made["serialJob"] == {
        "kind": "DELETE",
        "status": "DONE",
        "total": 5,
        "done": 5,
        "skipped": 2,
    }
    assert statuses() == KEPT | GONE
    told = Event.objects.filter(type="deleted").values_list("actor", "reason").distinct()
    assert list(told) == [(f"user:{owner.pk}", "Recalled")]
    making.check_books()


def test_by_a_job_too_another_number_deletes_nothing(owner: Any) -> None:
    pack, _ = mixed()
    before = books()

    with mock.patch.object(serials_deletion, "CHUNK", 2):
        errors = refused(
            DELETE,
            {"filter": {"packs": [gid("SerialPack", pack.pk)]}, "expectedCount": 6},
            by=owner,
        )

    assert errors == [("expectedCount", "COUNT_CHANGED", None)]
    assert books() == before


def test_what_comes_under_the_filter_while_a_job_deletes_stays_and_a_killed_one_goes_on() -> None:
    pack = making.make_pack()
    add(pack, *"ABC")
    job = serials_deletion.start(Filter(pack_ids=(pack.pk,)), expected=3, actor="user:1")

    with mock.patch.object(serials_deletion, "CHUNK", 2):
        for step in run_job(job.pk):
            assert step.job.done == 2
            break  # as if it were killed
        add(pack, "new")
        for _ in run_job(job.pk, at_once=True):
            pass

    assert statuses() == dict.fromkeys("ABC", "deleted") | {"new": "free"}
    assert Event.objects.filter(type="deleted").count() == 3


def test_deleting_costs_the_same_number_of_statements_however_many() -> None:
    pack = making.make_pack()

    def cost(quantity: int) -> int:
        made = [serial.pk for serial in making.make_serials(pack, quantity)]
        with CaptureQueriesContext(connection) as captured:
            assert serials_deletion.delete(made, actor="user:1").deleted == quantity
        return len(captured)

    assert cost(1) == cost(500)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: None, id="nobody"),
        pytest.param(lambda: shop.make_user(), id="customer"),
        pytest.param(lambda: people.make_staff("MANAGE_ORDERS"), id="staff of orders"),
        pytest.param(lambda: people.make_app("MANAGE_ORDERS"), id="app of orders"),
    ],
)
def test_only_who_manages_products_deletes(make: Any) -> None:
    made = add(making.make_pack(), "A")
    before = books()
    by = make()

    assert is_denied(DELETE, {"ids": made}, by=by)
    assert is_denied(DELETE_BATCH, {"id": gid("SerialBatch", 1)}, by=by)
    assert books() == before


def test_deleting_by_customer_takes_both_permissions(owner: Any) -> None:
    _, order_id = mixed()
    before = books()

    for filter in (
        {"order": gid("Order", order_id)},
        {"user": gid("User", 1)},
        {"customerEmail": "guest@example.com"},
    ):
        assert is_denied(DELETE, {"filter": filter, "expectedCount": 1}, by=owner)
    assert books() == before
    people.permit(owner, "MANAGE_ORDERS")
    reserved = {"user": gid("User", 1), "statuses": ["RESERVED"]}
    assert do(DELETE, {"filter": reserved, "expectedCount": 1}, by=owner)["deleted"] == 1


def test_vendors_and_apps_delete_only_what_they_may() -> None:
    may, sees = people.make_group(), people.make_group()
    VendorGroup.objects.create(group_id=may.pk, rights=["delete"])
    VendorGroup.objects.create(group_id=sees.pk, rights=["see", "edit", "import"])
    made = {name: making.make_pack(name=name) for name in ("may", "sees", "shop", "open")}
    Pack.objects.filter(pk=made["may"].pk).update(vendor_group_id=may.pk)
    Pack.objects.filter(pk=made["sees"].pk).update(vendor_group_id=sees.pk)
    Pack.objects.filter(pk=made["open"].pk).update(webservice_access=True)
    for name, pack in made.items():
        add(pack, f"{name} 1", f"{name} 2", f"{name} 3")
    vendor = people.make_vendor("MANAGE_PRODUCTS", groups=[may, sees])
    app = people.make_app("MANAGE_PRODUCTS")
    before = books()

    def batch(name: str) -> dict[str, str]:
        return {"id": gid("SerialBatch", made[name].batches.get().pk)}

    def all_of(*names: str, expected: int) -> dict[str, Any]:
        pack_ids = [gid("SerialPack", made[name].pk) for name in names]
        return {"filter": {"packs": pack_ids}, "expectedCount": expected}

    not_there, not_allowed = [("ids", "NOT_FOUND", 0)], [("ids", "NOT_ALLOWED", None)]
    assert refused(DELETE, {"ids": ids("shop 1")}, by=vendor) == not_there
    assert refused(DELETE, {"ids": ids("sees 1")}, by=vendor) == not_allowed
    assert refused(DELETE, {"ids": ids("may 1", "sees 1")}, by=vendor) == not_allowed
    assert refused(DELETE, {"ids": ids("may 1")}, by=app) == not_there
    everything: dict[str, Any] = {"filter": {}, "expectedCount": 6}
    for variables in (everything, all_of("may", "sees", expected=6)):
        assert refused(DELETE, variables, by=vendor) == [("filter", "NOT_ALLOWED", None)]
    assert refused(DELETE, all_of("may", "shop", expected=6), by=vendor) == [
        ("expectedCount", "COUNT_CHANGED", None)
    ]
    assert refused(DELETE_BATCH, batch("shop"), by=vendor) == [("id", "NOT_FOUND", None)]
    assert refused(DELETE_BATCH, batch("sees"), by=vendor) == [("id", "NOT_ALLOWED", None)]
    assert refused(DELETE_BATCH, batch("may"), by=app) == [("id", "NOT_FOUND", None)]
    assert books() == before

    assert do(DELETE, {"ids": ids("may 1")}, by=vendor)["deleted"] == 1
    assert do(DELETE, all_of("may", "shop", expected=2), by=vendor)["deleted"] == 2
    assert do(DELETE, {"filter": {}, "expectedCount": 3}, by=app)["deleted"] == 3
    assert {name for name, status in statuses().items() if status == "deleted"} == {
        f"{name} {number}" for name in ("may", "open") for number in (1, 2, 3)
    }


@pytest.mark.parametrize("how", ["ids", "filter", "batch"])
def test_staff_are_told_at_once_when_deleting_leaves_a_pack_low(owner: Any, how: str) -> None:
    pack = making.make_pack(notice_below=2)
    chosen = add(pack, "A", "B")
    [batch] = pack.batches.all()
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        "ids": (DELETE, {"ids": chosen[:1]}),
        "filter": (
            DELETE,
            {"filter": {"packs": [gid("SerialPack", pack.pk)]}, "expectedCount": 2},
        ),
        "batch": (DELETE_BATCH, {"id": gid("SerialBatch", batch.pk)}),
    }
    mutation, variables = cases[how]

    do(mutation, variables, by=owner)

    assert len(mail.outbox) == 1
