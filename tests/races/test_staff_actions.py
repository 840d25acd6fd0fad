"""Staff who reach for the same serial, and staff who meet a reconcile."""

from functools import partial

import pytest

from saleor_serials import staff
from saleor_serials.access.packs import EVERYTHING
from saleor_serials.assignments import claims
from saleor_serials.errors import InvalidInput
from saleor_serials.models import Assignment, Event, Serial
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.staff import StaffAction, reserving, taking_back
from tests import making
from tests.hosts import shop
from tests.making import held, shortfall
from tests.races.threads import Crossing, together, without_row_locks

ACTION = StaffAction(actor="user:1", reason="A race", access=EVERYTHING)


def orders(number: int) -> list[str]:
    """Paid orders, each of which holds a serial of a pack of its own."""
    pack = making.make_pack()
    making.make_serials(pack, number)
    link = making.make_link(pack)
    return [making.paid_order(link) for _ in range(number)]


def assign(serial: Serial, order_id: str) -> bool:
    try:
        staff.assign(staff.Serials([serial.pk]), staff.Line(shop.line_ids(order_id)[0]), ACTION)
    except InvalidInput:
        return False
    return True


def test_of_eight_who_give_away_the_same_serial_one_does() -> None:
    [serial] = making.make_serials(making.make_pack(), 1)
    order_ids = orders(8)

    given = together([partial(assign, serial, order_id) for order_id in order_ids])

    assert sum(given) == 1
    assert Event.objects.filter(serial=serial, type="assigned").count() == 1
    assert sum(serial.data in held(order_id) for order_id in order_ids) == 1
    making.check_books()


def give_away_at_once() -> list[bool]:
    """Let two give one serial to two orders; whoever nothing keeps waiting has found it free."""
    [serial] = making.make_serials(making.make_pack(), 1)
    have_looked, has_claimed = Crossing(), Crossing()
    with (
        have_looked.before(claims, "claim_named"),
        # The other claims before this one commits: what it reads is what it has looked at.
        has_claimed.after(claims, "claim_named"),
    ):
        return have_looked.together([partial(assign, serial, order_id) for order_id in orders(2)])


def test_of_two_who_have_found_the_same_serial_free_one_gives_it_away() -> None:
    given = give_away_at_once()

    assert sorted(given) == [False, True]
    assert sum(Assignment.objects.filter(granted=1).values_list("held", flat=True)) == 1
    making.check_books()


def test_negative_control_without_row_locks_both_give_it_away() -> None:
    # Of the action and of the claim itself: either is enough here.
    with without_row_locks():
        given = give_away_at_once()

    assert given == [True, True]
    assert sum(Assignment.objects.filter(granted=1).values_list("held", flat=True)) == 2
    assert Serial.objects.filter(assignment__granted=1).count() == 1


def reserve_meanwhile() -> tuple[Serial, str]:
    """Reserve a pack's only serial, found free, while an order that waits for it is reconciled."""
    pack = making.make_pack()
    [serial] = making.make_serials(pack, 1)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))
    has_looked = Crossing()
    with has_looked.before(reserving, "put"):
        has_looked.together(
            [
                partial(
                    staff.reserve, staff.Serials([serial.pk]), "email:other@example.com", ACTION
                ),
                has_looked.once_reached(partial(reconcile, order_id)),
            ]
        )
    return serial, order_id


def test_a_serial_that_is_being_reserved_is_not_served() -> None:
    serial, order_id = reserve_meanwhile()

    serial.refresh_from_db()
    assert (serial.status, held(order_id), shortfall(order_id)) == ("reserved", [], 1)
    making.check_books()


def test_negative_control_without_the_lock_of_the_serial_it_is_taken_from_its_order() -> None:
    with without_row_locks("saleor_serials_serial"):
        _, order_id = reserve_meanwhile()

    assert (held(order_id), shortfall(order_id)) == ([], 0), "it should believe that it holds one"


def release_at_once(holder: str) -> Assignment:
    """Let two release one each of the two serials that an order or a gift holds."""
    pack = making.make_pack()
    serials = [serial.pk for serial in making.make_serials(pack, 2)]
    if holder == "order":
        making.paid_order(making.make_link(pack), units=2)
    else:
        staff.assign(staff.Serials(serials), staff.Customer(shop.make_user().pk), ACTION)
    have_looked = Crossing()
    with have_looked.before(taking_back, "put"):
        have_looked.together([partial(staff.release, [pk], ACTION) for pk in serials])
    return Assignment.objects.get()


@pytest.mark.parametrize("holder", ["order", "gift"])
def test_two_releases_from_the_same_holder_count_both(holder: str) -> None:
    assignment = release_at_once(holder)

    assert (assignment.entitled, assignment.held) == (0, 0)
    making.check_books()


@pytest.mark.parametrize(
    ("holder", "table"),
    [("order", "saleor_serials_orderrecord"), ("gift", "saleor_serials_assignment")],
)
def test_negative_control_without_the_lock_of_the_holder_one_is_lost(
    holder: str, table: str
) -> None:
    with without_row_locks(table):
        assignment = release_at_once(holder)

    assert (assignment.entitled, assignment.held) == (1, 1), "one release should have been lost"
    assert assignment.serials.count() == 0


def test_a_release_by_staff_that_meets_reconciles_is_not_undone() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 30)
    order_id = making.paid_order(making.make_link(pack), units=20)
    serials = list(Serial.objects.filter(assignment__isnull=False).order_by("pk"))

    together(
        [
            *(
                partial(staff.release, [serial.pk for serial in part], ACTION)
                for part in (serials[:5], serials[5:10])
            ),
            *[lambda: [reconcile(order_id) for _ in range(10)]] * 2,
        ]
    )

    assert len(held(order_id)) == 10
    [assignment] = Assignment.objects.all()
    assert (assignment.withheld, assignment.entitled, assignment.held) == (10, 10, 10)
    making.check_books()
