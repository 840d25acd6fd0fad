"""What resolvers read, gathered over the whole request: one statement instead of one per row.

Nothing here knows of permissions: what is read stays for everybody who asks in the request.
"""

from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from saleor_serials import config, finding, generating, history, jobs, signing
from saleor_serials.config import MAX_LIMIT
from saleor_serials.finding import Filter, Found, Holder, Page
from saleor_serials.host import graphql, host
from saleor_serials.host.shapes import OrderOwner
from saleor_serials.models import (
    Assignment,
    Batch,
    Job,
    JobPart,
    Pack,
    PackLink,
    Serial,
    SerialStatus,
    VendorGroup,
)

_loaders: list[Any] = []


def _gathered(read: Callable[[Sequence[Any]], Mapping[Any, Any]]) -> Callable[[Any, Any], Any]:
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


@_gathered
def packs(ids: Sequence[int]) -> Mapping[int, Pack]:
    return _rows(Pack.objects, ids)


@_gathered
def rooms(packs: Sequence[Pack]) -> Mapping[Pack, int | None]:
    """Say how many serials packs' generators can still make; null: more than an Int can say."""
    left = generating.rooms(packs)
    few = {pk: number for pk, number in left.items() if number is not None and number <= MAX_LIMIT}
    return {pack: few.get(pack.pk) for pack in packs}


@_gathered
def packs_by_slug(slugs: Sequence[str]) -> Mapping[str, Pack]:
    return {pack.slug: pack for pack in Pack.objects.filter(slug__in=slugs)}


@_gathered
def public_keys(keys: Sequence[tuple[int, bool]]) -> Mapping[tuple[int, bool], str]:
    """Read the public keys of packs, as base64url; a pack that signs gets one if it has none."""
    found = signing.public_keys(
        [pack_id for pack_id, _ in keys], make_for=[pack_id for pack_id, signs in keys if signs]
    )
    return {
        key: urlsafe_b64encode(found[key[0]]).rstrip(b"=").decode()
        for key in keys
        if key[0] in found
    }


@_gathered
def vendor_groups(group_ids: Sequence[int]) -> Mapping[int, VendorGroup]:
    found = VendorGroup.objects.filter(group_id__in=group_ids)
    return {group.group_id: group for group in found}


@_gathered
def group_names(group_ids: Sequence[int]) -> Mapping[int, str]:
    """Say what staff groups are called; those that were deleted by their key."""
    names: Mapping[int, str] = host.group_names(group_ids)
    return {pk: names.get(pk, f"group:{pk}") for pk in group_ids}


@_gathered
def batches(ids: Sequence[int]) -> Mapping[int, Batch]:
    return _rows(Batch.objects, ids)


@_gathered
def serials(ids: Sequence[int]) -> Mapping[int, Serial]:
    return _rows(Serial.objects, ids)


@_gathered
def assignments(ids: Sequence[int]) -> Mapping[int, Assignment]:
    return _rows(Assignment.objects.select_related("order"), ids)


@_gathered
def variants(ids: Sequence[int]) -> Mapping[int, Any]:
    return _rows(PackLink.variant.field.related_model.objects, ids)


@_gathered
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


links_of_packs = _gathered(_links("pack"))
links_of_variants = _gathered(_links("variant"))
links_of_products = _gathered(_links("product"))


histories = _gathered(history.of_serials)
notes = _gathered(history.of_orders)


@_gathered
def actor_names(actors: Sequence[str]) -> Mapping[str, str]:
    """Say who stands in the history; whoever was deleted, and the system, by their own name."""
    names: Mapping[str, str] = graphql.actor_names(actors)
    return {actor: names.get(actor, actor) for actor in actors}


@_gathered
def order_owners(order_ids: Sequence[str]) -> Mapping[str, OrderOwner]:
    owners: Mapping[str, OrderOwner] = host.order_owners(order_ids)
    return owners


@_gathered
def _settings(keys: Sequence[str]) -> Mapping[str, config.Config]:
    return dict.fromkeys(keys, config.read())


def shown_statuses(context: Any) -> Any:
    """Promise the statuses in which the shop shows serials to customers."""
    return _settings(context, "").then(lambda settings: settings.shown_statuses)


@_gathered
def shortfalls(line_ids: Sequence[str]) -> Mapping[str, int]:
    """Add up what order lines are owed and do not hold, over all packs."""
    short = Assignment.objects.filter(line_id__in=line_ids, wanted__gt=F("held"))
    sums = short.order_by().values_list("line_id").annotate(sum=Sum(F("wanted") - F("held")))
    return dict.fromkeys(line_ids, 0) | dict(sums)


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """The serials that an order, an order line or a user has, in these statuses."""

    holder: Holder
    id: str
    statuses: frozenset[SerialStatus]


@_gathered
def pages(keys: Sequence[tuple[Filter | Held, Page]]) -> Mapping[Any, Found]:
    """Read pages of serials; the same page of many holders in one go."""
    found: dict[Any, Found] = {
        (wanted, page): finding.find(wanted, page)
        for wanted, page in keys
        if isinstance(wanted, Filter)
    }
    for (holder, statuses, page), held in _alike(keys):
        rows = finding.find_held(holder, [each.id for each in held], statuses=statuses, page=page)
        found |= {(each, page): rows[each.id] for each in held}
    return found


@_gathered
def counts(keys: Sequence[Filter | Held]) -> Mapping[Any, int]:
    """Count serials; those of many holders in one go."""
    found: dict[Any, int] = {
        wanted: finding.count(wanted) for wanted in keys if isinstance(wanted, Filter)
    }
    for (holder, statuses, _), held in _alike([(each, None) for each in keys]):
        numbers = finding.count_held(holder, [each.id for each in held], statuses=statuses)
        found |= {each: numbers[each.id] for each in held}
    return found


def _alike(keys: Iterable[tuple[Filter | Held, Any]]) -> Iterable[tuple[Any, list[Held]]]:
    """Group the holders whose lists one statement can read: ``(holder, statuses, page)``."""
    groups: dict[Any, list[Held]] = defaultdict(list)
    for wanted, page in keys:
        if isinstance(wanted, Held):
            groups[wanted.holder, wanted.statuses, page].append(wanted)
    return groups.items()


@dataclass(frozen=True, kw_only=True, slots=True)
class PackFilter:
    """Which packs; what is None does not matter."""

    search: str | None = None
    is_published: bool | None = None

    def rows(self) -> QuerySet[Pack]:
        packs = Pack.objects.all()
        if self.search:
            packs = packs.filter(Q(name__icontains=self.search) | Q(slug__icontains=self.search))
        if self.is_published is not None:
            packs = packs.filter(is_published=self.is_published)
        return packs


@_gathered
def pages_of_packs(keys: Sequence[tuple[PackFilter, Page]]) -> Mapping[Any, Found]:
    return {(wanted, page): _page_of(wanted.rows(), page) for wanted, page in keys}


def _page_of(among: QuerySet[Any], page: Page) -> Found:
    there = among.filter(pk__gt=page.after, pk__lt=page.before)
    rows = list(there.order_by("-pk" if page.backward else "pk")[: page.limit + 1])
    return Found.on(page, sorted(rows, key=lambda row: row.pk))


@_gathered
def counts_of_packs(keys: Sequence[PackFilter]) -> Mapping[PackFilter, int]:
    return {wanted: wanted.rows().count() for wanted in keys}


@_gathered
def jobs_seen(keys: Sequence[tuple[int, jobs.Viewer]]) -> Mapping[Any, Job]:
    """Read jobs, as far as whoever asks may see them."""
    ids: dict[jobs.Viewer, list[int]] = defaultdict(list)
    for pk, viewer in keys:
        ids[viewer].append(pk)
    return {
        (job.pk, viewer): job
        for viewer, pks in ids.items()
        for job in viewer.jobs().filter(pk__in=pks)
    }


@_gathered
def pages_of_jobs(keys: Sequence[tuple[jobs.Viewer, Page]]) -> Mapping[Any, Found]:
    return {(viewer, page): _page_of(viewer.jobs(), page) for viewer, page in keys}


@_gathered
def counts_of_jobs(keys: Sequence[jobs.Viewer]) -> Mapping[jobs.Viewer, int]:
    return {viewer: viewer.jobs().count() for viewer in keys}


@_gathered
def part_counts(job_ids: Sequence[int]) -> Mapping[int, int]:
    """Count the parts of the files that jobs have made."""
    parts = JobPart.objects.filter(job__in=job_ids, number__gte=1)
    counts = parts.order_by().values_list("job").annotate(count=Count("id"))
    return dict.fromkeys(job_ids, 0) | dict(counts)


@_gathered
def parts(keys: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes | None]:
    """Read parts of files, each by itself: one is a megabyte."""
    return {(job_id, number): jobs.part(job_id, number) for job_id, number in keys}
