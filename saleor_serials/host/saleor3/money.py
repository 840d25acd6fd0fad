"""Money of an order: its payments, and its transactions as their events tell it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from saleor.payment import TransactionEventType

from saleor_serials.host import payments
from saleor_serials.host.balance import Movement, unexplained

_FAILURES = {
    TransactionEventType.CHARGE_SUCCESS: TransactionEventType.CHARGE_FAILURE,
    TransactionEventType.REFUND_SUCCESS: TransactionEventType.REFUND_FAILURE,
}
PARAMETERS = {
    "payment_kinds": [*payments.KINDS],
    "event_types": [
        *(*_FAILURES, *_FAILURES.values()),
        *(TransactionEventType.CHARGE_BACK, TransactionEventType.REFUND_REVERSE),
    ],
}

# ``charged_value`` is net of refunds, also of those that are only requested: the balance is not.
_TRANSACTIONS = """
    SELECT jsonb_agg(jsonb_build_object(
        'charged', (i.charged_value + i.refund_pending_value)::text,
        'refunded', i.refunded_value::text,
        'first', extract(epoch FROM i.created_at),
        'last', extract(epoch FROM i.modified_at),
        'events', (
            SELECT jsonb_agg(
                jsonb_build_array(
                    extract(epoch FROM e.created_at), e.type, coalesce(e.psp_reference, ''),
                    e.amount_value::text
                ) ORDER BY e.created_at, e.id
            )
            FROM payment_transactionevent AS e
            WHERE e.transaction_id = i.id AND e.include_in_calculations
                AND e.type = ANY(%(event_types)s)
        )
    ))
    FROM payment_transactionitem AS i WHERE i.order_id = o.id
"""
_PAYMENTS = payments.select(created="created_at", modified="modified_at")
SELECT = f"""
SELECT jsonb_build_object('payments', ({_PAYMENTS}), 'transactions', ({_TRANSACTIONS}))::text
"""


@dataclass(frozen=True, slots=True)
class _Event:
    at: float
    type: str
    reference: str
    amount: str


def movements(money: str) -> list[Movement]:
    """Read what ``SELECT`` found of the order ``o``.

    A transaction of an import, or one that a script wrote, has amounts without events.
    """
    read = json.loads(money)
    found = payments.movements(read["payments"] or ())
    for transaction in read["transactions"] or ():
        events = [_Event(*each) for each in transaction["events"] or ()]
        refunded = Decimal(transaction["refunded"])
        found += unexplained(
            [_movement(event) for event in _that_count(events)],
            inflow=Decimal(transaction["charged"]) + refunded,
            refunded=refunded,
            first=transaction["first"],
            last=transaction["last"],
        )
    return found


def _that_count(events: Iterable[_Event]) -> list[_Event]:
    """Leave out what Saleor does: what came before under the same reference, and what failed."""
    newest: dict[tuple[str, str], _Event] = {}
    for number, event in enumerate(events):
        newest[event.type, event.reference or f"none {number}"] = event
    failures = set(_FAILURES.values())

    def has_failed(event: _Event) -> bool:
        failure = newest.get((_FAILURES.get(event.type, ""), event.reference))
        return bool(event.reference) and failure is not None and failure.at >= event.at

    return [e for e in newest.values() if e.type not in failures and not has_failed(e)]


def _movement(event: _Event) -> Movement:
    """Say what an event moved.

    Those without a reference are written where the amounts themselves are given: their refund has
    left what was charged as it is, since that is corrected by an event of its own.
    """
    amount = Decimal(event.amount)
    if event.type == TransactionEventType.CHARGE_SUCCESS:
        return Movement(at=event.at, inflow=amount)
    if event.type == TransactionEventType.CHARGE_BACK:
        return Movement(at=event.at, inflow=-amount)
    if event.type == TransactionEventType.REFUND_SUCCESS:
        inflow = Decimal(0) if event.reference else amount
        return Movement(at=event.at, inflow=inflow, refunded=amount)
    if event.reference:
        return Movement(at=event.at, refunded=-amount)
    return Movement(at=event.at, inflow=amount)
