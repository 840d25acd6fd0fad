"""Assign serials to an order line, or give them to a customer without an order."""

from saleor_serials.assignments import allocation
from saleor_serials.assignments.lines import gift, grant, line_assignment
from saleor_serials.errors import InvalidInput, NotFound
from saleor_serials.host import host
from saleor_serials.host.shapes import LineSnapshot
from saleor_serials.models import Assignment, OrderRecord, Pack
from saleor_serials.orders.outcome import Outcome
from saleor_serials.orders.records import lock_order
from saleor_serials.run import Run
from saleor_serials.staff.action import (
    COUNTS,
    StaffAction,
    by_pack,
    check_available,
    lock,
    one_transaction,
    pack_of,
)
from saleor_serials.staff.moves import claim, fill, outcomes
from saleor_serials.staff.reserving import customer_key
from saleor_serials.staff.selection import Customer, FromPack, Line, Selection, Serials, Target


def assign(selection: Selection, target: Target, action: StaffAction) -> list[Outcome]:
    """Assign serials to an order line, or give them to a customer's account without an order.

    Named serials fill first what the line is short of; the rest is granted. So many of a pack are
    granted on top of the entitlement: what the pack lacks is a shortfall of the line. A gift is
    made in full or refused.

    Raises:
        NotFound, NotAllowed: there is none of that id, or the action has no access to it.
        WrongStatus: a named serial is not available, or reserved for another customer.
        OutOfRange: the quantity is not 1 to 100.
        NotEnough: it is a gift, and the pack has not as many; nothing was given.
    """
    with one_transaction():
        run = action.run()
        selection.check()
        match target:
            case Line():
                return _assign_to_line(selection, target, action, run=run)
            case Customer():
                return _give(selection, target, action, run=run)


def _assign_to_line(
    selection: Selection, target: Line, action: StaffAction, *, run: Run
) -> list[Outcome]:
    record, line = _lock_line(target.line_id)
    match selection:
        case Serials():
            serials = lock(selection.ids, action)
            check_available(serials, record.customer, config=run.config)
            assignments = []
            for pack, of_pack in by_pack(serials).items():
                assignment = _assignment_of(record, line, pack)
                grant(assignment, len(of_pack) - assignment.shortfall, now=run.now)
                claim(assignment, of_pack, run=run)
                assignments.append(assignment)
            return outcomes(assignments, given=[serial.pk for serial in serials], run=run)
        case FromPack():
            assignment = _assignment_of(record, line, pack_of(selection.pack_id, action))
            grant(assignment, selection.quantity, now=run.now)
            assignment.save(update_fields=COUNTS)
            given = allocation.allocate(record, [assignment], run=run, first_in_line=True)
            assignment.save(update_fields=COUNTS)
            return outcomes([assignment], given=given.serial_ids, run=run)


def _give(
    selection: Selection, target: Customer, action: StaffAction, *, run: Run
) -> list[Outcome]:
    customer = customer_key(user_id=target.user_id)
    match selection:
        case Serials():
            serials = lock(selection.ids, action)
            check_available(serials, customer, config=run.config)
            given = []
            for pack, of_pack in by_pack(serials).items():
                made = _gift(pack, customer, len(of_pack), run=run)
                claim(made, of_pack, run=run)
                given.append(made)
            return outcomes(given, run=run)
        case FromPack():
            pack = pack_of(selection.pack_id, action)
            made = _gift(pack, customer, selection.quantity, run=run)
            fill(made, run=run)
            return outcomes([made], run=run)


def _gift(pack: Pack, customer: str, quantity: int, *, run: Run) -> Assignment:
    made = gift(customer, quantity, pack_id=pack.pk, now=run.now)
    made.pack = pack
    made.save()
    return made


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
    # Under the lock of the record, so that nobody else makes it meanwhile.
    there = Assignment.objects.filter(line_id=line.id, pack=pack).first()
    assignment = there or line_assignment(record, line, pack_id=pack.pk)
    assignment.order, assignment.pack = record, pack
    if there is None:
        assignment.save()
    return assignment
