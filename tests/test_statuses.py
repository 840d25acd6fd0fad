"""Every way from one status to another: those of the table work and are recorded, others do not."""

from collections.abc import Callable, Iterator
from itertools import permutations

import pytest
from django.db import IntegrityError, connection

from saleor_serials import staff
from saleor_serials.access.packs import EVERYTHING
from saleor_serials.models import TRANSITIONS, Event, Pack, Serial, SerialStatus
from saleor_serials.serials import deletion
from saleor_serials.staff import StaffAction
from tests import making
from tests.hosts import shop

FREE, RESERVED, ASSIGNED, USED, UNASSIGNED, DELETED = SerialStatus
ACTION = StaffAction(actor="user:1", reason="A walk", access=EVERYTHING)


class Walk:
    """One serial, its customer, and the ways that staff and orders have of moving it."""

    def __init__(self) -> None:
        self.user = shop.make_user()
        self.pack = making.make_pack()
        [self.serial] = making.make_serials(self.pack, 1)
        self.link = making.make_link(self.pack)
        self.order_id = ""

    def reserve(self) -> None:
        staff.reserve(staff.Serials([self.serial.pk]), f"user:{self.user.pk}", ACTION)

    def unreserve(self) -> None:
        staff.unreserve([self.serial.pk], ACTION)

    def delete(self) -> None:
        deletion.delete([self.serial.pk], actor="user:1")

    def revoke(self) -> None:
        staff.revoke([self.serial.pk], ACTION)

    def sell(self, *, consumable: bool) -> None:
        Pack.objects.update(is_consumable=consumable)
        self.order_id = making.paid_order(self.link, user=self.user)

    def refund(self, status: SerialStatus) -> None:
        Pack.objects.update(status_on_refund=status)
        shop.refund(self.order_id)

    def come_to(self, status: SerialStatus) -> None:
        """Bring the serial, which is free, into a status."""
        match status:
            case SerialStatus.RESERVED:
                self.reserve()
            case SerialStatus.ASSIGNED | SerialStatus.USED:
                self.sell(consumable=status is ASSIGNED)
            case SerialStatus.UNASSIGNED:
                self.sell(consumable=False)
                self.refund(UNASSIGNED)
            case SerialStatus.DELETED:
                self.delete()
        assert self.status() is status

    def status(self) -> SerialStatus:
        return SerialStatus(Serial.objects.values_list("status", flat=True).get())


def way(was: SerialStatus, to: SerialStatus) -> Callable[[Walk], None]:
    """How the product brings a serial from one status to another."""
    if was in (ASSIGNED, USED):
        return Walk.revoke if to is DELETED else lambda walk: walk.refund(to)
    if to in (ASSIGNED, USED):
        return lambda walk: walk.sell(consumable=to is ASSIGNED)
    return {FREE: Walk.unreserve, RESERVED: Walk.reserve, DELETED: Walk.delete}[to]


def pairs(*, allowed: bool) -> Iterator[tuple[SerialStatus, SerialStatus]]:
    return (
        pair
        for pair in permutations(SerialStatus, 2)
        if (pair[1] in TRANSITIONS[pair[0]]) is allowed
    )


def test_the_table_knows_every_status_and_leads_out_of_all_but_deleted() -> None:
    assert set(TRANSITIONS) == set(SerialStatus)
    assert [status for status, after in TRANSITIONS.items() if not after] == [DELETED]
    assert len(list(pairs(allowed=True))) == 23
    assert len(list(pairs(allowed=False))) == 7


@pytest.mark.parametrize(("was", "to"), pairs(allowed=True))
def test_an_allowed_transition_happens_and_is_recorded(was: SerialStatus, to: SerialStatus) -> None:
    walk = Walk()
    walk.come_to(was)

    way(was, to)(walk)

    assert walk.status() is to
    moves = Event.objects.filter(serial=walk.serial).exclude(type="delivered").order_by("-pk")
    assert moves.values_list("from_status", "to_status").first() == (was, to)
    making.check_books()


@pytest.mark.parametrize(("was", "to"), pairs(allowed=False))
def test_the_database_refuses_every_other_way(was: SerialStatus, to: SerialStatus) -> None:
    walk = Walk()
    walk.come_to(was)
    customer = "" if to is FREE else f"user:{walk.user.pk}"

    with pytest.raises(IntegrityError, match=f"a serial cannot go from {was} to {to}"):
        Serial.objects.update(status=to, customer=customer)

    assert walk.status() is was


@pytest.mark.parametrize("to", [status for status in SerialStatus if status is not DELETED])
def test_a_consumed_serial_becomes_nothing_but_deleted(to: SerialStatus) -> None:
    walk = Walk()
    walk.come_to(USED)
    Serial.objects.update(consumed_at=shop.now())

    if to is not USED:
        with pytest.raises(IntegrityError, match="serials_serial_status"):
            Serial.objects.update(status=to, assignment=None)
    walk.refund(to)

    assert walk.status() is USED
    walk.revoke()
    assert walk.status() is DELETED


def test_the_databases_rule_is_the_tables() -> None:
    """The trigger's own condition, asked for every pair."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE tgname = 'saleor_serials_refuse_transition'"
        )
        [definition] = cursor.fetchone()
        condition = definition.split(" WHEN (", 1)[1].rsplit(") EXECUTE", 1)[0]
        for was, to in permutations(SerialStatus, 2):
            sql = condition.replace("old.status", "%(was)s").replace("new.status", "%(to)s")
            cursor.execute(f"SELECT {sql}", {"was": was.value, "to": to.value})
            assert cursor.fetchone()[0] is (to not in TRANSITIONS[was]), (was, to)
