"""Find serials by a filter, and count them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection

from saleor_serials import customers
from saleor_serials.models import SORTED_LENGTH, Serial
from saleor_serials.serials import counts as serials_counts
from saleor_serials.serials.search.by_holder import claims, texts
from saleor_serials.serials.search.filters import Filter, Moment, pattern
from saleor_serials.serials.search.pages import MAX_ID, Page, PageResult

# How far the count of a page goes while the client waits for it.
COUNT_LIMIT = 100_000
# How many serials an index scan may skip before all matches are read and sorted instead. A search
# that one serial in a hundred matches fills its page during the scan.
_PATIENCE = 2_000
# In how many packs or batches, times statuses, that is tried.
_MAX_BRANCHES = 100


def find(criteria: Filter, page: Page) -> PageResult:
    """Find the serials on one page of a list: four statements at most."""
    search = _Search(criteria, page)
    if search.is_nothing:
        return PageResult()
    scan = search.scan()
    rows = [] if scan is None else search.rows(scan)
    if len(rows) <= page.limit and (scan is None or not scan.is_complete):
        rows = search.materialised()
    return PageResult.on(page, rows)


def count(criteria: Filter) -> int:
    """Count the serials that match a filter; the time grows with their number."""
    [number] = counts([criteria], limit=None).values()
    assert number is not None
    return number


def counts(filters: Iterable[Filter], *, limit: int | None) -> dict[Filter, int | None]:
    """Count what matches each filter; None where that is more than ``limit``.

    Those of packs and statuses alone are counted already, and never too many: one statement for
    all of them.
    """
    numbers: dict[Filter, int | None] = {}
    found = dict.fromkeys(filters)
    plain = [criteria for criteria in found if criteria.is_plain]
    if plain:
        by_status = serials_counts.by_status(_packs_of(plain))
        numbers |= {criteria: _sum(criteria, by_status) for criteria in plain}
    for criteria in found:
        if criteria not in numbers:
            numbers[criteria] = _Search(criteria, Page(limit=1)).count(limit)
    return numbers


def _packs_of(filters: Iterable[Filter]) -> set[int] | None:
    packs: set[int] = set()
    for criteria in filters:
        if criteria.pack_ids is None:
            return None
        packs.update(criteria.pack_ids)
    return packs


def _sum(criteria: Filter, by_status: Mapping[int, Mapping[Any, int]]) -> int:
    packs = by_status if criteria.pack_ids is None else set(criteria.pack_ids)
    return sum(by_status[pk][status] for pk in packs for status in criteria.allowed)


def condition(criteria: Filter) -> tuple[str, dict[str, Any]]:
    """Return a filter as SQL about the serial ``s``, and its values. One statement at most."""
    search = _Search(criteria, Page(limit=1))
    return search.where(), search.values


@dataclass(frozen=True, kw_only=True, slots=True)
class _IndexScan:
    """Ways along an index that is in the list's order, one for each row of ``seeds``.

    ``columns`` are the index's first, equal all the way; ``known`` are the conditions that it
    fulfils by itself. Where it fulfils all of them, it ``is_complete``.
    """

    seeds: str
    number: int = 1
    columns: Sequence[str] = ()
    known: frozenset[str] = frozenset()
    condition: str = "TRUE"
    is_complete: bool = False
    is_by_status: bool = False


def _branches(scan: _IndexScan, branch: str, *, limit: int) -> str:
    return f"""
        SELECT s.* FROM ({scan.seeds}) AS seed CROSS JOIN LATERAL ({branch} LIMIT {limit}) AS s
    """


_TIMES = {
    Moment.CREATED_AT: ("created_from", "created_to"),
    Moment.ASSIGNED_AT: ("assigned", "assigned_from", "assigned_to"),
}
_PACKS = "s.pack_id = ANY(%(packs)s::bigint[])"


@dataclass(slots=True)
class _Search:
    """One list: the conditions by column, and the page to read."""

    criteria: Filter
    page: Page
    conditions: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        criteria = self.criteria
        self._require("status", "s.status = ANY(%(statuses)s)", statuses=texts(criteria.allowed))
        if criteria.pack_ids is not None:
            self._require("pack", _PACKS, packs=list(criteria.pack_ids))
        if criteria.batch_ids is not None:
            self._require(
                "batch", "s.batch_id = ANY(%(batches)s::bigint[])", batches=list(criteria.batch_ids)
            )
        self._require_times()
        self._require_holder()
        if criteria.search is not None:
            self._require("search", "s.data ILIKE %(search)s", search=pattern(criteria.search))

    def _require(self, about: str, sql: str, **values: Any) -> None:
        self.conditions[about] = sql
        self.values |= values

    def _require_times(self) -> None:
        criteria = self.criteria
        if criteria.sort.moment is Moment.ASSIGNED_AT:
            self._require("assigned", "s.assigned_at IS NOT NULL")
        for name, comparison in (
            ("created_from", "s.created_at >= %(created_from)s"),
            ("created_to", "s.created_at <= %(created_to)s"),
            ("assigned_from", "s.assigned_at >= %(assigned_from)s"),
            ("assigned_to", "s.assigned_at <= %(assigned_to)s"),
        ):
            moment = getattr(criteria, name)
            if moment is not None:
                self._require(name, comparison, **{name: moment})

    def _require_holder(self) -> None:
        criteria = self.criteria
        if criteria.order_id is not None:
            self._require(
                "order",
                """s.assignment_id IS NOT NULL AND s.assignment_id = ANY(ARRAY(
                    SELECT a.id FROM saleor_serials_assignment AS a
                    JOIN saleor_serials_orderrecord AS r ON r.id = a.order_id
                    WHERE r.order_id = %(order)s))""",
                order=criteria.order_id,
            )
        sold = [
            f"a.{column} = %({column})s"
            for column in ("product_id", "variant_id")
            if getattr(criteria, column) is not None
        ]
        if sold:
            self._require(
                "product",
                f"""s.assignment_id IN (
                    SELECT a.id FROM saleor_serials_assignment AS a
                    WHERE {" AND ".join(sold)})""",
                product_id=criteria.product_id,
                variant_id=criteria.variant_id,
            )
        if criteria.email is not None:
            self._require("customer", _CUSTOMER, customer=customers.of_email(criteria.email))
        if criteria.user_id is not None:
            self._require_user(criteria.user_id)

    def _require_user(self, user_id: int) -> None:
        claimed = [claim.record_id for claim in claims([user_id])]
        if not claimed:
            self._require("user", _USER, user=customers.of_user(user_id))
            return
        self._require(
            "claim",
            f"""({_USER} OR s.assignment_id IS NOT NULL AND s.assignment_id = ANY(ARRAY(
                SELECT a.id FROM saleor_serials_assignment AS a
                WHERE a.order_id = ANY(%(claimed)s::bigint[]))))""",
            user=customers.of_user(user_id),
            claimed=claimed,
        )

    def where(self, *, known: frozenset[str] = frozenset()) -> str:
        """Return the conditions as SQL, without those of the ``known`` columns."""
        return " AND ".join(
            ["TRUE", *(sql for about, sql in self.conditions.items() if about not in known)]
        )

    def scan(self) -> _IndexScan | None:
        """Choose the index to scan; None if reading and sorting all matches is cheaper."""
        moment, text = self.criteria.sort.moment, self.criteria.sort.text
        if "order" in self.conditions or "claim" in self.conditions:
            return None
        if text is not None and ("user" in self.conditions or "customer" in self.conditions):
            return None
        if text == "status":
            return self._by_status()
        if text is not None:
            return self._complete(_IndexScan(seeds="SELECT"))
        if moment is not None:
            times = frozenset(name for name in self.conditions if name in _TIMES[moment])
            own = " AND ".join(["TRUE", *(self.conditions[name] for name in sorted(times))])
            return self._complete(_IndexScan(seeds="SELECT", known=times, condition=own))
        for about in ("user", "customer"):
            if about in self.conditions:
                return self._complete(
                    _IndexScan(
                        seeds=f"SELECT %({about})s::text AS customer",
                        columns=["customer"],
                        known=frozenset({about}),
                        condition="s.customer <> ''",
                    )
                )
        if self.criteria.batch_ids is not None or self.criteria.pack_ids is not None:
            scan = self._inside()
            if scan.is_complete or scan.number <= _MAX_BRANCHES:
                return scan
        return _IndexScan(seeds="SELECT")

    def _inside(self) -> _IndexScan:
        """Scan the index once for each pack or batch and status."""
        known = {"pack", "status"}
        packs = "SELECT unnest(%(packs)s::bigint[])"
        column, inside, number = "pack_id", packs, len(self.values.get("packs", ()))
        if self.criteria.batch_ids is not None:
            known.add("batch")
            column, number = "batch_id", len(self.criteria.batch_ids)
            inside = "SELECT b.id FROM saleor_serials_batch AS b WHERE b.id = ANY(%(batches)s)"
            if "pack" in self.conditions:
                inside += f" AND b.pack_id IN ({packs})"
        return self._complete(
            _IndexScan(
                seeds=f"""
                    SELECT DISTINCT {column}, status
                    FROM ({inside}) AS t({column}), unnest(%(statuses)s::text[]) AS status
                """,
                number=number * len(self.values["statuses"]),
                columns=[column, "status"],
                known=frozenset(known),
            )
        )

    def _by_status(self) -> _IndexScan | None:
        """Scan the statuses of each pack that the page can still show, in their order.

        A pack's serials are in the list's order within a status alone, so ``seed.lowest`` and
        ``seed.highest`` bound the ids of the status that a neighbouring page ended in.
        """
        if self.criteria.pack_ids is None:
            self._leave_out_empty_packs(always=True)
        after, before = self.page.after, self.page.before
        if self.criteria.sort.descending:
            after, before = before, after
        seeds = [
            (
                status,
                after.id if after and after.text == status else 0,
                before.id if before and before.text == status else MAX_ID,
            )
            for status in self.values["statuses"]
            if (after is None or (after.text or "") <= status)
            and (before is None or status <= (before.text or ""))
        ]
        self.values |= {
            "seed_statuses": [status for status, _, _ in seeds],
            "seed_lowest": [lowest for _, lowest, _ in seeds],
            "seed_highest": [highest for _, _, highest in seeds],
        }
        scan = self._complete(
            _IndexScan(
                seeds="""
                    SELECT DISTINCT pack_id, status, lowest, highest
                    FROM unnest(%(packs)s::bigint[]) AS pack(pack_id), unnest(
                        %(seed_statuses)s::text[], %(seed_lowest)s::bigint[],
                        %(seed_highest)s::bigint[]
                    ) AS t(status, lowest, highest)
                """,
                number=len(self.values["packs"]) * len(seeds),
                columns=["pack_id", "status"],
                known=frozenset({"pack", "status"}),
                is_by_status=True,
            )
        )
        return scan if scan.is_complete or scan.number <= _MAX_BRANCHES else None

    def _complete(self, scan: _IndexScan) -> _IndexScan:
        return replace(scan, is_complete=self.conditions.keys() <= scan.known)

    def rows(self, scan: _IndexScan) -> list[Serial]:
        """Read the page, and one more serial, by an index scan.

        Comparing the last of the index's columns together with those of the order leaves the
        planner no other index. Told the same with plain equality, it may walk the primary key,
        past all the serials of other packs.
        """
        equal, lead = scan.columns[:-1], scan.columns[-1:]
        where = [f"s.{column} = seed.{column}" for column in equal]
        if scan.is_by_status:
            where += [
                "(s.status, s.id) > (seed.status, seed.lowest)",
                "(s.status, s.id) < (seed.status, seed.highest)",
            ]
        else:
            where += [scan.condition, *self._bounds(lead)]
        order = self._order(dict.fromkeys([*lead, *self.criteria.sort.columns]))
        branch = f"""
            SELECT s.* FROM saleor_serials_serial AS s
            WHERE {" AND ".join(where)} ORDER BY {order}
        """
        if not scan.is_complete:
            rest = self.where(known=scan.known)
            patience = max(min(_PATIENCE, 4 * _PATIENCE // scan.number), self.page.limit + 1)
            if scan.number > 1:
                # One way may end where others go on: only the first rows of all together are sure
                # to be the first that there are.
                together = self._order(self.criteria.sort.columns)
                return self._page(f"""
                    SELECT s.* FROM (
                        {_branches(scan, branch, limit=patience)}
                        ORDER BY {together} LIMIT {patience}
                    ) AS s
                    WHERE {rest}
                """)
            branch = (
                f"SELECT s.* FROM ({branch} LIMIT {patience}) AS s WHERE {rest} ORDER BY {order}"
            )
        return self._page(_branches(scan, branch, limit=self.page.limit + 1))

    def materialised(self) -> list[Serial]:
        """Read the page, and one more serial, from all matches.

        They are materialised, so that the planner does not take them for as many as would let it
        walk the list's order until the page is full: that has been tried.
        """
        self._leave_out_empty_packs()
        if self.is_nothing:
            return []
        if self.criteria.is_plain and self.criteria.sort.column == "id":
            return self.rows(self._inside())
        columns = ", ".join(_selected(column) for column in self.criteria.sort.columns)
        return self._page(
            "SELECT * FROM matching",
            before=f"""
                WITH matching AS MATERIALIZED (
                    SELECT {columns} FROM saleor_serials_serial AS s
                    WHERE {" AND ".join([self.where(), *self._bounds([])])}
                )
            """,
        )

    def count(self, limit: int | None) -> int | None:
        """Count the matches; None if they are more than the limit.

        Materialised as well, for the same reason, but read no further than the limit.
        """
        self._leave_out_empty_packs()
        if self.is_nothing:
            return 0
        most = "" if limit is None else f"LIMIT {limit + 1}"
        fence = "" if limit is None else "MATERIALIZED"
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                WITH matching AS {fence} (
                    SELECT 1 FROM saleor_serials_serial AS s WHERE {self.where()}
                )
                SELECT count(*) FROM (SELECT FROM matching {most}) AS counted
                """,
                self.values,
            )
            [number] = cursor.fetchone()
        return None if limit is not None and number > limit else int(number)

    def _leave_out_empty_packs(self, *, always: bool = False) -> None:
        """Name the packs that have serials in the statuses, where that narrows anything down."""
        criteria = self.criteria
        narrows = criteria.pack_ids is not None or criteria.statuses is not None
        if not (always or narrows or criteria.is_plain):
            return
        packs = [
            pk
            for pk, found in serials_counts.by_status(criteria.pack_ids).items()
            if any(found[status] for status in criteria.allowed)
        ]
        self._require("pack", _PACKS, packs=packs)

    @property
    def is_nothing(self) -> bool:
        """Whether a condition is an empty set, so that nothing matches."""
        return [] in (self.values["statuses"], self.values.get("packs"), self.values.get("batches"))

    @property
    def _descends(self) -> bool:
        """Whether the page is read from the largest on."""
        return self.criteria.sort.descending is not self.page.backward

    def _order(self, columns: Iterable[str], *, descends: bool | None = None) -> str:
        direction = "DESC" if (self._descends if descends is None else descends) else "ASC"
        return ", ".join(f"{_expression(column)} {direction}" for column in columns)

    def _bounds(self, lead: Sequence[str]) -> list[str]:
        """Return the page's bounds as SQL, in the columns of the order, after ``lead``."""
        page, sort = self.page, self.criteria.sort
        below, above = page.after, page.before
        if sort.descending:
            below, above = above, below
        ours = ", ".join(map(_expression, [*lead, *sort.columns]))
        theirs = "".join(f"seed.{column}, " for column in lead)
        bounds = []
        for name, comparison, position, otherwise in (
            ("lowest", ">", below, 0),
            ("highest", "<", above, 2**63 - 1),
        ):
            self.values[name] = otherwise if position is None else position.id
            value = ""
            if sort.column != "id":
                if position is None:
                    continue
                kind = "text" if sort.moment is None else "timestamptz"
                value = f"%({name}_value)s::{kind}, "
                self.values[f"{name}_value"] = position.value
            bounds.append(f"({ours}) {comparison} ({theirs}{value}%({name})s)")
        return bounds

    def _page(self, source: str, *, before: str = "") -> list[Serial]:
        """Read the serials of the page in the list's order, and one more in its direction."""
        columns = ", ".join(_selected(column) for column in self.criteria.sort.columns)
        return list(
            Serial.objects.raw(
                f"""
                {before}
                SELECT serial.* FROM (
                    SELECT {columns} FROM ({source}) AS s
                    ORDER BY {self._order(self.criteria.sort.columns)} LIMIT {self.page.limit + 1}
                ) AS s JOIN saleor_serials_serial AS serial ON serial.id = s.id
                ORDER BY {
                    self._order(self.criteria.sort.columns, descends=self.criteria.sort.descending)
                }
                """,
                self.values,
            )
        )


def _expression(column: str) -> str:
    """Write a column of the order; cutting data twice is cutting it once."""
    return f"left(s.data, {SORTED_LENGTH})" if column == "data" else f"s.{column}"


def _selected(column: str) -> str:
    return f"{_expression(column)} AS {column}"


_CUSTOMER = "s.customer <> '' AND s.customer = %(customer)s"
_USER = "s.customer <> '' AND s.customer = %(user)s"
