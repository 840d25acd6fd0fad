"""Read pages of serials, packs and batches, and count them, as far as a list is asked for."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from saleor_serials.graphql.loaders.batching import batch_load
from saleor_serials.graphql.pagination import Listing
from saleor_serials.models import Pack, PackLink, PackType, SerialStatus
from saleor_serials.serials import search
from saleor_serials.serials.counts import by_status
from saleor_serials.serials.search import BY_ID, BatchFilter, Filter, Holder, Page, PageResult, Sort


@batch_load
def statistics(pack_ids: Sequence[int]) -> Mapping[int, Mapping[SerialStatus, int]]:
    return by_status(pack_ids)


@batch_load
def batch_statistics(batch_ids: Sequence[int]) -> Mapping[int, Mapping[SerialStatus, int]]:
    return search.count_in_batches(batch_ids)


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """The serials that a holder has, in these statuses and ``packs``; None: in all packs."""

    holder: Holder
    id: str
    statuses: frozenset[SerialStatus]
    packs: frozenset[int] | None = None


@batch_load
def pages(keys: Sequence[tuple[Filter | Held, Page]]) -> Mapping[Any, PageResult]:
    """Read pages of serials; the same page of many holders in one go."""
    found: dict[Any, PageResult] = {
        (criteria, page): search.find(criteria, page)
        for criteria, page in keys
        if isinstance(criteria, Filter)
    }
    for (holder, statuses, packs, page), held in _alike(keys):
        rows = search.find_held(
            holder, [each.id for each in held], statuses=statuses, packs=packs, page=page
        )
        found |= {(each, page): rows[each.id] for each in held}
    return found


@batch_load
def counts(keys: Sequence[Filter | Held]) -> Mapping[Any, int | None]:
    """Count serials, unless they are too many; those of many holders in one go."""
    found: dict[Any, int | None] = {}
    filters = [criteria for criteria in keys if isinstance(criteria, Filter)]
    found |= search.counts(filters, limit=search.COUNT_LIMIT)
    for (holder, statuses, packs, _), held in _alike([(each, None) for each in keys]):
        numbers = search.count_held(
            holder, [each.id for each in held], statuses=statuses, packs=packs
        )
        found |= {each: numbers[each.id] for each in held}
    return found


@batch_load
def exact_counts(filters: Sequence[Filter]) -> Mapping[Filter, int | None]:
    """Count serials, however many and however long it takes."""
    return search.counts(filters, limit=None)


def _alike(keys: Iterable[tuple[Filter | Held, Any]]) -> Iterable[tuple[Any, list[Held]]]:
    """Group the holders that one statement can read: ``(holder, statuses, packs, page)``."""
    groups: dict[Any, list[Held]] = defaultdict(list)
    for criteria, page in keys:
        if isinstance(criteria, Held):
            groups[criteria.holder, criteria.statuses, criteria.packs, page].append(criteria)
    return groups.items()


@dataclass(frozen=True, kw_only=True, slots=True)
class PackFilter:
    """Which packs; what is None does not matter. Archived ones only if it is said."""

    ids: frozenset[int] | None = None
    search: str | None = None
    type: PackType | None = None
    is_published: bool | None = None
    is_used: bool | None = None
    is_archived: bool = False
    sort: Sort = BY_ID

    def rows(self) -> QuerySet[Pack]:
        packs = Pack.objects.filter(archived_at__isnull=not self.is_archived)
        if self.ids is not None:
            packs = packs.filter(pk__in=self.ids)
        if self.type is not None:
            packs = packs.filter(type=self.type)
        if self.is_used is not None:
            in_force = PackLink.objects.filter(pack=OuterRef("pk"), until__isnull=True)
            packs = packs.filter(Exists(in_force) if self.is_used else ~Exists(in_force))
        if self.search:
            packs = packs.filter(Q(name__icontains=self.search) | Q(slug__icontains=self.search))
        if self.is_published is not None:
            packs = packs.filter(is_published=self.is_published)
        return packs


@batch_load
def pages_of_packs(keys: Sequence[tuple[PackFilter, Page]]) -> Mapping[Any, PageResult]:
    return {
        (criteria, page): search.read_page(criteria.rows(), page, criteria.sort)
        for criteria, page in keys
    }


@batch_load
def counts_of_packs(keys: Sequence[PackFilter]) -> Mapping[PackFilter, int]:
    return {criteria: criteria.rows().count() for criteria in keys}


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchesOf:
    """The batches of one pack. ``search`` is a part of the name."""

    pack_id: int
    search: str | None = None


@batch_load
def pages_of_batches(
    keys: Sequence[tuple[BatchFilter | BatchesOf, Page]],
) -> Mapping[Any, PageResult]:
    """Read pages of batches; the same page of many packs in one go."""
    found: dict[Any, PageResult] = {
        (criteria, page): search.find_batches(criteria, page)
        for criteria, page in keys
        if isinstance(criteria, BatchFilter)
    }
    groups: dict[Any, list[BatchesOf]] = defaultdict(list)
    for criteria, page in keys:
        if isinstance(criteria, BatchesOf):
            groups[criteria.search, page].append(criteria)
    for (name, page), alike in groups.items():
        rows = search.find_batches_of([each.pack_id for each in alike], name, page)
        found |= {(each, page): rows[each.pack_id] for each in alike}
    return found


@batch_load
def counts_of_batches(keys: Sequence[BatchFilter | BatchesOf]) -> Mapping[Any, int]:
    """Count batches; those of many packs in one go."""
    found: dict[Any, int] = {
        criteria: criteria.rows().count() for criteria in keys if isinstance(criteria, BatchFilter)
    }
    groups: dict[str | None, list[BatchesOf]] = defaultdict(list)
    for criteria in keys:
        if isinstance(criteria, BatchesOf):
            groups[criteria.search].append(criteria)
    for name, alike in groups.items():
        numbers = search.count_batches_of([each.pack_id for each in alike], name)
        found |= {each: numbers[each.pack_id] for each in alike}
    return found


def list_serials(info: Any, arguments: dict[str, Any], criteria: Filter | Held) -> Listing:
    """List serials by a filter, or those of a holder."""
    return Listing(
        info,
        arguments,
        page=lambda page: pages(info.context, (criteria, page)),
        count=lambda: counts(info.context, criteria),
        sort=criteria.sort if isinstance(criteria, Filter) else BY_ID,
    )


def list_packs(info: Any, arguments: dict[str, Any], criteria: PackFilter) -> Listing:
    """List packs by a filter."""
    return Listing(
        info,
        arguments,
        page=lambda page: pages_of_packs(info.context, (criteria, page)),
        count=lambda: counts_of_packs(info.context, criteria),
        sort=criteria.sort,
    )


def list_batches(
    info: Any, arguments: dict[str, Any], criteria: BatchFilter | BatchesOf
) -> Listing:
    """List batches by a filter, or those of a pack."""
    return Listing(
        info,
        arguments,
        page=lambda page: pages_of_batches(info.context, (criteria, page)),
        count=lambda: counts_of_batches(info.context, criteria),
        sort=criteria.sort if isinstance(criteria, BatchFilter) else BY_ID,
    )


def list_loaded(info: Any, arguments: dict[str, Any], load: Callable[[], Any]) -> Listing:
    """List rows that ``load`` promises all together, by id: the history of one thing is short."""

    def page_of(rows: Sequence[Any], page: Page) -> PageResult:
        there = [row for row in rows if page.lowest < row.pk < page.highest]
        there.sort(key=lambda row: row.pk)
        most = page.limit + 1
        return PageResult.on(page, there[-most:] if page.backward else there[:most])

    return Listing(
        info,
        arguments,
        page=lambda page: load().then(lambda rows: page_of(rows, page)),
        count=lambda: load().then(len),
    )
