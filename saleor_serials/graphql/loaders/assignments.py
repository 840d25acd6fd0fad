"""Read what order lines are owed from packs and hold, gathered over the whole request."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from saleor_serials.graphql.loaders.batching import batch_load
from saleor_serials.models import Assignment, OrderRecord
from saleor_serials.serials.search import BY_ID, Page, PageResult, Sort, read_page

_MISSING = F("entitled") - F("held")


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentFilter:
    """Which assignments; what is None does not matter. ``order_ids`` are those of the host."""

    pack_ids: frozenset[int] | None = None
    order_ids: frozenset[str] | None = None
    is_short: bool | None = None
    sort: Sort = BY_ID

    def rows(self) -> QuerySet[Assignment]:
        found = Assignment.objects.select_related("order")
        if self.pack_ids is not None:
            found = found.filter(pack__in=self.pack_ids)
        if self.order_ids is not None:
            found = found.filter(order__order_id__in=self.order_ids)
        if self.is_short is not None:
            short = Q(entitled__gt=F("held"))
            found = found.filter(short if self.is_short else ~short)
        return found


@batch_load
def pages_of_assignments(keys: Sequence[tuple[AssignmentFilter, Page]]) -> Mapping[Any, PageResult]:
    return {
        (criteria, page): read_page(criteria.rows(), page, criteria.sort) for criteria, page in keys
    }


@batch_load
def counts_of_assignments(keys: Sequence[AssignmentFilter]) -> Mapping[AssignmentFilter, int]:
    return {criteria: criteria.rows().count() for criteria in keys}


@batch_load
def pack_shortfalls(pack_ids: Sequence[int]) -> Mapping[int, int]:
    """Add up what all lines are owed from packs and do not hold. One statement."""
    short = Assignment.objects.filter(pack__in=pack_ids, entitled__gt=F("held")).order_by()
    sums = short.values_list("pack").annotate(sum=Sum(_MISSING))
    return dict.fromkeys(pack_ids, 0) | dict(sums)


@batch_load
def of_lines(
    keys: Sequence[tuple[str, frozenset[int] | None]],
) -> Mapping[Any, list[Assignment]]:
    """Read the assignments of order lines, as ``(line id, packs)``; None: from all packs."""
    found: dict[Any, list[Assignment]] = {key: [] for key in keys}
    for packs, line_ids in _by_packs(keys):
        rows = Assignment.objects.filter(line_id__in=line_ids).select_related("order")
        if packs is not None:
            rows = rows.filter(pack__in=packs)
        for assignment in rows.order_by("id"):
            found[assignment.line_id, packs].append(assignment)
    return found


@batch_load
def line_shortfalls(
    keys: Sequence[tuple[tuple[str, str], frozenset[int] | None]],
) -> Mapping[Any, int]:
    """Add up what order lines are owed and do not hold, as ``((order id, line id), packs)``.

    None for ``packs``: from all. A line is left out while there is no record of its order: then
    nobody knows what it is owed.
    """
    found: dict[Any, int] = {}
    for packs, lines in _by_packs(keys):
        short = Q(assignments__entitled__gt=F("assignments__held"))
        if packs is not None:
            short &= Q(assignments__pack__in=packs)
        sums = (
            OrderRecord.objects.filter(order_id__in={order_id for order_id, _ in lines})
            .order_by()
            .values_list("order_id", "assignments__line_id")
            .annotate(sum=Sum(F("assignments__entitled") - F("assignments__held"), filter=short))
        )
        missing = {(order_id, line_id): number for order_id, line_id, number in sums}
        recorded = {order_id for order_id, _ in missing}
        found |= {(line, packs): missing.get(line) or 0 for line in lines if line[0] in recorded}
    return found


def _by_packs(keys: Iterable[tuple[Any, Any]]) -> Iterable[tuple[Any, list[Any]]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for key, packs in keys:
        groups[packs].append(key)
    return groups.items()
