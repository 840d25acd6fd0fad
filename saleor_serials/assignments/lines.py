"""The assignments of order lines and gifts: how they are made, and what staff grant or withhold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from saleor_serials.host.shapes import LineSnapshot
from saleor_serials.models import Assignment, OrderRecord


def line_assignment(
    record: OrderRecord, line: LineSnapshot, *, pack_id: int, per_unit: int = 0
) -> Assignment:
    """Make the assignment of an order line from a pack, not yet stored, with what names the line.

    ``per_unit``: the terms it was bought under; 0: whatever it takes is granted by hand.
    """
    return Assignment(
        order=record,
        line_id=line.id,
        pack_id=pack_id,
        customer=record.customer,
        per_unit=per_unit,
        product_name=line.product_name,
        variant_name=line.variant_name,
        sku=line.sku,
        variant_id=line.variant_id,
        product_id=line.product_id,
    )


def gift(customer: str, quantity: int, *, pack_id: int, held: int = 0, now: datetime) -> Assignment:
    """Make the assignment of a gift to a customer key, without an order, not yet stored."""
    return Assignment(
        customer=customer,
        pack_id=pack_id,
        per_unit=0,
        granted=quantity,
        entitled=quantity,
        held=held,
        entitled_since=now,
    )


def grant(assignment: Assignment, quantity: int, *, now: datetime) -> None:
    """Raise by hand what a line or gift is entitled to."""
    if quantity > 0:
        assignment.granted += quantity
        assignment.entitled += quantity
        assignment.entitled_since = assignment.entitled_since or now


def withhold(assignment: Assignment, quantity: int) -> None:
    """Lower by hand what a line or gift is entitled to: first what was granted by hand."""
    granted = min(quantity, assignment.granted)
    assignment.granted -= granted
    assignment.withheld += quantity - granted
    assignment.entitled = max(0, assignment.entitled - quantity)


def numbers(assignment: Assignment) -> tuple[Any, ...]:
    return assignment.entitled, assignment.held, assignment.entitled_since


def store(assignments: Sequence[Assignment]) -> None:
    """Store what assignments are entitled to and hold, in one statement."""
    if not assignments:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE saleor_serials_assignment AS a
            SET entitled = t.entitled, held = t.held, entitled_since = t.entitled_since
            FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::timestamptz[])
                AS t(id, entitled, held, entitled_since)
            WHERE a.id = t.id
                AND (a.entitled, a.held, a.entitled_since)
                    IS DISTINCT FROM (t.entitled, t.held, t.entitled_since)
            """,
            [
                [assignment.pk for assignment in assignments],
                [assignment.entitled for assignment in assignments],
                [assignment.held for assignment in assignments],
                [assignment.entitled_since for assignment in assignments],
            ],
        )
