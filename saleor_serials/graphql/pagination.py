"""Lists in pages: Relay's connections, by keyset.

A cursor is the id that a page ended with, after its moment where the list is by time.
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import graphene
from graphene.relay import PageInfo
from graphql import GraphQLError

from saleor_serials.host import api
from saleor_serials.serials.search import COUNT_LIMIT, MAX_ID, Cursor, Page, PageResult, Sort

# As Saleor's own lists.
MAX_LIMIT = 100

_BY_ID = Sort()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class Listing:
    """A list that is read only as far as somebody asks: rows, count, or neither.

    ``page`` and ``count`` promise what they read.
    """

    def __init__(
        self,
        info: Any,
        arguments: dict[str, Any],
        *,
        page: Callable[[Page], Any],
        count: Callable[[], Any],
        sort: Sort = _BY_ID,
    ) -> None:
        """Read the arguments of the list's field.

        Raises:
            GraphQLError: they make no sense.
        """
        self.field = info.field_name
        self.first, self.after, self.last, self.before = (
            arguments.get(name) for name in ("first", "after", "last", "before")
        )
        self._check()
        self._sort = sort
        self._cursor = self._position("after") or self._position("before")
        self._page, self.count = page, count

    def _check(self) -> None:
        for name, number in (("first", self.first), ("last", self.last)):
            if number is not None and number < 1:
                raise GraphQLError(f"Argument `{name}` must be a positive integer.")
            if number is not None and number > MAX_LIMIT:
                raise GraphQLError(
                    f"Requesting {number} records on the `{self.field}` connection exceeds "
                    f"the `{name}` limit of {MAX_LIMIT} records."
                )
        for name, other in (("first", "last"), ("first", "before"), ("last", "after")):
            if getattr(self, name) is not None and getattr(self, other) is not None:
                raise GraphQLError(f"Argument `{name}` cannot be combined with `{other}`.")

    def found(self) -> Any:
        """Promise the page's rows.

        Raises:
            GraphQLError: the length of the page is not given.
        """
        if self.first is not None:
            return self._page(Page(limit=self.first, after=self._cursor))
        if self.last is not None:
            return self._page(Page(limit=self.last, before=self._cursor, backward=True))
        raise GraphQLError(
            "You must provide a `first` or `last` value to properly paginate "
            f"the `{self.field}` connection."
        )

    def page_info(self, found: PageResult) -> PageInfo:
        """Describe where the page lies in the list."""
        before, after = self._cursor is not None, found.more
        if self.last is not None:
            before, after = after, before
        rows = found.rows
        return PageInfo(
            has_previous_page=before,
            has_next_page=after,
            start_cursor=self.cursor(rows[0]) if rows else None,
            end_cursor=self.cursor(rows[-1]) if rows else None,
        )

    def cursor(self, row: Any) -> str:
        """Name the place behind a row."""
        position = self._sort.position(row)
        text = str(position.id)
        if self._sort.moment is not None and position.moment is not None:
            text = f"{self._sort.moment} {(position.moment - _EPOCH) // _TICK} {text}"
        return base64.b64encode(text.encode()).decode()

    def _position(self, name: str) -> Cursor | None:
        cursor: str | None = getattr(self, name)
        if cursor is None:
            return None
        try:
            position = self._read(base64.b64decode(cursor, validate=True).decode("ascii"))
        except (ValueError, OverflowError):
            position = None
        if position is None:
            raise GraphQLError(f"Argument `{name}` is not a cursor of this list.")
        return position

    def _read(self, cursor: str) -> Cursor | None:
        *of_moment, number = cursor.split(" ")
        if not (number.isdigit() and 0 < int(number) <= MAX_ID):
            return None
        if self._sort.moment is None:
            return None if of_moment else Cursor(id=int(number))
        column, ticks = of_moment
        if column != self._sort.moment:
            return None
        return Cursor(id=int(number), moment=_EPOCH + int(ticks) * _TICK)


_TOTAL_COUNT = (
    "How many rows the whole list has. Null for a list of serials that is filtered by more than "
    f"packs and statuses and has more than {COUNT_LIMIT:,}; the query `serialCount` counts those."
)


_Base: Any = api.CountableConnection


class Connection(_Base):
    """What a ``Listing`` looks like in the schema."""

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, **options: Any) -> None:
        super().__init_subclass_with_meta__(**options)
        cls._meta.fields["edges"].description = "The rows on this page, each with its cursor."
        cls._meta.fields["total_count"].description = _TOTAL_COUNT

    @staticmethod
    def resolve_total_count(root: Listing, info: Any) -> Any:
        return root.count()

    @staticmethod
    def resolve_page_info(root: Listing, info: Any) -> Any:
        return root.found().then(root.page_info)

    @classmethod
    def resolve_edges(cls, root: Listing, info: Any) -> Any:
        def edges(found: PageResult) -> list[Any]:
            return [cls.Edge(node=row, cursor=root.cursor(row)) for row in found.rows]

        return root.found().then(edges)


def field(connection: Any, *, resolver: Any, description: str, **arguments: Any) -> Any:
    """Make a field that is a list in pages; ``connection`` may be named by its path."""
    return graphene.Field(
        connection,
        resolver=resolver,
        description=description,
        first=graphene.Int(description="Return the first n elements from the list."),
        after=graphene.String(
            description="Return the elements in the list that come after the specified cursor."
        ),
        last=graphene.Int(description="Return the last n elements from the list."),
        before=graphene.String(
            description="Return the elements in the list that come before the specified cursor."
        ),
        **arguments,
    )
