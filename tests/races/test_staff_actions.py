"""Staff who reach for the same serial, and staff who meet a reconcile."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from threading import Barrier
from unittest import mock

from saleor_serials import staff
from saleor_serials.access.packs import EVERYTHING
from saleor_serials.assignments import claims
from saleor_serials.errors import InvalidInput
from saleor_serials.history import Move
from saleor_serials.models import Assignment, Event, Serial, SerialStatus
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.staff import StaffAction, assigning
from tests import making
from tests.hosts import shop
from tests.making import held
from tests.races.threads import together

ACTION = StaffAction(actor="user:1", reason="A race", access=EVERYTHING)
PATIENCE = 5


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


def test_negative_control_read_then_write_gives_the_same_serial_to_two() -> None:
    [serial] = making.make_serials(making.make_pack(), 1)
    order_ids = orders(2)
    barrier = Barrier(2)

    def unlocked(serial_ids: Sequence[int], action: StaffAction, **_: str) -> list[Serial]:
        found = list(Serial.objects.select_related("pack").filter(pk__in=serial_ids))
        barrier.wait(PATIENCE)
        return found

    def write(
        serial_ids: Sequence[int],
        assignment: Assignment,
        *,
        statuses: Sequence[SerialStatus],
        now: datetime,
    ) -> list[Move]:
        Serial.objects.filter(pk__in=serial_ids).update(
            status="used", assignment=assignment, customer=assignment.customer
        )
        return [Move(serial_id=pk, was="free", now="used") for pk in serial_ids]

    with (
        mock.patch.object(assigning, "lock", unlocked),
        mock.patch.object(claims, "claim_named", write),
    ):
        given = together([partial(assign, serial, order_id) for order_id in order_ids])

    assert given == [True, True]
    assert sum(Assignment.objects.filter(granted=1).values_list("held", flat=True)) == 2
    assert Serial.objects.filter(pk=serial.pk, assignment__isnull=False).count() == 1


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
