"""Money of Saleor's payments, which both hosts have; Saleor 3 has transactions beside them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from saleor.payment import TransactionKind

from saleor_serials.host.balance import Movement, unexplained

# A refund that did not take place after all; 2.10.1 has no such kind.
_REVERSED = "refund_reversed"
KINDS = (TransactionKind.CAPTURE, TransactionKind.CONFIRM, TransactionKind.REFUND, _REVERSED)


def select(*, created: str, modified: str) -> str:
    """Make the query for the payments of the order ``o``, as one JSON array.

    ``created``, ``modified``: what the host calls these columns. The parameter ``payment_kinds`` is
    ``KINDS``.
    """
    return f"""
        SELECT jsonb_agg(jsonb_build_object(
            'captured', p.captured_amount::text,
            'first', extract(epoch FROM p.{created}),
            'last', extract(epoch FROM p.{modified}),
            'movements', (
                SELECT jsonb_agg(
                    jsonb_build_array(extract(epoch FROM t.{created}), t.kind, t.amount::text)
                    ORDER BY t.id
                )
                FROM payment_transaction AS t
                WHERE t.payment_id = p.id AND t.is_success AND NOT t.action_required
                    AND t.kind = ANY(%(payment_kinds)s)
            )
        ))
        FROM payment_payment AS p WHERE p.order_id = o.id
    """


def movements(payments: Iterable[Any]) -> list[Movement]:
    """Read what ``select`` found.

    A payment that staff marked as paid, or that a script wrote, has captured without transactions.
    """
    found: list[Movement] = []
    for payment in payments:
        moved = [_movement(*each) for each in payment["movements"] or ()]
        refunded = sum((each.refunded for each in moved), Decimal(0))
        found += unexplained(
            moved,
            inflow=Decimal(payment["captured"]) + refunded,
            refunded=refunded,
            first=payment["first"],
            last=payment["last"],
        )
    return found


def _movement(at: float, kind: str, amount: str) -> Movement:
    if kind == TransactionKind.REFUND:
        return Movement(at=at, refunded=Decimal(amount))
    if kind == _REVERSED:
        return Movement(at=at, refunded=-Decimal(amount))
    return Movement(at=at, inflow=Decimal(amount))
