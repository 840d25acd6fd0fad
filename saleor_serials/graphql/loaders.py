"""What resolvers read, gathered over the whole request: one statement instead of one per row.

Nothing here knows of permissions: what is read stays for everybody who asks in the request.
"""

from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from saleor_serials import config, crypto, history
from saleor_serials.config import MAX_LIMIT
from saleor_serials.host import graphql, host
from saleor_serials.host.shapes import OrderOwner
from saleor_serials.models import (
    Assignment,
    Batch,
    Event,
    Pack,
    PackLink,
    PackType,
    Serial,
    SerialStatus,
    VendorGroup,
)
from saleor_serials.serials import generation
from saleor_serials.serials import search as serials_search
from saleor_serials.serials.counts import by_status
from saleor_serials.serials.search import BatchFilter, Filter, Found, Holder, Page

_loaders: list[Any] = []


def gathered(read: Callable[[Sequence[Any]], Mapping[Any, Any]]) -> Callable[[Any, Any], Any]:
    """Turn a function of many keys into one of a single key, that promises what is read for it.

    All calls that a request has open are answered by one call of ``read``; a key that it leaves
    out gets None.
    """

    class Loader(graphql.DataLoader):
        context_key = f"saleor_serials.{read.__name__}"

        def batch_load(self, keys: Sequence[Any]) -> list[Any]:
            found = read(keys)
            return [found.get(key) for key in keys]

    _loaders.append(Loader)

    @wraps(read)
    def load(context: Any, key: Any) -> Any:
        return Loader(context).load(key)

    return load


def forget(context: Any) -> None:
    """Drop all that was read in a request, because something has changed."""
    for loader in _loaders:
        loader(context).clear_all()


@gathered
def packs(ids: Sequence[int]) -> Mapping[int, Pack]:
    return _rows(Pack.objects, ids)


@gathered
def rooms(packs: Sequence[Pack]) -> Mapping[Pack, int | None]:
    """Say how many serials packs' generators can still make; null: more than an Int can say."""
    left = generation.rooms(packs)
    few = {pk: number for pk, number in left.items() if number is not None and number <= MAX_LIMIT}
    return {pack: few.get(pack.pk) for pack in packs}


@gathered
def packs_by_slug(slugs: Sequence[str]) -> Mapping[str, Pack]:
    return {pack.slug: pack for pack in Pack.objects.filter(slug__in=slugs)}


@gathered
def public_keys(keys: Sequence[tuple[int, bool]]) -> Mapping[tuple[int, bool], str]:
    """Read the public keys of packs, as base64url; a pack that signs gets one if it has none."""
    found = crypto.public_keys(
        [pack_id for pack_id, _ in keys], make_for=[pack_id for pack_id, signs in keys if signs]
    )
    return {
        key: urlsafe_b64encode(found[key[0]]).rstrip(b"=").decode()
        for key in keys
        if key[0] in found
    }


@gathered
def vendor_groups(group_ids: Sequence[int]) -> Mapping[int, VendorGroup]:
    found = VendorGroup.objects.filter(group_id__in=group_ids)
    return {group.group_id: group for group in found}


@gathered
def group_names(group_ids: Sequence[int]) -> Mapping[int, str]:
    """Say what staff groups are called; those that were deleted by their key."""
    names: Mapping[int, str] = host.group_names(group_ids)
    return {pk: names.get(pk, f"group:{pk}") for pk in group_ids}


@gathered
def batches(ids: Sequence[int]) -> Mapping[int, Batch]:
    return _rows(Batch.objects, ids)


@gathered
def serials(ids: Sequence[int]) -> Mapping[int, Serial]:
    return _rows(Serial.objects, ids)


@gathered
def assignments(ids: Sequence[int]) -> Mapping[int, Assignment]:
    return _rows(Assignment.objects.select_related("order"), ids)


@gathered
def emails(user_ids: Sequence[int]) -> Mapping[int, str]:
    users = get_user_model().objects.filter(pk__in=user_ids)
    return dict(users.values_list("pk", "email"))


@gathered
def variants(ids: Sequence[int]) -> Mapping[int, Any]:
    return _rows(PackLink.variant.field.related_model.objects, ids)


@gathered
def products(ids: Sequence[int]) -> Mapping[int, Any]:
    return _rows(PackLink.product.field.related_model.objects, ids)


def _rows(among: QuerySet[Any], ids: Sequence[int]) -> Mapping[int, Any]:
    rows: Mapping[int, Any] = among.in_bulk(ids)
    return rows


def _links(column: str) -> Callable[[Sequence[int]], Mapping[int, list[PackLink]]]:
    def read(ids: Sequence[int]) -> Mapping[int, list[PackLink]]:
        found: dict[int, list[PackLink]] = {pk: [] for pk in ids}
        live = PackLink.objects.filter(until__isnull=True, **{f"{column}__in": ids})
        for link in live.order_by("id"):
            found[getattr(link, f"{column}_id")].append(link)
        return found

    read.__name__ = f"links_of_{column}s"
    return read


links_of_packs = gathered(_links("pack"))
links_of_variants = gathered(_links("variant"))
links_of_products = gathered(_links("product"))
histories = gathered(history.of_serials)


@gathered
def notes(keys: Sequence[tuple[str, frozenset[int] | None]]) -> Mapping[Any, list[Event]]:
    """Read what happened to orders as a whole, as ``(order id, packs)``; None: of all packs.

    With packs given, only where the order, or the line, has to do with one of them.
    """
    found: dict[Any, list[Event]] = {}
    for packs, order_ids in _by_packs(keys):
        of_orders = history.of_orders(order_ids, packs=packs)
        found |= {(order_id, packs): of_orders[order_id] for order_id in order_ids}
    return found


def _by_packs(
    keys: Iterable[tuple[str, frozenset[int] | None]],
) -> Iterable[tuple[frozenset[int] | None, list[str]]]:
    groups: dict[frozenset[int] | None, list[str]] = defaultdict(list)
    for key, packs in keys:
        groups[packs].append(key)
    return groups.items()


@gathered
def actor_names(actors: Sequence[str]) -> Mapping[str, str]:
    """Say who stands in the history; whoever was deleted, and the system, by their own name."""
    names: Mapping[str, str] = graphql.actor_names(actors)
    return {actor: names.get(actor, actor) for actor in actors}


@gathered
def order_owners(order_ids: Sequence[str]) -> Mapping[str, OrderOwner]:
    owners: Mapping[str, OrderOwner] = host.order_owners(order_ids)
    return owners


@gathered
def _settings(keys: Sequence[str]) -> Mapping[str, config.Config]:
    return dict.fromkeys(keys, config.load_config())


def shown_statuses(context: Any) -> Any:
    """Promise the statuses in which the shop shows serials to customers."""
    return _settings(context, "").then(lambda settings: settings.shown_statuses)


def preview_length(context: Any) -> Any:
    """Promise how many characters of a serial a preview shows."""
    return _settings(context, "").then(lambda settings: settings.preview_length)


@gathered
def shortfalls(keys: Sequence[tuple[str, frozenset[int] | None]]) -> Mapping[Any, int]:
    """Add up what order lines are owed and do not hold, as ``(line id, packs)``; None: of all."""
    found: dict[Any, int] = {}
    for packs, line_ids in _by_packs(keys):
        short = Assignment.objects.filter(line_id__in=line_ids, wanted__gt=F("held")).order_by()
        if packs is not None:
            short = short.filter(pack__in=packs)
        sums = dict(short.values_list("line_id").annotate(sum=Sum(F("wanted") - F("held"))))
        found |= {(line_id, packs): sums.get(line_id, 0) for line_id in line_ids}
    return found


@gathered
def statistics(pack_ids: Sequence[int]) -> Mapping[int, Mapping[SerialStatus, int]]:
    return by_status(pack_ids)


@gathered
def batch_statistics(batch_ids: Sequence[int]) -> Mapping[int, Mapping[SerialStatus, int]]:
    return serials_search.count_in_batches(batch_ids)


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """The serials that a holder has, in these statuses and ``packs``; None: in all packs."""

    holder: Holder
    id: str
    statuses: frozenset[SerialStatus]
    packs: frozenset[int] | None = None


@gathered
def pages(keys: Sequence[tuple[Filter | Held, Page]]) -> Mapping[Any, Found]:
    """Read pages of serials; the same page of many holders in one go."""
    found: dict[Any, Found] = {
        (wanted, page): serials_search.find(wanted, page)
        for wanted, page in keys
        if isinstance(wanted, Filter)
    }
    for (holder, statuses, packs, page), held in _alike(keys):
        rows = serials_search.find_held(
            holder, [each.id for each in held], statuses=statuses, packs=packs, page=page
        )
        found |= {(each, page): rows[each.id] for each in held}
    return found


@gathered
def counts(keys: Sequence[Filter | Held]) -> Mapping[Any, int | None]:
    """Count serials, unless they are too many; those of many holders in one go."""
    found: dict[Any, int | None] = {}
    filters = [wanted for wanted in keys if isinstance(wanted, Filter)]
    found |= serials_search.counts(filters, limit=serials_search.COUNT_LIMIT)
    for (holder, statuses, packs, _), held in _alike([(each, None) for each in keys]):
        numbers = serials_search.count_held(
            holder, [each.id for each in held], statuses=statuses, packs=packs
        )
        found |= {each: numbers[each.id] for each in held}
    return found


@gathered
def exact_counts(filters: Sequence[Filter]) -> Mapping[Filter, int | None]:
    """Count serials, however many and however long it takes."""
    return serials_search.counts(filters, limit=None)


def _alike(keys: Iterable[tuple[Filter | Held, Any]]) -> Iterable[tuple[Any, list[Held]]]:
    """Group the holders that one statement can read: ``(holder, statuses, packs, page)``."""
    groups: dict[Any, list[Held]] = defaultdict(list)
    for wanted, page in keys:
        if isinstance(wanted, Held):
            groups[wanted.holder, wanted.statuses, wanted.packs, page].append(wanted)
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

    def rows(self) -> QuerySet[Pack]:
        packs = Pack.objects.filter(archived_at__isnull=not self.is_archived)
        if self.ids is not None:
            packs = packs.filter(pk__in=self.ids)
        if self.type is not None:
            packs = packs.filter(type=self.type)
        if self.is_used is not None:
            live = PackLink.objects.filter(pack=OuterRef("pk"), until__isnull=True)
            packs = packs.filter(Exists(live) if self.is_used else ~Exists(live))
        if self.search:
            packs = packs.filter(Q(name__icontains=self.search) | Q(slug__icontains=self.search))
        if self.is_published is not None:
            packs = packs.filter(is_published=self.is_published)
        return packs


@gathered
def pages_of_packs(keys: Sequence[tuple[PackFilter, Page]]) -> Mapping[Any, Found]:
    return {(wanted, page): page_of(wanted.rows(), page) for wanted, page in keys}


def page_of(among: QuerySet[Any], page: Page) -> Found:
    """Read a page of a list that is ordered by id."""
    there = among.filter(pk__gt=page.lowest, pk__lt=page.highest)
    rows = list(there.order_by("-pk" if page.backward else "pk")[: page.limit + 1])
    return Found.on(page, sorted(rows, key=lambda row: row.pk))


@gathered
def counts_of_packs(keys: Sequence[PackFilter]) -> Mapping[PackFilter, int]:
    return {wanted: wanted.rows().count() for wanted in keys}


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchesOf:
    """The batches of one pack. ``search`` is a part of the name."""

    pack_id: int
    search: str | None = None


@gathered
def pages_of_batches(keys: Sequence[tuple[BatchFilter | BatchesOf, Page]]) -> Mapping[Any, Found]:
    """Read pages of batches; the same page of many packs in one go."""
    found: dict[Any, Found] = {
        (wanted, page): serials_search.find_batches(wanted, page)
        for wanted, page in keys
        if isinstance(wanted, BatchFilter)
    }
    groups: dict[Any, list[BatchesOf]] = defaultdict(list)
    for wanted, page in keys:
        if isinstance(wanted, BatchesOf):
            groups[wanted.search, page].append(wanted)
    for (search, page), alike in groups.items():
        rows = serials_search.find_batches_of([each.pack_id for each in alike], search, page)
        found |= {(each, page): rows[each.pack_id] for each in alike}
    return found


@gathered
def counts_of_batches(keys: Sequence[BatchFilter | BatchesOf]) -> Mapping[Any, int]:
    """Count batches; those of many packs in one go."""
    found: dict[Any, int] = {
        wanted: wanted.rows().count() for wanted in keys if isinstance(wanted, BatchFilter)
    }
    groups: dict[str | None, list[BatchesOf]] = defaultdict(list)
    for wanted in keys:
        if isinstance(wanted, BatchesOf):
            groups[wanted.search].append(wanted)
    for search, alike in groups.items():
        numbers = serials_search.count_batches_of([each.pack_id for each in alike], search)
        found |= {each: numbers[each.pack_id] for each in alike}
    return found
