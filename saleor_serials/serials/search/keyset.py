"""Read a page of any table by keyset: behind a row's value and id, along an index on the two."""

from typing import Any

from django.db.models import Q, QuerySet

from saleor_serials.serials.search.filters import Sort
from saleor_serials.serials.search.pages import Cursor, Page, PageResult


def read_page(among: QuerySet[Any], page: Page, sort: Sort) -> PageResult:
    """Read the rows of one page. One statement.

    Rows without the moment that the list is ordered by are left out.
    """
    low, high = page.after, page.before
    if sort.descending:
        low, high = high, low
    if sort.moment is not None:
        among = among.filter(**{f"{sort.column}__isnull": False})
    if low is not None:
        among = _beyond(among, low, sort, "gt")
    if high is not None:
        among = _beyond(among, high, sort, "lt")
    sign = "-" if sort.descending is not page.backward else ""
    rows = list(among.order_by(*(f"{sign}{column}" for column in sort.columns))[: page.limit + 1])
    return PageResult.on(page, rows[::-1] if page.backward else rows)


def _beyond(among: QuerySet[Any], cursor: Cursor, sort: Sort, comparison: str) -> QuerySet[Any]:
    """Select what lies beyond a place; the first condition lets the index start there."""
    further = Q(**{f"id__{comparison}": cursor.id})
    if sort.column == "id":
        return among.filter(further)
    return among.filter(
        Q(**{f"{sort.column}__{comparison}": cursor.value}) | further,
        **{f"{sort.column}__{comparison}e": cursor.value},
    )
