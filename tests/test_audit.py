"""The auditor: what is broken by hand is found, said exactly, and repaired or left."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F, Model
from django.test.utils import CaptureQueriesContext

from saleor_serials.maintenance.audit import CHECKS, audit
from saleor_serials.models import (
    Assignment,
    Batch,
    CountChange,
    Delivery,
    Event,
    EventType,
    MetadataCopy,
    OrderRecord,
    Pack,
    PackLink,
    Serial,
    SweepState,
)
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.serials.text import digest_of
from tests import making
from tests.database import empty_tables
from tests.hosts import shop
from tests.making import exit_status, held


@pytest.fixture
def link() -> PackLink:
    """A pack of five serials."""
    pack = making.make_pack()
    making.make_serials(pack, 5)
    return making.make_link(pack)


@pytest.fixture
def order_id(link: PackLink) -> str:
    """An order that holds two of them."""
    return making.paid_order(link, units=2)


@pytest.fixture
def place(order_id: str) -> str:
    """How findings name the order's line."""
    return f"order {shop.number(order_id)}, line {shop.line_ids(order_id)[0]}"


@contextmanager
def unguarded() -> Iterator[None]:
    """Write with no trigger and no foreign key in the way."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield


@contextmanager
def dropped(model: type[Model], name: str) -> Iterator[None]:
    """Do without a constraint, which comes back over empty tables."""
    [constraint] = [each for each in model._meta.constraints if each.name == name]
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        empty_tables()
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)


def run(*options: str) -> tuple[str, str]:
    """Run the command; return what it says, and why it failed, empty if it did not."""
    out = StringIO()
    try:
        call_command("audit_serials", *options, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def wrong(*options: str) -> dict[str, list[str]]:
    """What the command finds wrong and left, check by check."""
    said, failure = run(*options)
    found: dict[str, list[str]] = {}
    for name, block in re.findall(r"^(\w[\w ]*): \d+ WRONG.*\n((?:  .*\n)+)", said, re.MULTILINE):
        *texts, advice = [line.strip() for line in block.splitlines()]
        [check] = [check for check in CHECKS if check.name == name]
        assert advice == f"What to do: {check.advice}."
        found[name] = texts
    left = sum(map(len, found.values()))
    assert failure == (f"{left} left to be put right." if left else "")
    return found


def is_repaired(name: str, number: int = 1) -> bool:
    """Repair, and tell whether that check repaired so many, and nothing at all is left."""
    said, failure = run("--repair")
    return f"{name}: ok ({number} repaired): " in said and failure == ""


def test_a_clean_database_says_what_was_checked_and_that_nothing_is_left(order_id: str) -> None:
    said, failure = run()

    assert failure == ""
    assert said == (
        "".join(f"{check.name}: ok: {check.rule}\n" for check in CHECKS)
        + "Nothing is left to be put right.\n"
    )
    assert len({check.name for check in CHECKS}) == len(CHECKS) == 22


def test_a_database_in_which_much_happened_is_clean(link: PackLink) -> None:
    shop.set_plugin(expose_in_metadata="true")
    kept = making.make_pack(status_on_refund="assigned", is_consumable=True)
    making.make_serials(kept, 3)
    other = making.make_link(kept)
    orders = [making.paid_order(each, units=2) for each in (link, other, link, other)]
    shop.refund(orders[1])
    shop.cancel(orders[0])
    making.make_serials(link.pack, 2)
    making.settle(link.pack)
    shop.remove_line(*shop.line_ids(orders[2]))

    assert wrong() == {}


def test_the_number_of_statements_does_not_depend_on_how_much_there_is(link: PackLink) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            list(audit())
        return len(queries)

    making.paid_order(link)
    few = count()
    for _ in range(3):
        making.paid_order(making.make_link(link.pack))

    assert count() == few


def test_the_command_ends_with_1_where_something_is_left(
    order_id: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assignment = Assignment.objects.get()
    Assignment.objects.update(held=1)

    status = exit_status("audit_serials")
    found = capsys.readouterr()
    status_of_repair = exit_status("audit_serials", "--repair")
    repaired = capsys.readouterr()

    assert status == 1
    assert found.out.startswith(
        "held: 1 WRONG: each assignment holds as many serials as it says\n"
        f"  assignment {assignment.pk} ({place}) says 1, and holds 2\n"
        "  What to do: --repair counts them again, and reconciles the order.\n"
        "surplus: ok: nobody holds more than they are owed\n"
    )
    assert "2 left to be put right." in found.err  # the line was short, too
    assert status_of_repair == 0
    assert repaired.out.startswith("held: ok (1 repaired): ")
    assert repaired.out.endswith("Nothing is left to be put right.\n")
    assert Assignment.objects.get().held == 2


# Assignments, serials and counts.


def test_an_assignment_that_miscounts_what_it_holds(order_id: str, place: str) -> None:
    assignment = Assignment.objects.get()
    Assignment.objects.update(held=5)

    assert wrong() == {
        "held": [f"assignment {assignment.pk} ({place}) says 5, and holds 2"],
        "surplus": [f"assignment {assignment.pk} ({place}) holds 5, and is owed 2"],
    }
    assert is_repaired("held")
    assert (Assignment.objects.get().held, len(held(order_id))) == (2, 2)


def test_an_assignment_that_counts_too_few_gets_no_more(order_id: str, link: PackLink) -> None:
    Assignment.objects.update(held=0)

    assert [*wrong()] == ["held", "short"]
    assert is_repaired("held")
    assert len(held(order_id)) == 2
    assert making.statuses(link.pack) == {"used": 2, "free": 3}


def test_a_line_that_holds_more_than_it_is_owed(order_id: str, place: str, link: PackLink) -> None:
    assignment = Assignment.objects.get()
    with shop.nothing_heard():
        shop.refund(order_id)
    Assignment.objects.update(entitled=0)

    assert wrong() == {"surplus": [f"assignment {assignment.pk} ({place}) holds 2, and is owed 0"]}
    assert is_repaired("surplus")
    assert held(order_id) == []
    assert making.statuses(link.pack) == {"unassigned": 2, "free": 3}


def test_a_consumed_serial_and_an_order_with_a_payment_issue_are_no_surplus(order_id: str) -> None:
    Assignment.objects.update(entitled=0)
    OrderRecord.objects.update(payment_issue="payment_reversed")
    with_issue = wrong()
    OrderRecord.objects.update(payment_issue="")
    Serial.objects.exclude(assignment=None).update(consumed_at=shop.now())

    assert (with_issue, wrong()) == ({}, {})


def test_a_gift_that_holds_more_than_was_given_is_left(order_id: str) -> None:
    shop.delete_order(order_id)
    with unguarded():
        Assignment.objects.update(order=None, line_id="", entitled=0)
    assignment = Assignment.objects.get()

    finding = [f"assignment {assignment.pk} (a gift) holds 2, and is owed 0"]
    assert wrong() == {"surplus": finding}
    assert wrong("--repair") == {"surplus": finding}


def test_a_line_that_is_short_of_what_its_pack_has(link: PackLink) -> None:
    order_id = making.paid_order(link, units=7)
    making.make_serials(link.pack, 3)
    assignment = Assignment.objects.get()
    place = f"order {shop.number(order_id)}, line {assignment.line_id}"

    assert wrong() == {
        "short": [
            f"assignment {assignment.pk} ({place}) is short of 2, and pack {link.pack_id} has "
            "free ones"
        ]
    }
    assert is_repaired("short")
    assert len(held(order_id)) == 7


def test_a_line_that_waits_for_an_unpublished_pack_is_not_wrong(link: PackLink) -> None:
    Pack.objects.update(is_published=False)
    making.paid_order(link)

    assert wrong() == {}


def test_a_serial_whose_status_does_not_fit_who_holds_it(link: PackLink, order_id: str) -> None:
    with dropped(Serial, "serials_serial_status"):
        first, second = Serial.objects.filter(assignment=None).order_by("pk")[:2]
        theirs = Serial.objects.exclude(assignment=None).order_by("pk")[0]
        Serial.objects.filter(pk=first.pk).update(status="used")
        Serial.objects.filter(pk=second.pk).update(customer="email:ann@example.com")
        Serial.objects.filter(pk=theirs.pk).update(status="free", customer="")

        finding = {
            "holder": [
                f"serial {theirs.pk} (pack {link.pack_id}) is free on assignment "
                f"{theirs.assignment_id}, without a customer",
                f"serial {first.pk} (pack {link.pack_id}) is used on no line, without a customer",
                f"serial {second.pk} (pack {link.pack_id}) is free on no line, with a customer",
            ]
        }
        assert wrong() == finding
        assert wrong("--repair") == finding


def test_a_held_serial_that_names_another_customer(order_id: str, place: str) -> None:
    serial = Serial.objects.exclude(assignment=None).order_by("pk")[0]
    Serial.objects.filter(pk=serial.pk).update(customer="email:thief@example.com")

    assert wrong() == {
        "customer": [
            f"serial {serial.pk} names another customer than its assignment "
            f"{serial.assignment_id} ({place})"
        ]
    }
    assert is_repaired("customer")
    assert {each.customer for each in Serial.objects.exclude(assignment=None)} == {serial.customer}


def test_a_serial_of_a_pack_that_assigns_no_user_has_none() -> None:
    pack = making.make_pack(assigns_user=False)
    making.make_serials(pack, 1)
    making.paid_order(making.make_link(pack))

    assert wrong() == {}


def test_a_serial_of_another_pack_than_its_assignment(
    link: PackLink, order_id: str, place: str
) -> None:
    other = making.make_pack()
    serial = Serial.objects.exclude(assignment=None).order_by("pk")[0]
    Serial.objects.filter(pk=serial.pk).update(pack=other)

    finding = {
        "pack": [
            f"serial {serial.pk} of pack {other.pk} is on assignment {serial.assignment_id} "
            f"({place}) of pack {link.pack_id}"
        ]
    }
    assert wrong() == finding
    assert wrong("--repair") == finding


def test_a_serial_on_an_assignment_that_does_not_exist(order_id: str) -> None:
    serial = Serial.objects.exclude(assignment=None).order_by("pk")[0]
    with unguarded():
        Serial.objects.filter(pk=serial.pk).update(assignment_id=999_999)
        Assignment.objects.update(held=1, entitled=1)

    finding = {"assignment": [f"serial {serial.pk} is on assignment 999999, which does not exist"]}
    assert wrong() == finding
    assert wrong("--repair") == finding


def test_the_same_data_twice_in_a_pack(link: PackLink) -> None:
    with dropped(Serial, "serials_serial_once_per_pack"):
        first, second, *_ = Serial.objects.order_by("pk")
        Serial.objects.filter(pk=second.pk).update(data=first.data, digest=first.digest)

        finding = {
            "duplicate": [
                f"pack {link.pack_id} has the same data in serials {first.pk}, {second.pk}"
            ]
        }
        assert wrong() == finding
        assert wrong("--repair") == finding


def test_a_serial_whose_data_was_changed(link: PackLink) -> None:
    serial = Serial.objects.order_by("pk")[0]
    Serial.objects.filter(pk=serial.pk).update(data="Ünïcode & \\ changed")

    finding = {
        "digest": [f"serial {serial.pk} (pack {link.pack_id}) has other data than it was made with"]
    }
    assert wrong() == finding
    assert wrong("--repair") == finding
    assert "changed" not in run()[0]


def test_a_pack_that_miscounts_its_serials(link: PackLink) -> None:
    with unguarded():
        Serial.objects.filter(pk=Serial.objects.order_by("pk")[0].pk).update(status="deleted")

    assert wrong() == {
        "counts": [
            f"pack {link.pack_id} counts 0 deleted, and has 1",
            f"pack {link.pack_id} counts 5 free, and has 4",
        ]
    }
    assert is_repaired("counts", 2)
    assert wrong() == {}


def test_a_count_of_serials_that_do_not_exist(link: PackLink) -> None:
    CountChange.objects.create(pack=link.pack, status="reserved", change=3)

    assert wrong() == {"counts": [f"pack {link.pack_id} counts 3 reserved, and has 0"]}
    assert is_repaired("counts")


# The history.


def test_a_serial_without_history(link: PackLink) -> None:
    source = Serial.objects.order_by("pk")[0]
    alone = Serial.objects.create(
        pack=link.pack, data="X", digest=digest_of("X"), position=1, batch=None
    )
    batch = Batch.objects.create(pack=link.pack, name="silent", quantity=1)
    silent = Serial.objects.create(
        pack=link.pack, data="Y", digest=digest_of("Y"), position=2, batch=batch
    )

    finding = {
        "history": [
            f"serial {alone.pk} (pack {link.pack_id}) has no history",
            f"serial {silent.pk} (pack {link.pack_id}) has no history",
        ]
    }
    assert source.batch_id is not None
    assert wrong() == finding
    assert wrong("--repair") == finding


def test_a_held_serial_whose_history_does_not_say_so(order_id: str, place: str) -> None:
    first, second = Serial.objects.exclude(assignment=None).order_by("pk")
    with unguarded():
        Event.objects.filter(serial=first).delete()
    Event.objects.create(
        type=EventType.RELEASED, serial=second, from_status="used", to_status="free"
    )
    Event.objects.create(type=EventType.REPORTED, serial=second, title="Inspected")

    finding = {
        "last event": [
            f"serial {first.pk} is on assignment {first.assignment_id} ({place}), and its history "
            "ends with: nothing",
            f"serial {second.pk} is on assignment {second.assignment_id} ({place}), and its "
            "history ends with: released",
        ]
    }
    assert wrong() == finding
    assert wrong("--repair") == finding


def test_what_was_imported_with_its_holder_needs_no_more_than_its_batchs_history(
    order_id: str,
) -> None:
    with unguarded():
        Event.objects.filter(serial__isnull=False).delete()
    Serial.objects.exclude(assignment=None).update(assigned_at=F("created_at") - timedelta(days=9))

    assert wrong() == {}


def test_an_event_of_a_serial_that_does_not_exist(link: PackLink) -> None:
    event = Event.objects.create(type=EventType.REPORTED, serial_id=999_999, title="Inspected")

    finding = {"events": [f"event {event.pk} is of serial 999999, which does not exist"]}
    assert wrong() == finding
    assert wrong("--repair") == finding


# Saleor.


def test_an_order_that_was_deleted_is_left_until_nothing_hangs_on_it(
    link: PackLink, order_id: str
) -> None:
    number = shop.number(order_id)
    shop.delete_order(order_id)
    Assignment.objects.update(entitled=3)

    finding = {
        "gone": [f"order {number} (id {order_id}) is gone, holds 2 and is owed 3"],
        "short": [
            f"assignment {Assignment.objects.get().pk} (order {number}, line "
            f"{Assignment.objects.get().line_id}) is short of 1, and pack {link.pack_id} has "
            "free ones"
        ],
    }
    before = wrong()
    Assignment.objects.update(entitled=2)
    after = wrong("--repair")
    Serial.objects.filter(assignment__isnull=False).update(assignment=None)
    Assignment.objects.update(entitled=0, held=0)

    assert before == finding
    assert after == {"gone": [f"order {number} (id {order_id}) is gone, holds 2 and is owed 2"]}
    assert wrong() == {}


def test_an_order_that_counts_as_paid_and_never_was(link: PackLink) -> None:
    order_id = making.placed_order(link)
    with shop.nothing_heard():
        reconcile(order_id)
    pack_serial = Serial.objects.order_by("pk")[0]
    now = shop.now()
    OrderRecord.objects.update(entitled_at=now)
    Assignment.objects.update(held=1, entitled=1, entitled_since=now)
    Serial.objects.filter(pk=pack_serial.pk).update(
        status="used", assignment=Assignment.objects.get(), customer="email:guest@example.com"
    )

    assert wrong() == {
        "last event": [
            f"serial {pack_serial.pk} is on assignment {Assignment.objects.get().pk} (order "
            f"{shop.number(order_id)}, line {Assignment.objects.get().line_id}), and its history "
            "ends with: nothing"
        ],
        "unpaid": [
            f"order {shop.number(order_id)} (id {order_id}) counts as paid, and Saleor has no "
            "payment"
        ],
    }
    assert [*wrong("--repair")] == ["last event"]
    assert OrderRecord.objects.get().payment_issue == "payment_reversed"
    assert len(held(order_id)) == 1


@pytest.mark.parametrize("assign_on", ["confirmed", "fulfilled"])
def test_where_another_status_assigns_nothing_need_be_paid(link: PackLink, assign_on: str) -> None:
    shop.set_plugin(assign_on=assign_on)
    order_id = making.placed_order(link)
    OrderRecord.objects.update(entitled_at=shop.now())
    reconcile(order_id)

    assert len(held(order_id)) == 1
    assert wrong() == {}


def linked_variant(serials: int) -> Any:
    variant = shop.make_variant(is_tracked=True)
    shop.stock(variant, 0)
    shop.set_plugin(stock_link="true", stock_warehouse="main")
    pack = making.make_pack()
    making.make_serials(pack, serials)
    making.make_link(pack, variant=variant)
    making.settle(pack)
    return variant


def test_stock_that_is_not_what_the_pack_has_left() -> None:
    variant = linked_variant(4)
    shop.edit_stock(variant, 9)

    assert wrong() == {"stock": [f"variant {variant.pk} has 9 in stock, and should have 4"]}
    assert is_repaired("stock")
    assert shop.stock_of(variant) == [(4, 0)]


def test_a_wrong_count_and_the_stock_that_followed_it_are_repaired_at_once() -> None:
    variant = linked_variant(4)
    CountChange.objects.create(pack=Pack.objects.get(), status="free", change=2)
    making.settle(Pack.objects.get())

    assert [*wrong()] == ["counts"]
    assert shop.stock_of(variant) == [(6, 0)]
    assert is_repaired("counts")
    assert shop.stock_of(variant) == [(4, 0)]


def test_a_warehouse_that_does_not_exist_is_left() -> None:
    variant = linked_variant(4)
    shop.rename_warehouse("main", "moved")
    shop.edit_stock(variant, 9)

    finding = {"warehouse": ["there is no warehouse with the slug 'main'"]}
    assert wrong() == finding
    assert wrong("--repair") == finding
    assert shop.stock_of(variant) == [(9, 0)]


def test_an_archived_pack_that_is_published(link: PackLink) -> None:
    with dropped(Pack, "serials_pack_archived"):
        Pack.objects.update(archived_at=shop.now())

        assert wrong() == {"archived": [f"pack {link.pack_id} is archived, and published"]}
        assert is_repaired("archived")
        assert not Pack.objects.get().is_published


@pytest.mark.parametrize(
    ("due", "made"),
    [(timedelta(hours=2), timedelta(hours=3)), (-timedelta(hours=5), timedelta(days=2))],
)
def test_a_delivery_that_waits_for_long(order_id: str, due: timedelta, made: timedelta) -> None:
    delivery = Delivery.objects.get()
    Delivery.objects.update(
        status="pending",
        due_at=shop.now() - due,
        created_at=shop.now() - made,
        problem="OSError",
        attempts=4,
    )
    mail.outbox.clear()

    finding = {
        "deliveries": [
            f"delivery {delivery.pk} (order {shop.number(order_id)}) is not sent after 4 attempts: "
            "OSError"
        ]
    }
    assert wrong() == finding
    if due > timedelta(0):
        assert is_repaired("deliveries")
        assert len(mail.outbox) == 1
    else:  # it is tried again when it is due
        assert wrong("--repair") == finding
        assert mail.outbox == []


def test_metadata_that_is_behind(order_id: str) -> None:
    shop.set_plugin(expose_in_metadata="true")
    OrderRecord.objects.update(metadata_copy=MetadataCopy.DUE)

    assert wrong() == {
        "metadata_copy": [f"order {shop.number(order_id)} (id {order_id}) shows other serials"]
    }
    assert is_repaired("metadata_copy")
    assert OrderRecord.objects.get().metadata_copy == MetadataCopy.SHOWN


def test_with_the_plugin_off_what_needs_it_is_left(order_id: str, place: str) -> None:
    shop.set_plugin(active=False)
    Assignment.objects.update(entitled=1)

    assert [*wrong()] == ["surplus"]
    assert [*wrong("--repair")] == ["surplus"]
    assert len(held(order_id)) == 2


def test_a_sweep_that_has_not_ended_for_ten_minutes_is_named(order_id: str) -> None:
    for ago, is_late in ((timedelta(minutes=9), False), (timedelta(minutes=11), True)):
        last = shop.now() - ago
        SweepState.objects.update_or_create(pk=1, defaults={"swept_at": last})

        found = {"sweep": [f"the last sweep ended at {last:%Y-%m-%d %H:%M} UTC"]}
        assert wrong() == (found if is_late else {})


def test_orders_that_cannot_be_reconciled_are_named_until_they_can(order_id: str) -> None:
    state, _ = SweepState.objects.get_or_create(pk=1)
    state.failures = {order_id: (3, shop.now().isoformat()), "0": (20, None)}
    state.save()

    assert wrong() == {
        "failures": [
            "order ? (id 0) failed 20 times, and is not tried again by itself",
            f"order {shop.number(order_id)} (id {order_id}) failed 3 times",
        ]
    }
    assert is_repaired("failures", 2)
