"""What the lines of an order are owed now, and what staff should know of its money.

Money that went without naming a line changes nothing by itself: staff read it in the history.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from saleor_serials import config, history
from saleor_serials.allocation import Surplus
from saleor_serials.entitlement import (
    Cause,
    cause_of_release,
    entitled_units,
    has_reached,
    wanted,
)
from saleor_serials.host import host
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import Assignment, EventType, OrderRecord, Pack, SerialStatus

_DOUBTS = {
    EventType.PAYMENT_GONE: "The payments no longer cover the total",
    EventType.PRICES_STALE: "The payments cover the total, but not what its edited lines cost",
}


def _doubt(
    record: OrderRecord, order: OrderSnapshot, *, settings: config.Config
) -> EventType | None:
    """Say what speaks against giving an order more, though nothing was paid back."""
    if settings.assign_on != "paid" or order.paid or order.gone or not order.live:
        return None
    if order.prices_stale:
        return EventType.PRICES_STALE
    return EventType.PAYMENT_GONE if record.entitled_at else None


# What is noted of an order's payment; the rest is others'.
_OF_PAYMENT = {"refunded", "doubt", "kept"}


def remember_payment(
    record: OrderRecord,
    order: OrderSnapshot,
    assignments: Sequence[Assignment],
    *,
    settings: config.Config,
    now: datetime,
) -> None:
    """Keep the first moment the order was entitled; tell staff of money that went, to no effect.

    An amount that was refunded names no line, and a payment that vanished is no refund: staff
    read it in the history and decide. Until then lines keep what they hold by their terms.
    """
    if record.entitled_at is None and has_reached(order, assign_on=settings.assign_on):
        record.entitled_at = now
    was: dict[str, Any] = record.noted
    noted = {name: value for name, value in was.items() if name not in _OF_PAYMENT}
    if order.refunded and record.entitled_at:
        noted["refunded"] = str(order.refunded)
        if order.refunded > Decimal(was.get("refunded", 0)) and not order.gone:
            history.record_order(
                EventType.PARTLY_REFUNDED,
                record,
                reason=f"{order.refunded} {order.currency} refunded in all; "
                "an amount alone takes no serial back",
            )
    if doubt := _doubt(record, order, settings=settings):
        noted["doubt"] = doubt.value
        noted["kept"] = was.get("kept") or {
            str(each.pk): _held_by_terms(each) for each in assignments
        }
        if was.get("doubt") != doubt:
            reason = f"{_DOUBTS[doubt]}; it keeps its serials and gets no more"
            history.record_order(doubt, record, reason=reason)
    record.noted = noted


_CLOSED = "closed"


def closed_packs(
    record: OrderRecord, order: OrderSnapshot, assignments: Sequence[Assignment]
) -> frozenset[int]:
    """Find the packs that do not serve this order's customer or channel; tell staff of new ones.

    One statement more where a pack asks for groups. Leaving a group takes nothing back.
    """
    packs = {each.pack_id: each.pack for each in assignments}.values()
    groups: frozenset[str] = frozenset()
    if order.user_id is not None and any(pack.customer_groups for pack in packs):
        groups = host.customer_groups(order.user_id)
    reasons = {pack.pk: _why_closed(pack, order, groups) for pack in packs}
    closed = {pk: reason for pk, reason in reasons.items() if reason}
    known = record.noted.get(_CLOSED, [])
    for pk in sorted(closed.keys() - set(known)):
        history.record_order(EventType.NOT_SERVED, record, reason=closed[pk])
    if sorted(closed) != known:
        record.noted = {**record.noted, _CLOSED: sorted(closed)}
    return frozenset(closed)


def _why_closed(pack: Pack, order: OrderSnapshot, groups: frozenset[str]) -> str:
    # Without its name: who reaches another pack of the order reads this as well.
    if pack.channels and order.channel not in pack.channels:
        return "A pack that it was to take from serves other channels"
    if pack.customer_groups and not groups.intersection(pack.customer_groups):
        return "A pack that it was to take from serves customers of other groups"
    return ""


def set_wanted(
    record: OrderRecord,
    order: OrderSnapshot,
    assignments: Sequence[Assignment],
    *,
    closed: frozenset[int],
    settings: config.Config,
    now: datetime,
) -> list[Surplus]:
    """Set what each line is owed; return those that hold more, and what that becomes."""
    units = entitled_units(
        order, was_entitled=record.entitled_at is not None, assign_on=settings.assign_on
    )
    lines = {line.id: line for line in order.lines}
    kept = record.noted.get("kept")
    surplus = []
    for assignment in assignments:
        at_most = None if kept is None else kept.get(str(assignment.pk), 0)
        if assignment.pack_id in closed:
            held = _held_by_terms(assignment)
            at_most = held if at_most is None else min(held, at_most)
        assignment.wanted = wanted(
            units=units.get(assignment.line_id, 0),
            per_unit=assignment.per_unit,
            granted=assignment.granted,
            withheld=assignment.withheld,
            at_most=at_most,
        )
        if assignment.wanted and assignment.owed_since is None:
            assignment.owed_since = record.entitled_at or now
        if assignment.held > assignment.wanted:
            cause = cause_of_release(order, lines.get(assignment.line_id))
            status = (
                SerialStatus(assignment.pack.status_on_refund)
                if cause is Cause.REFUNDED
                else settings.status_after_release
            )
            surplus.append(Surplus(assignment=assignment, cause=cause, status=status))
    return surplus


def _held_by_terms(assignment: Assignment) -> int:
    """How much of what a line holds is not by hand."""
    return max(0, assignment.held - assignment.granted + assignment.withheld)
