"""Find batches; those of many packs at once, by id."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from saleor_serials.models import Batch, Serial, SerialStatus
from saleor_serials.serials.search.filters import BY_ID, Sort, pattern
from saleor_serials.serials.search.keyset import read_page
from saleor_serials.serials.search.pages import Page, PageResult


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchFilter:
    """Which batches; None does not filter. ``search`` is a part of the name."""

    pack_ids: frozenset[int] | None = None
    search: str | None = None
    sort: Sort = BY_ID

    def rows(self) -> QuerySet[Any]:
        """The batches, in no order."""
        batches = _named(Batch.objects.order_by(), self.search)
        return batches if self.pack_ids is None else batches.filter(pack__in=self.pack_ids)


def find_batches(criteria: BatchFilter, page: Page) -> PageResult:
    """Find the batches on one page of a list."""
    return read_page(criteria.rows(), page, criteria.sort)


def find_batches_of(
    pack_ids: Iterable[int], search: str | None, page: Page
) -> dict[int, PageResult]:
    """Find the same page of each pack's batches. One statement."""
    packs = list(pack_ids)
    direction = "DESC" if page.backward else "ASC"
    named = "" if not search else "AND b.name ILIKE %(search)s"
    batches = Batch.objects.raw(
        f"""
        SELECT found.* FROM unnest(%(packs)s::bigint[]) AS pack(id) CROSS JOIN LATERAL (
            SELECT b.* FROM saleor_serials_batch AS b
            WHERE (b.pack_id, b.id) > (pack.id, %(after)s)
                AND (b.pack_id, b.id) < (pack.id, %(before)s) {named}
            ORDER BY b.pack_id {direction}, b.id {direction} LIMIT %(limit)s
        ) AS found
        ORDER BY found.id
        """,
        {
            "packs": packs,
            "search": pattern(search or ""),
            "after": page.lowest,
            "before": page.highest,
            "limit": page.limit + 1,
        },
    )
    rows: dict[int, list[Batch]] = {pk: [] for pk in packs}
    for batch in batches:
        rows[batch.pack_id].append(batch)
    return {pk: PageResult.on(page, found) for pk, found in rows.items()}


def count_batches_of(pack_ids: Iterable[int], search: str | None) -> dict[int, int]:
    """Count each pack's batches. One statement."""
    packs = list(pack_ids)
    batches = _named(Batch.objects.filter(pack__in=packs).order_by(), search)
    return dict.fromkeys(packs, 0) | dict(batches.values_list("pack").annotate(n=Count("pk")))


def _named(batches: QuerySet[Any], search: str | None) -> QuerySet[Any]:
    return batches.filter(name__icontains=search) if search else batches


def count_in_batches(batch_ids: Iterable[int]) -> dict[int, dict[SerialStatus, int]]:
    """Count the serials of batches in every status. One statement, along the batches' index."""
    found = {pk: dict.fromkeys(SerialStatus, 0) for pk in batch_ids}
    counted = Serial.objects.filter(batch__in=list(found)).order_by()
    for pk, status, number in counted.values_list("batch", "status").annotate(n=Count("pk")):
        found[pk][SerialStatus(status)] = number
    return found
