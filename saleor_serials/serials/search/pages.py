"""Pages of a list: where one begins and ends, and what is on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MAX_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """A place in a list: behind a row with this id.

    ``moment`` where the list is by time, ``text`` where it is by a column of text.
    """

    id: int
    moment: datetime | None = None
    text: str | None = None

    @property
    def value(self) -> datetime | str | None:
        """What the row has in the column that the list is ordered by; None: that is the id."""
        return self.text if self.moment is None else self.moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """At most ``limit`` rows between two places: the first of them, or ``backward`` the last."""

    limit: int
    after: Cursor | None = None
    before: Cursor | None = None
    backward: bool = False

    @property
    def lowest(self) -> int:
        """The id behind which a page of a list by id begins."""
        return self.after.id if self.after else 0

    @property
    def highest(self) -> int:
        """The id before which a page of a list by id ends."""
        return self.before.id if self.before else MAX_ID


@dataclass(frozen=True, kw_only=True, slots=True)
class PageResult:
    """The rows of a page, in the list's order; ``more``: others follow in reading's direction."""

    rows: Sequence[Any] = ()
    more: bool = False

    @classmethod
    def on(cls, page: Page, rows: Sequence[Any]) -> "PageResult":
        """Cut what was read for a page, in order and up to one more, to what the page shows."""
        shown = rows[-page.limit :] if page.backward else rows[: page.limit]
        return cls(rows=shown, more=len(rows) > page.limit)
