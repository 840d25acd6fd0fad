"""The assignments of order lines and gifts: how they are made, and what staff grant or withhold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from saleor_serials.models import Assignment


def grant(assignment: Assignment, quantity: int, *, now: datetime) -> None:
    """Have a line or gift be owed so many more by hand."""
    if quantity > 0:
        assignment.granted += quantity
        assignment.entitled += quantity
        assignment.entitled_since = assignment.entitled_since or now


def withhold(assignment: Assignment, quantity: int) -> None:
    """Have a line or gift be owed so many less by hand: first of what was granted so."""
    granted = min(quantity, assignment.granted)
    assignment.granted -= granted
    assignment.withheld += quantity - granted
    assignment.entitled = max(0, assignment.entitled - quantity)


def numbers(assignment: Assignment) -> tuple[Any, ...]:
    return assignment.entitled, assignment.held, assignment.entitled_since


def store(assignments: Sequence[Assignment]) -> None:
    """Write what the lines want and hold, in one statement."""
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
