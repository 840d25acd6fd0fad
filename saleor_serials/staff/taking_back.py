"""Take serials back by hand: release, revoke, replace."""

from collections.abc import Callable, Sequence

from saleor_serials.assignments import allocation
from saleor_serials.assignments.lines import withhold
from saleor_serials.assignments.release import may_serve, put
from saleor_serials.config import load_config
from saleor_serials.errors import InvalidInput, WrongStatus
from saleor_serials.models import Assignment, EventType, Serial, SerialStatus
from saleor_serials.orders.outcome import Outcome
from saleor_serials.staff.action import (
    COUNTS,
    StaffAction,
    check_available,
    lock,
    one_transaction,
)
from saleor_serials.staff.moves import claim, fill, outcomes


def release(
    serial_ids: Sequence[int], action: StaffAction, *, status: SerialStatus | None = None
) -> list[Outcome]:
    """Take serials back from their holders, and lower what those are entitled to.

    ``status``: free or unassigned; None: the shop's ``status_after_release``.

    Raises:
        NotFound, NotAllowed: there is no such serial, or the action has no access.
        WrongStatus: one is held by nobody, or was consumed.
        InvalidInput: the status is another.
    """
    if status not in (None, SerialStatus.FREE, SerialStatus.UNASSIGNED):
        raise InvalidInput("Choose FREE or UNASSIGNED; or revoke the serial.", field="status")

    def refuse(serial: Serial) -> str:
        consumed = serial.consumed_at is not None
        return "It was consumed; it can only be revoked." if consumed else _unless_held(serial)

    to = status or load_config().status_after_release
    return _take(serial_ids, action, EventType.RELEASED, to, refuse=refuse)


def revoke(serial_ids: Sequence[int], action: StaffAction) -> list[Outcome]:
    """Delete serials that are held, and lower what their holders are entitled to.

    Raises:
        NotFound, NotAllowed: there is no such serial, or the action has no access.
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
    with one_transaction():
        run = action.run()
        serials = lock(serial_ids, action)
        for index, serial in enumerate(serials):
            if problem := refuse(serial):
                raise WrongStatus(problem, field="serials", index=index)
        put(serials, to, type, run=run)
        assignments = {s.assignment_id: s.assignment for s in serials if s.assignment is not None}
        for serial in serials:
            if serial.assignment is not None:
                serial.assignment.held -= 1
                withhold(serial.assignment, 1)
        Assignment.objects.bulk_update(assignments.values(), COUNTS)
        freed = {serial.pack_id for serial in serials} if may_serve(to) else set()
        return outcomes(assignments.values(), freed=freed, run=run)


def replace(serial_id: int, action: StaffAction, *, with_id: int | None = None) -> list[Outcome]:
    """Delete a serial that is held, and give its holder another of the pack in its place.

    ``with_id`` names that other; else the pack chooses. A line whose pack has none stays short.

    Raises:
        NotFound, NotAllowed: there is no such serial, or the action has no access.
        WrongStatus: it is on no line and no gift, or the other is not available.
        InvalidInput: the other is in another pack, or the same.
        NotEnough: it is a gift, and the pack has none left.
    """
    with one_transaction():
        run = action.run()
        ids = [serial_id] if with_id is None else [serial_id, with_id]
        old, *others = lock(ids, action, field="id")
        assignment = old.assignment
        if assignment is None:
            raise WrongStatus("It is on no order line, and no gift.", field="id")
        if with_id is not None and [other.pack_id for other in others] != [old.pack_id]:
            raise InvalidInput("Name another serial of the same pack.", field="with")
        check_available(others, assignment.customer, config=run.config, field="with")
        put([old], SerialStatus.DELETED, EventType.REPLACED, run=run)
        assignment.held -= 1
        assignment.save(update_fields=COUNTS)
        given: Sequence[int] = [other.pk for other in others]
        if others:
            claim(assignment, others, run=run)
        elif assignment.order is None:
            fill(assignment, run=run)
        else:
            given = allocation.allocate(
                assignment.order,
                [assignment],
                run=run,
                first_in_line=True,
            ).serial_ids
            assignment.save(update_fields=COUNTS)
        return outcomes([assignment], given=given, run=run)
