"""Assign to order lines by hand, and take back: release, revoke, replace."""

from collections.abc import Callable, Sequence

from django.utils import timezone

from saleor_serials import config
from saleor_serials.assignments import allocation
from saleor_serials.assignments.lines import grant, withhold
from saleor_serials.assignments.release import may_serve, put
from saleor_serials.errors import InvalidInput, NotFound, WrongStatus
from saleor_serials.host import host
from saleor_serials.host.shapes import LineSnapshot
from saleor_serials.models import Assignment, EventType, OrderRecord, Pack, Serial, SerialStatus
from saleor_serials.orders.outcome import Outcome
from saleor_serials.orders.records import lock_order
from saleor_serials.staff.action import (
    COUNTS,
    StaffAction,
    by_pack,
    check_available,
    check_quantity,
    lock,
    one_transaction,
    pack_of,
)
from saleor_serials.staff.assigning import claim, fill, outcomes


def assign(serial_ids: Sequence[int], line_id: str, action: StaffAction) -> list[Outcome]:
    """Give an order line these very serials: first what it is short of, then on top.

    Raises:
        NotFound, NotAllowed: there is no such line or serial, or one is out of reach.
        WrongStatus: a serial is not available, or kept for another customer.
    """
    by, settings = action.by(), config.load_config()
    with one_transaction():
        now = timezone.now()
        record, line = _lock_line(line_id)
        serials = lock(serial_ids, action)
        check_available(serials, record.customer, settings=settings)
        assignments = []
        for pack, of_pack in by_pack(serials).items():
            assignment = _assignment_of(record, line, pack)
            grant(assignment, len(of_pack) - assignment.shortfall, now=now)
            claim(assignment, of_pack, by=by, now=now)
            assignments.append(assignment)
        return outcomes(
            assignments, given=[serial.pk for serial in serials], settings=settings, now=now
        )


def assign_any(pack_id: int, quantity: int, line_id: str, action: StaffAction) -> list[Outcome]:
    """Give an order line so many serials of a pack on top of what it is owed.

    What the pack lacks is owed from then on, and follows.

    Raises:
        NotFound, NotAllowed: there is no such line or pack, or it is out of reach.
        OutOfRange: the quantity is not 1 to 100.
    """
    by, settings = action.by(), config.load_config()
    check_quantity(quantity)
    with one_transaction():
        now = timezone.now()
        record, line = _lock_line(line_id)
        assignment = _assignment_of(record, line, pack_of(pack_id, action))
        grant(assignment, quantity, now=now)
        assignment.save(update_fields=COUNTS)
        given = allocation.allocate(
            record, [assignment], settings=settings, now=now, first_in_line=True, by=by
        )
        assignment.save(update_fields=COUNTS)
        return outcomes([assignment], given=given.serial_ids, settings=settings, now=now)


def _lock_line(line_id: str) -> tuple[OrderRecord, LineSnapshot]:
    """Lock the record of a line's order, and find the line as it stands."""
    order_id = host.order_of_line(line_id)
    locked = lock_order(order_id) if order_id is not None else None
    if order_id is not None and locked is None:
        raise InvalidInput(
            "This order is a draft, or was placed before the plugin was switched on; give the "
            "customer the serials instead.",
            field="order_line",
        )
    if locked is not None:
        record, order = locked
        for line in order.lines:
            if line.id == line_id:
                return record, line
    raise NotFound("There is no such order line.", field="order_line")


def _assignment_of(record: OrderRecord, line: LineSnapshot, pack: Pack) -> Assignment:
    assignment: Assignment
    assignment, _ = Assignment.objects.get_or_create(
        line_id=line.id,
        pack=pack,
        defaults={
            "order": record,
            "customer": record.customer,
            "per_unit": 0,
            "product_name": line.product_name,
            "variant_name": line.variant_name,
            "sku": line.sku,
            "variant_id": line.variant_id,
            "product_id": line.product_id,
        },
    )
    assignment.order, assignment.pack = record, pack
    return assignment


def release(
    serial_ids: Sequence[int], action: StaffAction, *, status: SerialStatus | None = None
) -> list[Outcome]:
    """Take serials back from whoever holds them; they are owed so many less.

    ``status``: free or unassigned; None: the shop's ``status_after_release``.

    Raises:
        NotFound, NotAllowed: there is no such serial, or it is out of reach.
        WrongStatus: one is held by nobody, or was consumed.
        InvalidInput: the status is another.
    """
    if status not in (None, SerialStatus.FREE, SerialStatus.UNASSIGNED):
        raise InvalidInput("Choose FREE or UNASSIGNED; or revoke the serial.", field="status")

    def refuse(serial: Serial) -> str:
        consumed = serial.consumed_at is not None
        return "It was consumed; it can only be revoked." if consumed else _unless_held(serial)

    to = status or config.load_config().status_after_release
    return _take(serial_ids, action, EventType.RELEASED, to, refuse=refuse)


def revoke(serial_ids: Sequence[int], action: StaffAction) -> list[Outcome]:
    """Take serials from whoever holds them, for good; they are owed so many less.

    Raises:
        NotFound, NotAllowed: there is no such serial, or it is out of reach.
        WrongStatus: one is held by nobody.
    """
    return _take(serial_ids, action, EventType.REVOKED, SerialStatus.DELETED, refuse=_unless_held)


def _unless_held(serial: Serial) -> str:
    held = serial.assignment is not None or serial.status in (
        SerialStatus.ASSIGNED,
        SerialStatus.USED,
    )
    return "" if held else f"It is {serial.status}; nobody holds it."


def _take(
    serial_ids: Sequence[int],
    action: StaffAction,
    type: EventType,
    to: SerialStatus,
    *,
    refuse: Callable[[Serial], str],
) -> list[Outcome]:
    by, settings = action.by(), config.load_config()
    with one_transaction():
        now = timezone.now()
        serials = lock(serial_ids, action)
        for index, serial in enumerate(serials):
            if problem := refuse(serial):
                raise WrongStatus(problem, field="serials", index=index)
        put(serials, to, type, by=by, settings=settings, now=now)
        assignments = {s.assignment_id: s.assignment for s in serials if s.assignment is not None}
        for serial in serials:
            if serial.assignment is not None:
                serial.assignment.held -= 1
                withhold(serial.assignment, 1)
        Assignment.objects.bulk_update(assignments.values(), COUNTS)
        freed = {serial.pack_id for serial in serials} if may_serve(to) else set()
        return outcomes(assignments.values(), freed=freed, settings=settings, now=now)


def replace(serial_id: int, action: StaffAction, *, with_id: int | None = None) -> list[Outcome]:
    """Delete a serial that is held, and give its holder another of the pack in its place.

    ``with_id`` names that other; else the pack chooses. A line whose pack has none stays short.

    Raises:
        NotFound, NotAllowed: there is no such serial, or it is out of reach.
        WrongStatus: it is on no line and no gift, or the other is not available.
        InvalidInput: the other is in another pack, or the same.
        NotEnough: it is a gift, and the pack has none left.
    """
    by, settings = action.by(), config.load_config()
    with one_transaction():
        now = timezone.now()
        ids = [serial_id] if with_id is None else [serial_id, with_id]
        old, *others = lock(ids, action, field="id")
        assignment = old.assignment
        if assignment is None:
            raise WrongStatus("It is on no order line, and no gift.", field="id")
        if with_id is not None and [other.pack_id for other in others] != [old.pack_id]:
            raise InvalidInput("Name another serial of the same pack.", field="with")
        check_available(others, assignment.customer, settings=settings, field="with")
        put([old], SerialStatus.DELETED, EventType.REPLACED, by=by, settings=settings, now=now)
        assignment.held -= 1
        assignment.save(update_fields=COUNTS)
        given: Sequence[int] = [other.pk for other in others]
        if others:
            claim(assignment, others, by=by, now=now)
        elif assignment.order is None:
            fill(assignment, settings=settings, by=by, now=now)
        else:
            given = allocation.allocate(
                assignment.order,
                [assignment],
                settings=settings,
                now=now,
                first_in_line=True,
                by=by,
            ).serial_ids
            assignment.save(update_fields=COUNTS)
        return outcomes([assignment], given=given, settings=settings, now=now)
