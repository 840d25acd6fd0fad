"""Record partial refunds and chargebacks in the history; they change no entitlement."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from saleor_serials import config, history
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import Assignment, EventType, OrderRecord
from saleor_serials.orders.entitlement import has_reached
from saleor_serials.orders.lines import held_by_terms

_PAYMENT_ISSUES = {
    EventType.PAYMENT_REVERSED: "The payments no longer cover the total",
    EventType.PRICES_STALE: "The payments cover the total, but not what its edited lines cost",
}


def _payment_issue(
    record: OrderRecord, order: OrderSnapshot, *, settings: config.Config
) -> EventType | None:
    """Say what speaks against giving an order more, though nothing was paid back."""
    if settings.assign_on != "paid" or order.paid or order.fully_refunded or not order.is_open:
        return None
    if order.prices_stale:
        return EventType.PRICES_STALE
    return EventType.PAYMENT_REVERSED if record.entitled_at else None


# What is noted of an order's payment; the rest is others'.
_OF_PAYMENT = {"refunded", "payment_issue", "kept"}


def record_payment(
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
        if order.refunded > Decimal(was.get("refunded", 0)) and not order.fully_refunded:
            history.record_order(
                EventType.PARTLY_REFUNDED,
                record,
                reason=f"{order.refunded} {order.currency} refunded in all; "
                "an amount alone takes no serial back",
            )
    if payment_issue := _payment_issue(record, order, settings=settings):
        noted["payment_issue"] = payment_issue.value
        noted["kept"] = was.get("kept") or {
            str(each.pk): held_by_terms(each) for each in assignments
        }
        if was.get("payment_issue") != payment_issue:
            reason = f"{_PAYMENT_ISSUES[payment_issue]}; it keeps its serials and gets no more"
            history.record_order(payment_issue, record, reason=reason)
    record.noted = noted
