"""What a check is, and how it reads the database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that is wrong, in words for staff, and what it is about, for the repair.

    The words name ids and order numbers, never the data of a serial or who has it.
    """

    text: str
    about: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One rule that must hold, how to find what breaks it, and what to do about that.

    ``find`` MUST take a number of statements that does not depend on how much there is. ``repair``
    MUST be safe to run twice and while the shop is open; without one, staff decide.
    """

    name: str
    rule: str
    advice: str
    find: Callable[[], Sequence[Finding]]
    repair: Callable[[Sequence[Finding]], None] | None = None


def select(sql: str, text: str, values: Mapping[str, Any] | None = None) -> list[Finding]:
    """Read findings, one a row: its first column is what it is about, the others are ``text``'s."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Finding(about=about, text=text.format(*rest)) for about, *rest in cursor.fetchall()]


# Where an assignment (a) of an order (r, if any) is.
PLACE = """CASE WHEN r.id IS NULL THEN 'a gift'
    ELSE 'order ' || r.number || ', line ' || a.line_id END"""
