"""Changes of who holds serials that are neither a claim nor a release."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Q

from saleor_serials import customers
from saleor_serials.models import OrderRecord, Serial, SerialStatus
from saleor_serials.serials.writing import Draft


def move_customer(order: OrderRecord, *, to: str) -> None:
    """Give what an order holds to another customer key: an account has claimed a guest's order.

    What the guest has on no line (kept after a refund, say) moves as well. The caller has locked
    the order, and saves it.
    """
    theirs = Q(assignment__order=order)
    if customers.email_of(order.customer) is not None:
        theirs |= Q(customer=order.customer, assignment__isnull=True)
    Serial.objects.filter(theirs).update(customer=to)
    order.assignments.update(customer=to)
    order.customer = to


def name_customers(serial_ids: Sequence[int]) -> None:
    """Write the customer of their assignment on held serials that nobody has consumed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE saleor_serials_serial AS s SET customer = a.customer
            FROM saleor_serials_assignment AS a
            WHERE s.id = ANY(%s) AND a.id = s.assignment_id AND s.consumed_at IS NULL
            """,
            [list(serial_ids)],
        )


def held_draft(
    draft: Draft, status: SerialStatus, *, customer: str, assignment_id: int | None, **moments: Any
) -> Draft:
    """Make a draft one that is written with its holder.

    ``assignment_id`` is of an assignment whose ``held`` already counts the serial, or None.
    ``moments``: when it was assigned, delivered and consumed.
    """
    return replace(draft, status=status, customer=customer, assignment_id=assignment_id, **moments)
