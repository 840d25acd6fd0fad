"""Fulfil order lines that consist of nothing but delivered serials: nothing is left to ship.

Saleor's own code does it, with all that hangs on it. ``OrderRecord.fulfill_at`` is the outbox: set
with what may have completed a line, in its transaction; cleared with the fulfilment, in Saleor's.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from saleor_serials import history
from saleor_serials.config import Config, active_config
from saleor_serials.errors import NotFulfillable
from saleor_serials.host import host
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import DeliveryStatus, Event, EventType, OrderRecord, Serial
from saleor_serials.orders.entitlement import entitled_units
from saleor_serials.orders.lines import entitlements
from saleor_serials.retry import Retry

logger = logging.getLogger(__name__)

MAX_PER_SWEEP = 500
# About three weeks in all.
RETRY = Retry(first=timedelta(minutes=2), longest=timedelta(days=1), attempts=30)


def mark_due(record: OrderRecord, *, now: datetime) -> None:
    """Set on a locked record that its lines are to be looked at; the caller saves it."""
    record.fulfill_at = now


def due(now: datetime) -> list[str]:
    """The orders whose lines wait to be looked at, longest overdue first, so many for one sweep."""
    waiting = OrderRecord.objects.filter(fulfill_at__lte=now).order_by("fulfill_at")
    return list(waiting.values_list("order_id", flat=True)[:MAX_PER_SWEEP])


def fulfill(order_id: str) -> bool:
    """Fulfil what an order's delivered serials cover and nobody has fulfilled; tell if it was.

    One transaction, under the order's lock: twice or at the same time is as good as once. What
    Saleor refuses is told to staff, and tried again; it is never raised.
    """
    config = active_config()
    if config is None or not config.automatic_fulfillment:
        return False
    try:
        with transaction.atomic():
            record = _lock(order_id)
            if record is None:
                return False
            done, problem = _fulfill_lines(order_id, _open_units(record, config=config))
            for line, units in done.items():
                history.record_line(EventType.FULFILLED, record, line_id=line, quantity=units)
            _finish(record, problem=problem)
    except Exception as error:
        logger.exception("Order %s may not have been fulfilled.", order_id)
        _remember_failure(order_id, problem=type(error).__name__)
        return False
    return bool(done)


def _lock(order_id: str) -> OrderRecord | None:
    waiting = OrderRecord.objects.filter(order_id=order_id, fulfill_at__isnull=False)
    record: OrderRecord | None = waiting.select_for_update().first()
    return record


def _open_units(record: OrderRecord, *, config: Config) -> dict[str, int]:
    """Count, per line, the units that are covered and that nobody has fulfilled.

    A fulfilment of ours that staff cancelled is not made again.
    """
    # First: it locks the lines, so that what is read next stands.
    fulfilled = host.fulfilled_units(record.order_id)
    order = host.order_snapshot(record.order_id)
    if order is None or not fulfilled:
        return {}
    units = entitled_units(
        order, was_entitled=record.entitled_at is not None, assign_on=config.assign_on
    )
    by_us = _fulfilled_by_us(record)
    missing = {
        line: units[line] - max(fulfilled[line], by_us[line])
        for line in _covered_lines(record, order, config=config) & fulfilled.keys()
    }
    return {line: units for line, units in missing.items() if units > 0}


def _covered_lines(record: OrderRecord, order: OrderSnapshot, *, config: Config) -> set[str]:
    """Find the lines that hold, of every pack that serves the customer, their full entitlement.

    A pack that is closed to the customer gives the line nothing more: nobody waits for it.
    """
    assignments = list(record.assignments.all())
    found = entitlements(record, order, assignments, config=config)
    complete: dict[str, list[bool]] = defaultdict(list)
    for assignment, entitlement in zip(assignments, found, strict=True):
        is_complete = 0 < entitlement.full == assignment.held
        if is_complete or not entitlement.is_closed:
            complete[assignment.line_id].append(is_complete)
    return {line for line, all_of_it in complete.items() if all(all_of_it)} - _untold_lines(record)


def _untold_lines(record: OrderRecord) -> set[str]:
    """Find the lines of which a delivery is yet to tell, or failed to.

    A serial that no delivery names was assigned while e-mail was off: the order shows it.
    """
    unsent = record.deliveries.filter(status__in=(DeliveryStatus.PENDING, DeliveryStatus.FAILED))
    ids = [pk for serial_ids in unsent.values_list("serial_ids", flat=True) for pk in serial_ids]
    untold = Serial.objects.filter(pk__in=ids, assignment__order=record, delivered_at__isnull=True)
    return set(untold.values_list("assignment__line_id", flat=True))


def _fulfilled_by_us(record: OrderRecord) -> Counter[str]:
    events = Event.objects.filter(order=record, serial__isnull=True, type=EventType.FULFILLED)
    return Counter(dict(events.values_list("line_id").annotate(Sum("quantity"))))


def _fulfill_lines(order_id: str, units: Mapping[str, int]) -> tuple[dict[str, int], str]:
    """Fulfil lines together, or each by itself where that is refused: what was done, and why not.

    The reason is that of the last line that was refused, and empty if none was.
    """
    done: dict[str, int] = {}
    problem = ""
    if not units:
        return done, problem
    try:
        with transaction.atomic():
            host.fulfill(order_id, units)
        return dict(units), problem
    except NotFulfillable as refusal:
        if len(units) == 1:
            return done, refusal.message
    for line in units:
        alone, refused = _fulfill_lines(order_id, {line: units[line]})
        done |= alone
        problem = refused or problem
    return done, problem


def _remember_failure(order_id: str, *, problem: str) -> None:
    with transaction.atomic():
        record = _lock(order_id)
        # If it is cleared the fulfilment stands, and what failed came after its commit.
        if record is not None:
            _finish(record, problem=problem)


def _finish(record: OrderRecord, *, problem: str) -> None:
    """Take the order out of the outbox, or schedule the next attempt after a problem.

    A new problem is recorded in the history for staff.
    """
    record.fulfill_at = None
    if problem:
        record.fulfillment_attempts += 1
        if problem != record.fulfillment_problem:
            history.record_order(EventType.FULFILLMENT_FAILED, record, reason=problem)
        pause = RETRY.pause_after(record.fulfillment_attempts)
        if pause is not None:
            record.fulfill_at = timezone.now() + pause
    else:
        record.fulfillment_attempts = 0
    record.fulfillment_problem = problem
    record.save(update_fields=["fulfill_at", "fulfillment_problem", "fulfillment_attempts"])
