"""Find the serials of orders, order lines, customers, packs and batches, of many at once.

Every such list is ordered by id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Value

from saleor_serials import customers
from saleor_serials.host import host
from saleor_serials.models import OrderRecord, Serial, SerialStatus
from saleor_serials.serials.search.pages import MAX_ID, Page, PageResult

_EVERYTHING = Page(limit=MAX_ID - 1)


class Holder(StrEnum):
    """A kind of holder; its ids are those of orders, order lines, users, packs or batches."""

    ORDER = "order"
    LINE = "line"
    USER = "user"
    PACK = "pack"
    BATCH = "batch"


def find_held(
    holder: Holder,
    ids: Iterable[str],
    *,
    statuses: frozenset[SerialStatus],
    packs: frozenset[int] | None = None,
    page: Page,
) -> dict[str, PageResult]:
    """Find the same page of each holder's serials: two statements at most, however many.

    ``packs``: of these alone; None: of all.
    """
    search = _Search(page=page, owners=list(dict.fromkeys(ids)))
    rows: dict[str, list[Serial]] = {owner: [] for owner in search.owners}
    if search.wants(statuses, packs):
        for serial in search.rows(_held(holder, search)):
            rows[serial.owner].append(serial)
    return {owner: PageResult.on(page, found) for owner, found in rows.items()}


def count_held(
    holder: Holder,
    ids: Iterable[str],
    *,
    statuses: frozenset[SerialStatus],
    packs: frozenset[int] | None = None,
) -> dict[str, int]:
    """Count each holder's serials: two statements at most, however many holders."""
    search = _Search(page=_EVERYTHING, owners=list(dict.fromkeys(ids)))
    counts = dict.fromkeys(search.owners, 0)
    if search.wants(statuses, packs):
        counts |= search.counts(_held(holder, search))
    return counts


@dataclass(kw_only=True, slots=True)
class _Search:
    """One statement: a page, the owners of the serials, and the conditions.

    Its sources are SQL for the ``(owner, id)`` of serials.
    """

    page: Page
    owners: Sequence[str] = ("",)
    conditions: list[tuple[str, str]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def wants(self, statuses: frozenset[SerialStatus], packs: frozenset[int] | None) -> bool:
        """Restrict it to statuses and packs; tell whether anything can match."""
        self.narrow("status", "= ANY(%(statuses)s)", statuses=texts(statuses))
        if packs is not None:
            self.narrow("pack_id", "= ANY(%(packs)s::bigint[])", packs=sorted(packs))
        return bool(statuses) and (packs is None or bool(packs))

    def narrow(self, column: str, condition: str, **values: Any) -> None:
        """Add a condition on a column of the serial."""
        self.conditions.append((column, condition))
        self.values |= values

    def _where(self, *, known: Sequence[str] = ()) -> str:
        return "".join(
            f" AND (s.{column} {condition})"
            for column, condition in self.conditions
            if column not in known
        )

    @property
    def _direction(self) -> str:
        return "DESC" if self.page.backward else "ASC"

    def scan(self, columns: Sequence[str], *, seeds: str, condition: str = "TRUE") -> str:
        """Scan the index on ``columns`` and id, once for each row of ``seeds``.

        ``condition`` is that of a partial index. Comparing the last column together with the id
        leaves the planner no other index. Told the same with plain equality, it may walk the
        primary key, past all the serials of other packs.
        """
        equal = "".join(f"s.{column} = seed.{column} AND " for column in columns[:-1])
        ours = ", ".join(f"s.{column}" for column in [*columns[-1:], "id"])
        theirs = "".join(f"seed.{column}, " for column in columns[-1:])
        order = ", ".join(f"s.{column} {self._direction}" for column in [*columns[-1:], "id"])
        return f"""
            SELECT seed.owner, found.id
            FROM ({seeds}) AS seed CROSS JOIN LATERAL (
                SELECT s.id FROM saleor_serials_serial AS s
                WHERE {equal} ({ours}) > ({theirs} %(after)s) AND ({ours}) < ({theirs} %(before)s)
                    AND {condition} {self._where(known=columns)}
                ORDER BY {order} LIMIT %(limit)s
            ) AS found
        """

    def through(self, assignments: str, *, owner: str) -> str:
        """Read what the assignments ``a`` hold; OFFSET 0 makes it use the index for each."""
        return f"""
            SELECT {owner} AS owner, found.id
            FROM {assignments} CROSS JOIN LATERAL (
                SELECT s.id FROM saleor_serials_serial AS s
                WHERE s.assignment_id = a.id AND s.assignment_id IS NOT NULL
                    AND s.id > %(after)s AND s.id < %(before)s {self._where()}
                OFFSET 0
            ) AS found
        """

    def rows(self, source: str) -> list[Any]:
        """Read each owner's page, and one serial more, by id."""
        sql = f"""
            SELECT s.*, page.owner
            FROM (
                SELECT owner, id FROM (
                    SELECT owner, id,
                        row_number() OVER (PARTITION BY owner ORDER BY id {self._direction}) AS n
                    FROM ({source}) AS candidate
                ) AS ranked
                WHERE n <= %(limit)s LIMIT %(most)s
            ) AS page JOIN saleor_serials_serial AS s ON s.id = page.id
            ORDER BY page.owner, s.id
        """
        return list(Serial.objects.raw(sql, self._bounds()))

    def counts(self, source: str) -> dict[str, int]:
        """Count each owner's serials; owners without any are missing."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT owner, count(*) FROM ({source}) AS candidate GROUP BY owner",
                self._bounds(),
            )
            return dict(cursor.fetchall())

    def _bounds(self) -> dict[str, Any]:
        limit = self.page.limit + 1
        return {
            **self.values,
            "owners": list(self.owners),
            "after": self.page.lowest,
            "before": self.page.highest,
            "limit": limit,
            # Cuts nothing off: it tells the planner how few rows will come.
            "most": min(limit * len(self.owners), MAX_ID),
        }


# The column of the serial that names the pack or batch.
_INSIDE = {Holder.PACK: "pack_id", Holder.BATCH: "batch_id"}


def _held(holder: Holder, search: _Search) -> str:
    if holder is Holder.ORDER:
        return search.through(
            """(SELECT id, order_id FROM saleor_serials_orderrecord
                WHERE order_id = ANY(%(owners)s)) AS r
            JOIN saleor_serials_assignment AS a ON a.order_id = r.id""",
            owner="r.order_id",
        )
    if holder is Holder.LINE:
        return search.through(
            """(SELECT id, line_id FROM saleor_serials_assignment
                WHERE line_id = ANY(%(owners)s)) AS a""",
            owner="a.line_id",
        )
    if holder in _INSIDE:
        return search.scan(
            [_INSIDE[holder], "status"],
            seeds=f"""
                SELECT owner, owner::bigint AS {_INSIDE[holder]}, status
                FROM unnest(%(owners)s::text[]) AS owner, unnest(%(statuses)s::text[]) AS status
            """,
        )
    found = claims([int(owner) for owner in search.owners])
    search.values |= {
        "customers": [customers.of_user(int(owner)) for owner in search.owners],
        "claimers": [claim.user_id for claim in found],
        "claimed": [claim.record_id for claim in found],
    }
    own = search.scan(
        ["customer"],
        seeds="""
            SELECT owner, customer
            FROM unnest(%(owners)s::text[], %(customers)s::text[]) AS t(owner, customer)
        """,
        condition="s.customer <> ''",
    )
    if not found:
        return own
    by_claim = search.through(
        """unnest(%(claimers)s::text[], %(claimed)s::bigint[]) AS claim(owner, record)
        JOIN saleor_serials_assignment AS a ON a.order_id = claim.record""",
        owner="claim.owner",
    )
    # Not UNION ALL: a sweep may have moved the keys since they were looked up.
    return f"{own} UNION {by_claim}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A guest's order that an account has claimed since the last sweep."""

    user_id: str
    record_id: int


def claims(user_ids: Sequence[int]) -> list[Claim]:
    """Find the orders of accounts that still carry another customer's key. One statement."""
    first, *others = (
        OrderRecord.objects.filter(order_id__in=host.orders_of_user(user_id))
        .exclude(customer=customers.of_user(user_id))
        .order_by()
        .annotate(user=Value(str(user_id)))
        .values_list("user", "pk")
        for user_id in user_ids
    )
    found = first.union(*others, all=True)
    return [Claim(user_id=user, record_id=record) for user, record in found]


def texts(statuses: Iterable[SerialStatus]) -> list[str]:
    """Return statuses as the database stores them."""
    return sorted(status.value for status in statuses)
