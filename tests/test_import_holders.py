"""Imported serials that somebody holds: order lines, and customers without an order."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_serials.maintenance.audit import audit
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Assignment, Delivery, Event, OrderRecord, Serial, SweepState
from saleor_serials.orders.reconcile import reconcile
from tests import import_files, making
from tests.hosts import shop
from tests.import_files import complaints, imported
from tests.making import check_books, held, shortfall, statuses


def state() -> list[Any]:
    """All that a reconcile could change."""
    return [
        list(Serial.objects.order_by("pk").values_list("data", "status", "assignment", "customer")),
        list(Assignment.objects.order_by("pk").values_list("entitled", "held", "granted")),
        list(Delivery.objects.values_list("serial_ids")),
    ]


def order_of(*, units: int = 1, **values: Any) -> str:
    """An order of something that is linked to nothing."""
    return shop.place_order([(shop.make_variant(), units)], **values)


def assert_settled(order_id: str) -> None:
    """Assert that a reconcile finds nothing to do."""
    check_books()
    before = state()
    reconcile(order_id)
    assert state() == before
    assert [finding for result in audit() for finding in result.found] == []


def test_an_order_line_holds_what_a_row_says() -> None:
    user = shop.make_user()
    order_id = order_of(user=user)
    [line_id] = shop.line_ids(order_id)
    pack = making.make_pack(is_consumable=True)

    imported(
        "data,status,order,order line,assigned at,delivered at,consumed at\n"
        f"A,assigned,{shop.number(order_id)},{line_id},2020-01-02T03:04:05Z,2020-01-03,\n"
        f"B,used,{order_id},,,,2021-01-01\n"
        f"C,used,,{line_id},,,\n"
        "D,,,,,,\n",
        pack,
    )

    assert held(order_id) == ["A", "B", "C"]
    assert statuses(pack) == {"assigned": 1, "used": 2, "free": 1}
    [assignment] = Assignment.objects.all()
    assert (assignment.line_id, assignment.granted, assignment.entitled, assignment.held) == (
        *(line_id, 3, 3, 3),
    )
    serial = Serial.objects.get(data="A")
    assert serial.customer == f"user:{user.pk}"
    assert serial.assigned_at.isoformat() == "2020-01-02T03:04:05+00:00"
    assert serial.delivered_at.year == 2020
    assert Serial.objects.get(data="B").consumed_at.year in (2020, 2021)
    assert Serial.objects.get(data="C").assigned_at.year == shop.now().year
    assert_settled(order_id)
    assert not Delivery.objects.exists()


def test_the_history_tells_of_the_batch_once_and_of_each_holder() -> None:
    order_id = order_of()
    pack = making.make_pack()

    imported(
        f"data,status,order,customer,assigned at\nA,used,{order_id},,2020-01-02\nB,,,,\n"
        "C,used,,ada@example.com,\nD,reserved,,ada@example.com,\n",
        pack,
    )

    created, *assigned = Event.objects.order_by("pk")
    assert (created.type, created.quantity, created.serial) == ("created", 4, None)
    [line_id] = shop.line_ids(order_id)
    assert [
        (each.type, each.serial.data, each.to_status, each.line_id, each.actor, each.reason)
        for each in assigned
    ] == [
        ("assigned", "A", "used", line_id, "user:1", "imported"),
        ("assigned", "C", "used", "", "user:1", "imported"),
    ]
    assert assigned[0].order.order_id == order_id
    assert assigned[0].happened_at == Serial.objects.get(data="A").assigned_at
    assert assigned[1].order is None


def test_what_a_line_is_short_of_is_filled_first_and_the_rest_is_on_top() -> None:
    link = making.make_link(making.make_pack())
    order_id = making.paid_order(link, units=2)
    assert shortfall(order_id) == 2

    imported(f"data,status,order\nA,used,{order_id}\n", link.pack)
    assert (held(order_id), shortfall(order_id)) == (["A"], 1)
    assert_settled(order_id)

    imported(f"data,status,order\nB,used,{order_id}\nC,used,{order_id}\n", link.pack)

    assert (held(order_id), shortfall(order_id)) == (["A", "B", "C"], 0)
    [assignment] = Assignment.objects.all()
    assert (assignment.granted, assignment.entitled) == (1, 3)
    assert_settled(order_id)


def test_an_order_that_nobody_told_us_of_keeps_the_terms_it_was_bought_under() -> None:
    link = making.make_link(making.make_pack())
    with shop.nothing_heard():
        order_id = making.paid_order(link, units=2)
    assert not OrderRecord.objects.exists()

    imported(f"data,status,order\nA,used,{order_id}\n", link.pack)
    imported("data\nB\nC\nD\n", link.pack)
    reconcile(order_id)

    # One was given on top of the two that it is owed.
    assert sorted(held(order_id)) == ["A", "B", "C"]
    assert_settled(order_id)


def test_an_order_from_before_the_plugin_gets_nothing_but_what_is_imported() -> None:
    link = making.make_link(making.make_pack())
    with shop.nothing_heard():
        order_id = making.paid_order(link, units=2)
    SweepState.objects.update_or_create(pk=1, defaults={"active_since": shop.now()})

    imported(f"data,status,order\nA,used,{order_id}\nB,,\n", link.pack)
    reconcile(order_id)

    assert held(order_id) == ["A"]
    assert statuses(link.pack) == {"used": 1, "free": 1}
    assert_settled(order_id)


def test_a_customer_without_an_order_is_given_it() -> None:
    user = shop.make_user(email="Ada@Example.com")
    pack = making.make_pack(is_consumable=True)

    imported(
        "data,status,customer\nA,assigned,ada@example.COM\n"
        f"B,used,{user.pk}\nC,used,guest@Example.com\nD,assigned,ada@example.com\n",
        pack,
    )

    gifts = Assignment.objects.order_by("customer")
    assert [(gift.customer, gift.order, gift.line_id) for gift in gifts] == [
        ("email:guest@example.com", None, ""),
        (f"user:{user.pk}", None, ""),
    ]
    assert [(gift.per_unit, gift.granted, gift.entitled, gift.held) for gift in gifts] == [
        (0, 1, 1, 1),
        (0, 3, 3, 3),
    ]
    assert set(Serial.objects.values_list("customer", flat=True)) == {
        *("email:guest@example.com", f"user:{user.pk}"),
    }
    check_books()


def test_reserved_and_given_back_serials_wait_for_their_customer() -> None:
    user = shop.make_user()
    link = making.make_link(making.make_pack())

    imported(
        f"data,status,customer\nA,free,\nB,reserved,{user.email}\nC,unassigned,{user.email}\n"
        f"D,deleted,{user.email}\nE,deleted,\n",
        link.pack,
    )
    order_id = making.paid_order(link, units=3, user=user)

    assert sorted(held(order_id)) == ["A", "B", "C"]
    assert Serial.objects.get(data="D").customer == f"user:{user.pk}"
    assert statuses(link.pack) == {"used": 3, "deleted": 2}


def test_in_a_pack_that_assigns_no_user_the_serial_is_its_order_s_alone() -> None:
    order_id = order_of()
    pack = making.make_pack(assigns_user=False)

    imported(f"data,status,order\nA,used,{order_id}\n", pack)

    assert Serial.objects.get().customer == ""
    assert_settled(order_id)


def test_a_bearer_may_have_consumed_what_nobody_holds() -> None:
    pack = making.make_pack(is_consumable=True)

    imported("data,status,consumed at\nA,used,2020-01-01\n", pack)

    [serial] = pack.serials.all()
    assert (serial.status, serial.customer, serial.assignment) == ("used", "", None)


def test_another_customer_may_have_consumed_what_an_order_holds() -> None:
    bearer, order_id = shop.make_user(), order_of(user=shop.make_user())
    pack = making.make_pack(is_consumable=True, assigns_user=False)

    imported(
        "data,status,order,customer,consumed at\n"
        f"A,used,{order_id},{bearer.email},2020-01-01\nB,assigned,{order_id},,\n",
        pack,
    )

    assert held(order_id) == ["A", "B"]
    assert Serial.objects.get(data="A").customer == f"user:{bearer.pk}"
    assert Serial.objects.get(data="B").customer == ""
    assert_settled(order_id)


def test_customer_and_order_must_agree() -> None:
    ada, bob = shop.make_user(), shop.make_user()
    of_ada = order_of(user=ada)
    of_guest = order_of(email="guest@example.com")
    shop.make_user(email="guest@example.com")
    pack = making.make_pack()
    rows = [
        f"A,used,{of_ada},{bob.email}",
        f"B,used,{of_ada},nobody@example.com",
        f"C,used,{of_guest},{ada.pk}",
        f"D,used,{of_ada},{ada.email}",
        f"E,used,{of_guest},Guest@example.com",
    ]

    assert complaints("\n".join(["data,status,order,customer", *rows]), pack) == [
        (2, "INVALID"),
        (3, "INVALID"),
        (4, "INVALID"),
    ]
    imported("\n".join(["data,status,order,customer", *rows[3:]]), pack)

    assert (held(of_ada), held(of_guest)) == (["D"], ["E"])


def test_of_several_lines_one_must_be_named() -> None:
    order_id = shop.place_order([(shop.make_variant(), 1), (shop.make_variant(), 1)])
    other = order_of()
    one, two = shop.line_ids(order_id)
    pack = making.make_pack()

    assert complaints(f"data,status,order\nA,used,{order_id}\n", pack) == [(2, "INVALID")]
    assert complaints(f"data,status,order,order line\nA,used,{other},{one}\n", pack) == [
        (2, "NOT_FOUND")
    ]
    imported(f"data,status,order,order line\nA,used,{order_id},{two}\nB,used,,{one}\n", pack)

    assert sorted(Assignment.objects.values_list("line_id", "held")) == sorted([(one, 1), (two, 1)])


def test_a_draft_holds_nothing() -> None:
    order_id = shop.draft_order([(shop.make_variant(), 1)], email="a@example.com")

    assert complaints(f"data,status,order\nA,used,{order_id}\n", making.make_pack()) == [
        (2, "NOT_FOUND")
    ]
    assert not OrderRecord.objects.exists()


def test_an_order_whose_serials_stand_in_metadata_is_due_again() -> None:
    shop.set_plugin(expose_in_metadata="true")
    order_id = order_of()

    imported(f"data,status,order\nA,used,{order_id}\n", making.make_pack())

    assert OrderRecord.objects.get().metadata_copy == "due"


def test_the_statements_of_an_import_do_not_depend_on_its_rows() -> None:
    def statements(number: int, pack: Any) -> int:
        orders = [order_of() for _ in range(number)]
        rows = [f"A{order},used,{order}," for order in orders]
        rows += [f"B{order},used,,b{order}@example.com" for order in orders]
        content = "\n".join(["data,status,order,customer", *rows])
        job = import_files.start(content, pack)
        with CaptureQueriesContext(connection) as captured:
            list(run_job(job.pk))
        job.refresh_from_db()
        assert (job.status, job.done) == ("done", 2 * number)
        return len(captured)

    few = statements(2, making.make_pack())
    many = statements(40, making.make_pack())

    assert many == few


@pytest.mark.parametrize("when", ["first", "second"])
def test_a_line_holds_more_by_every_import(when: str) -> None:
    order_id = order_of()
    pack = making.make_pack()

    imported(f"data,status,order\nA,used,{order_id}\n", pack)
    if when == "second":
        reconcile(order_id)
    imported(f"data,status,order\nB,used,{order_id}\n", pack)

    [assignment] = Assignment.objects.all()
    assert (assignment.granted, assignment.entitled, assignment.held) == (2, 2, 2)
    assert isinstance(assignment.entitled_since, datetime)
    assert_settled(order_id)
