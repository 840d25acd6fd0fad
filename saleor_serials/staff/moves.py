"""The steps that staff actions share: hold serials, record it, and collect the effects."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from saleor_serials import history
from saleor_serials.assignments import allocation, claims
from saleor_serials.errors import NotEnough, WrongStatus
from saleor_serials.history import Move
from saleor_serials.models import Assignment, EventType, OrderRecord, Serial, SerialStatus
from saleor_serials.orders.outcome import Outcome, conclude, pack_effects
from saleor_serials.orders.records import saving
from saleor_serials.run import Run
from saleor_serials.staff.action import COUNTS


def claim(assignment: Assignment, serials: Sequence[Serial], *, run: Run) -> None:
    """Assign these locked serials to a line or gift, and record it.

    Raises:
        WrongStatus: one of them has expired meanwhile.
    """
    taken = claims.claim_named(
        [serial.pk for serial in serials], assignment, statuses=list(SerialStatus), now=run.now
    )
    if len(taken) < len(serials):
        raise WrongStatus("One of them has just expired.", field="serials")
    assignment.held += len(taken)
    _hold(assignment, taken, run=run)


def fill(assignment: Assignment, *, run: Run) -> None:
    """Assign to a line or gift what it is short of, from its pack, and record it.

    Raises:
        NotEnough: the pack has not as many.
    """
    taken = allocation.fill(assignment, run=run)
    if assignment.shortfall:
        raise NotEnough(f"The pack has only {len(taken)} to give.", field="quantity")
    _hold(assignment, taken, run=run)


def _hold(assignment: Assignment, taken: Sequence[Move], *, run: Run) -> None:
    """Store what a line or gift has come to hold, and record it in the history."""
    assignment.save(update_fields=COUNTS)
    history.record_serials(
        EventType.ASSIGNED,
        taken,
        order=assignment.order,
        at=run.now,
        by=run.by,
    )


def outcomes(
    assignments: Iterable[Assignment],
    *,
    given: Sequence[int] = (),
    freed: Iterable[int] = (),
    run: Run,
) -> list[Outcome]:
    """Save what is due on the locked orders of these assignments; return their outcomes.

    ``given``: the serials that the (one) order got. ``freed``: packs that got serials back.
    """
    of_orders: dict[OrderRecord, list[Assignment]] = defaultdict(list)
    moved = set()
    for assignment in assignments:
        moved.add(assignment.pack_id)
        if assignment.order is not None:
            of_orders[assignment.order].append(assignment)
    found = []
    for order, of_order in of_orders.items():
        with saving(order):
            found.append(
                conclude(
                    order,
                    serial_ids=given,
                    unsettled=frozenset(a.pack_id for a in of_order if a.shortfall),
                    moved=frozenset(a.pack_id for a in of_order),
                    run=run,
                )
            )
    return [*found, Outcome(allocated=0, effects=pack_effects(settle=freed, moved=moved))]
