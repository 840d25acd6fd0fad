"""Record partial refunds and chargebacks in the history; they change no entitlement."""

from collections.abc import Sequence
from decimal import Decimal

from saleor_serials import history
from saleor_serials.config import Config
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import Assignment, EventType, OrderRecord
from saleor_serials.orders.entitlement import has_reached
from saleor_serials.orders.lines import held_by_terms
from saleor_serials.run import Run

_PAYMENT_ISSUES = {
    EventType.PAYMENT_REVERSED: "The payments no longer cover the total",
    EventType.PRICES_STALE: "The payments cover the total, but not what its edited lines cost",
}


def _payment_issue(
    record: OrderRecord, order: OrderSnapshot, *, config: Config
) -> EventType | None:
    """Say what speaks against giving an order more, though nothing was paid back."""
    if config.assign_on != "paid" or order.paid or order.fully_refunded or not order.is_open:
        return None
    if order.prices_stale:
        return EventType.PRICES_STALE
    return EventType.PAYMENT_REVERSED if record.entitled_at else None


def record_payment(
    record: OrderRecord,
    order: OrderSnapshot,
    assignments: Sequence[Assignment],
    *,
    run: Run,
) -> None:
    """Set when the order was first entitled, what was paid back, and any payment issue.

    A partial refund names no line, and a payment that vanished is no refund: each is recorded in
    the history for staff to decide. While an issue lasts, lines keep what they hold by their terms.
    """
    if record.entitled_at is None and has_reached(order, assign_on=run.config.assign_on):
        record.entitled_at = run.now
    _record_refund(record, order)
    issue = _payment_issue(record, order, config=run.config)
    if issue and record.payment_issue != issue:
        reason = f"{_PAYMENT_ISSUES[issue]}; it keeps its serials and gets no more"
        history.record_order(issue, record, reason=reason)
    record.payment_issue = issue.value if issue else ""
    if not issue:
        record.entitled_at_issue = None
    elif not record.entitled_at_issue:
        record.entitled_at_issue = {str(each.pk): held_by_terms(each) for each in assignments}


def _record_refund(record: OrderRecord, order: OrderSnapshot) -> None:
    refunded = order.refunded if record.entitled_at else Decimal(0)
    if refunded > (record.refunded or 0) and not order.fully_refunded:
        history.record_order(
            EventType.PARTLY_REFUNDED,
            record,
            reason=f"{order.refunded} {order.currency} refunded in all; "
            "an amount alone takes no serial back",
        )
    record.refunded = refunded or None
