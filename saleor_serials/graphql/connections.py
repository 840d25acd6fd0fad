"""Lists in pages: Relay's connections, by keyset. A cursor is the id that a page ended with."""

import base64
from collections.abc import Callable
from typing import Any

import graphene
from graphene.relay import PageInfo
from graphql import GraphQLError

from saleor_serials.finding import MAX_ID, Found, Page
from saleor_serials.graphql.job_types import SerialJob
from saleor_serials.graphql.types import Serial, SerialPack
from saleor_serials.host import graphql

# As Saleor's own lists.
MAX_LIMIT = 100


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
        self._cursor = _position(self.after, "after") or _position(self.before, "before")
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
            return self._page(Page(limit=self.first, after=self._cursor or 0))
        if self.last is not None:
            return self._page(Page(limit=self.last, before=self._cursor or MAX_ID, backward=True))
        raise GraphQLError(
            "You must provide a `first` or `last` value to properly paginate "
            f"the `{self.field}` connection."
        )

    def page_info(self, found: Found) -> PageInfo:
        """Describe where the page lies in the list."""
        before, after = self._cursor is not None, found.more
        if self.last is not None:
            before, after = after, before
        rows = found.rows
        return PageInfo(
            has_previous_page=before,
            has_next_page=after,
            start_cursor=_cursor(rows[0].pk) if rows else None,
            end_cursor=_cursor(rows[-1].pk) if rows else None,
        )


def _cursor(pk: int) -> str:
    return base64.b64encode(str(pk).encode()).decode()


def _position(cursor: str | None, name: str) -> int | None:
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor, validate=True).decode("ascii")
    except ValueError:
        text = ""
    if not (text.isdigit() and len(text) <= len(str(MAX_ID)) and 0 < int(text) <= MAX_ID):
        raise GraphQLError(f"Argument `{name}` is not a cursor of this list.")
    return int(text)


class _Connection(graphql.CountableConnection):
    """What a ``Listing`` looks like in the schema."""

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, **options: Any) -> None:
        super().__init_subclass_with_meta__(**options)
        cls._meta.fields["edges"].description = "The rows on this page, each with its cursor."

    @staticmethod
    def resolve_total_count(root: Listing, info: Any) -> Any:
        return root.count()

    @staticmethod
    def resolve_page_info(root: Listing, info: Any) -> Any:
        return root.found().then(root.page_info)

    @classmethod
    def resolve_edges(cls, root: Listing, info: Any) -> Any:
        def edges(found: Found) -> list[Any]:
            return [cls.Edge(node=row, cursor=_cursor(row.pk)) for row in found.rows]

        return root.found().then(edges)


class SerialCountableConnection(_Connection):
    class Meta:
        node = Serial
        description = "A list of serials, by ID."


class SerialPackCountableConnection(_Connection):
    class Meta:
        node = SerialPack
        description = "A list of packs, by ID."


class SerialJobCountableConnection(_Connection):
    class Meta:
        node = SerialJob
        description = "A list of jobs, by ID."


def field(connection: Any, *, resolver: Any, description: str, **arguments: Any) -> Any:
    """Make a field that is a list in pages."""
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
