"""Find serials, in pages that cost the same on the first and on the thousandth.

Every list is ordered by id, and a page starts behind the id that ended the one before. The
statements walk an index that ends in ``id`` and stop after one page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Value

from saleor_serials.host import host
from saleor_serials.host.shapes import customer_of_user
from saleor_serials.models import OrderRecord, Serial, SerialStatus
from saleor_serials.permissions import LISTED

MAX_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """At most ``limit`` rows between two ids: the first of them, or ``backward`` the last."""

    limit: int
    after: int = 0
    before: int = MAX_ID
    backward: bool = False


_EVERYTHING = Page(limit=MAX_ID - 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The rows of a page, by id; ``more``: others follow in the direction of reading."""

    rows: Sequence[Any] = ()
    more: bool = False

    @classmethod
    def on(cls, page: Page, rows: Sequence[Any]) -> "Found":
        """Cut what was read for a page, by id and up to one more, to what the page shows."""
        kept = rows[-page.limit :] if page.backward else rows[: page.limit]
        return cls(rows=kept, more=len(rows) > page.limit)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which serials; what is None does not matter. Deleted ones only if their status is named."""

    pack_ids: tuple[int, ...] | None = None
    batch_ids: tuple[int, ...] | None = None
    statuses: frozenset[SerialStatus] | None = None
    order_id: str | None = None
    user_id: int | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


class Holder(StrEnum):
    """By whom or what serials are held; its ids are those of orders, order lines or users."""

    ORDER = "order"
    LINE = "line"
    USER = "user"


def find(wanted: Filter, page: Page) -> Found:
    """Find the serials on one page of a list."""
    search = _Search(page=page)
    return Found.on(page, search.rows(_choose(wanted, search, ordered=True)))


def count(wanted: Filter) -> int:
    """Count the serials that a filter lets through; takes as long as they are many."""
    search = _Search(page=_EVERYTHING)
    return sum(search.counts(_choose(wanted, search, ordered=False)).values())


def find_held(
    holder: Holder, ids: Iterable[str], *, statuses: frozenset[SerialStatus], page: Page
) -> dict[str, Found]:
    """Find the same page of each holder's serials: two statements at most, however many."""
    search = _Search(page=page, owners=list(dict.fromkeys(ids)))
    rows: dict[str, list[Serial]] = {owner: [] for owner in search.owners}
    if statuses:
        search.narrow("status", "= ANY(%(statuses)s)", statuses=_texts(statuses))
        for serial in search.rows(_held(holder, search)):
            rows[serial.owner].append(serial)
    return {owner: Found.on(page, found) for owner, found in rows.items()}


def count_held(
    holder: Holder, ids: Iterable[str], *, statuses: frozenset[SerialStatus]
) -> dict[str, int]:
    """Count each holder's serials: two statements at most, however many holders."""
    search = _Search(page=_EVERYTHING, owners=list(dict.fromkeys(ids)))
    counts = dict.fromkeys(search.owners, 0)
    if statuses:
        search.narrow("status", "= ANY(%(statuses)s)", statuses=_texts(statuses))
        counts |= search.counts(_held(holder, search))
    return counts


@dataclass(kw_only=True, slots=True)
class _Search:
    """One statement in the making: a page, whose serials, and what they must fulfil.

    Its sources are SQL for the ``(owner, id)`` of serials.
    """

    page: Page
    owners: Sequence[str] = ("",)
    conditions: list[tuple[str, str]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

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

    def walk(self, columns: Sequence[str], *, starts: str, condition: str = "TRUE") -> str:
        """Walk the index on ``columns`` and id, once for each row of ``starts``.

        ``condition`` is that of a partial index. Comparing the last column together with the id
        leaves the planner no other index. Told the same with plain equality, it may walk the
        primary key, past all the serials of other packs.
        """
        equal = "".join(f"s.{column} = start.{column} AND " for column in columns[:-1])
        ours = ", ".join(f"s.{column}" for column in [*columns[-1:], "id"])
        theirs = "".join(f"start.{column}, " for column in columns[-1:])
        order = ", ".join(f"s.{column} {self._direction}" for column in [*columns[-1:], "id"])
        return f"""
            SELECT start.owner, found.id
            FROM ({starts}) AS start CROSS JOIN LATERAL (
                SELECT s.id FROM saleor_serials_serial AS s
                WHERE {equal} ({ours}) > ({theirs} %(after)s) AND ({ours}) < ({theirs} %(before)s)
                    AND {condition} {self._where(known=columns)}
                ORDER BY {order} LIMIT %(limit)s
            ) AS found
        """

    def through(self, assignments: str, *, owner: str) -> str:
        """Take what the assignments ``a`` hold; OFFSET 0 has each looked up by the index."""
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
            "after": self.page.after,
            "before": self.page.before,
            "limit": limit,
            # Cuts nothing off: it tells the planner how few rows will come.
            "most": min(limit * len(self.owners), MAX_ID),
        }


def _choose(wanted: Filter, search: _Search, *, ordered: bool) -> str:
    """Take the narrowest index that the filter offers; the rest is checked row by row.

    Without any filter the primary key serves the first rows at once, and all of them slowly.
    """
    statuses = LISTED if wanted.statuses is None else wanted.statuses
    search.narrow("status", "= ANY(%(statuses)s)", statuses=_texts(statuses))
    if wanted.pack_ids is not None:
        search.narrow("pack_id", "= ANY(%(packs)s::bigint[])", packs=list(wanted.pack_ids))
    if wanted.batch_ids is not None:
        search.narrow("batch_id", "= ANY(%(batches)s::bigint[])", batches=list(wanted.batch_ids))
    if wanted.created_from is not None:
        search.narrow("created_at", ">= %(created_from)s", created_from=wanted.created_from)
    if wanted.created_to is not None:
        search.narrow("created_at", "<= %(created_to)s", created_to=wanted.created_to)
    if wanted.order_id is not None:
        search.owners = [wanted.order_id]
        if wanted.user_id is not None:
            _, claimed = _claimed([wanted.user_id])
            search.narrow(
                "customer",
                "= %(customer)s OR a.order_id = ANY(%(claimed)s::bigint[])",
                customer=customer_of_user(wanted.user_id),
                claimed=claimed,
            )
        return _held(Holder.ORDER, search)
    if wanted.user_id is not None:
        search.owners = [str(wanted.user_id)]
        return _held(Holder.USER, search)
    if wanted.batch_ids is not None:
        return search.walk(
            ["batch_id"],
            starts="SELECT '' AS owner, batch_id FROM unnest(%(batches)s::bigint[]) AS batch_id",
        )
    if wanted.pack_ids is None and wanted.statuses is None and ordered:
        return search.walk([], starts="SELECT '' AS owner")
    packs = (
        "SELECT id FROM saleor_serials_pack"
        if wanted.pack_ids is None
        else "SELECT unnest(%(packs)s::bigint[])"
    )
    return search.walk(
        ["pack_id", "status"],
        starts=f"""
            SELECT '' AS owner, pack_id, status
            FROM ({packs}) AS pack(pack_id), unnest(%(statuses)s::text[]) AS status
        """,
    )


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
    claimers, records = _claimed([int(owner) for owner in search.owners])
    search.values |= {
        "customers": [customer_of_user(int(owner)) for owner in search.owners],
        "claimers": claimers,
        "claimed": records,
    }
    own = search.walk(
        ["customer"],
        starts="""
            SELECT owner, customer
            FROM unnest(%(owners)s::text[], %(customers)s::text[]) AS t(owner, customer)
        """,
        condition="s.customer <> ''",
    )
    if not records:
        return own
    claimed = search.through(
        """unnest(%(claimers)s::text[], %(claimed)s::bigint[]) AS claim(owner, record)
        JOIN saleor_serials_assignment AS a ON a.order_id = claim.record""",
        owner="claim.owner",
    )
    # Not UNION ALL: a sweep may have moved the keys since they were looked up.
    return f"{own} UNION {claimed}"


def _claimed(user_ids: Sequence[int]) -> tuple[list[str], list[int]]:
    """Whose orders still carry another customer's key: ``(user ids, record ids)``.

    Those are guests' orders that an account has claimed since the last sweep. One statement.
    """
    first, *others = (
        OrderRecord.objects.filter(order_id__in=host.orders_of_user(user_id))
        .exclude(customer=customer_of_user(user_id))
        .order_by()
        .annotate(user=Value(str(user_id)))
        .values_list("user", "pk")
        for user_id in user_ids
    )
    found = list(first.union(*others, all=True))
    return [user for user, _ in found], [record for _, record in found]


def _texts(statuses: Iterable[SerialStatus]) -> list[str]:
    return sorted(status.value for status in statuses)
