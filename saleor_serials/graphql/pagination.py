"""Lists in pages: Relay's connections, by keyset.

A cursor is the id that a page ended with, after its value in the column that the list is by.
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import graphene
from graphene.relay import PageInfo

from saleor_serials.errors import InvalidInput, OutOfRange, Required
from saleor_serials.graphql.errors import query_error
from saleor_serials.host import api
from saleor_serials.serials.search import BY_ID, COUNT_LIMIT, MAX_ID, Cursor, Page, PageResult, Sort
from saleor_serials.storable import storable_text

# As Saleor's own lists.
MAX_LIMIT = 100

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
        sort: Sort = BY_ID,
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
                raise query_error(
                    OutOfRange(f"Argument `{name}` must be a positive integer.", field=name)
                )
            if number is not None and number > MAX_LIMIT:
                raise query_error(
                    OutOfRange(
                        f"Requesting {number} records on the `{self.field}` connection exceeds "
                        f"the `{name}` limit of {MAX_LIMIT} records.",
                        field=name,
                    )
                )
        for name, other in (("first", "last"), ("first", "before"), ("last", "after")):
            if getattr(self, name) is not None and getattr(self, other) is not None:
                raise query_error(
                    InvalidInput(
                        f"Argument `{name}` cannot be combined with `{other}`.", field=other
                    )
                )

    def found(self) -> Any:
        """Promise the page's rows.

        Raises:
            GraphQLError: the length of the page is not given.
        """
        if self.first is not None:
            return self._page(Page(limit=self.first, after=self._cursor))
        if self.last is not None:
            return self._page(Page(limit=self.last, before=self._cursor, backward=True))
        raise query_error(
            Required(
                "You must provide a `first` or `last` value to properly paginate "
                f"the `{self.field}` connection.",
                field="first",
            )
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
        if position.moment is not None:
            text = f"{self._sort.column} {(position.moment - _EPOCH) // _TICK} {text}"
        elif position.text is not None:
            value = base64.b64encode(position.text.encode()).decode()
            text = f"{self._sort.column} {value} {text}"
        return base64.b64encode(text.encode()).decode()

    def _position(self, name: str) -> Cursor | None:
        cursor: str | None = getattr(self, name)
        if cursor is None:
            return None
        try:
            position = self._read(base64.b64decode(cursor, validate=True).decode("ascii"))
        except (ValueError, OverflowError, InvalidInput):
            position = None
        if position is None:
            raise query_error(
                InvalidInput(f"Argument `{name}` is not a cursor of this list.", field=name)
            )
        return position

    def _read(self, cursor: str) -> Cursor | None:
        *of_value, number = cursor.split(" ")
        if not (number.isdigit() and 0 < int(number) <= MAX_ID):
            return None
        if self._sort.column == "id":
            return None if of_value else Cursor(id=int(number))
        column, value = of_value
        if column != self._sort.column:
            return None
        if self._sort.moment is not None:
            return Cursor(id=int(number), moment=_EPOCH + int(value) * _TICK)
        text = base64.b64decode(value, validate=True).decode()
        return Cursor(id=int(number), text=storable_text(text, field="after"))


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
