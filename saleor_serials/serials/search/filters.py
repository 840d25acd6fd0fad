"""The filter and the order of a list of serials."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from saleor_serials.access.permissions import LISTED
from saleor_serials.described import Described
from saleor_serials.errors import TooShort
from saleor_serials.models import SORTED_LENGTH, SerialStatus
from saleor_serials.serials.search.pages import Cursor
from saleor_serials.serials.text import normalised
from saleor_serials.storable import storable_text

# Of fewer characters there are no trigrams to look up.
MIN_SEARCH = 3


class Moment(Described):
    """A time that lists can be ordered by; its column's name."""

    CREATED_AT = "created_at", "When it was made."
    ASSIGNED_AT = "assigned_at", "When its customer got it."
    ENTITLED_SINCE = "entitled_since", "Since when serials are owed."


@dataclass(frozen=True, kw_only=True, slots=True)
class Sort:
    """The order of a list: by id, or by a moment or a column of text and then by id.

    By the moment of assignment, those that never had one are left out. By ``data``, the order is
    that of its first characters: the whole may be longer than an index can hold.
    """

    moment: Moment | None = None
    text: str | None = None
    descending: bool = False

    @property
    def column(self) -> str:
        """The column that the list is ordered by first."""
        return self.text or (self.moment.value if self.moment else "id")

    @property
    def columns(self) -> tuple[str, ...]:
        """What the list is ordered by."""
        return ("id",) if self.column == "id" else (self.column, "id")

    def position(self, row: Any) -> Cursor:
        """Tell where in the list a row stands."""
        if self.text is not None:
            return Cursor(id=row.pk, text=getattr(row, self.text)[:SORTED_LENGTH])
        moment = None if self.moment is None else getattr(row, self.moment.value)
        return Cursor(id=row.pk, moment=moment)


BY_ID = Sort()
NEWEST_FIRST = Sort(descending=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which serials; None does not filter. Deleted ones only if their status is named.

    ``user_id`` is a customer with an account, ``email`` one without. ``product_id`` and
    ``variant_id``, each alone or both, are what the line that holds a serial sold. ``search`` is
    a part of the data, as ``searchable`` returns it.
    """

    pack_ids: tuple[int, ...] | None = None
    batch_ids: tuple[int, ...] | None = None
    statuses: frozenset[SerialStatus] | None = None
    order_id: str | None = None
    user_id: int | None = None
    email: str | None = None
    product_id: int | None = None
    variant_id: int | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    assigned_from: datetime | None = None
    assigned_to: datetime | None = None
    search: str | None = None
    sort: Sort = BY_ID

    def within(self, packs: Iterable[int] | None) -> "Filter":
        """Restrict it to these packs; None does not restrict it."""
        if packs is None:
            return self
        reached = set(packs)
        criteria = reached if self.pack_ids is None else reached.intersection(self.pack_ids)
        return replace(self, pack_ids=tuple(sorted(criteria)))

    @property
    def allowed(self) -> frozenset[SerialStatus]:
        """The statuses that match."""
        return LISTED if self.statuses is None else self.statuses

    @property
    def names_customer(self) -> bool:
        """Tell whether it names the holder of the serials."""
        return (self.order_id, self.user_id, self.email) != (None, None, None)

    @property
    def is_plain(self) -> bool:
        """Tell whether it filters by packs and statuses only, whose numbers are stored."""
        plain = Filter(pack_ids=self.pack_ids, statuses=self.statuses, sort=self.sort)
        return self == plain and self.sort.moment is not Moment.ASSIGNED_AT


def searchable(text: str, *, field: str) -> str:
    """Normalise a search text as serials are.

    Raises:
        TooShort: it has less than three characters.
        InvalidInput: no serial can hold it.
    """
    text = normalised(storable_text(text, field=field))
    if len(text) < MIN_SEARCH:
        raise TooShort("Write at least three characters to search for.", field=field)
    return text


def pattern(search: str) -> str:
    """Write a search as a LIKE pattern, with its wildcards escaped."""
    for sign in "\\%_":
        search = search.replace(sign, f"\\{sign}")
    return f"%{search}%"
