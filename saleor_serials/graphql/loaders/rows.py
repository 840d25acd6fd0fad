"""What resolvers read, gathered over the whole request: one statement instead of one per row.

Nothing here knows of permissions: what is read stays for everybody who asks in the request.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from saleor_serials import crypto
from saleor_serials.config import MAX_LIMIT
from saleor_serials.graphql.loaders.batching import batch_load
from saleor_serials.host import api, host
from saleor_serials.models import Assignment, Batch, Pack, PackLink, Serial, VendorGroup
from saleor_serials.serials import generation


@batch_load
def packs(ids: Sequence[int]) -> Mapping[int, Pack]:
    return _rows(Pack.objects, ids)


@batch_load
def rooms(packs: Sequence[Pack]) -> Mapping[Pack, int | None]:
    """Say how many serials packs' generators can still make; null: more than an Int can say."""
    left = generation.rooms(packs)
    few = {pk: number for pk, number in left.items() if number is not None and number <= MAX_LIMIT}
    return {pack: few.get(pack.pk) for pack in packs}


@batch_load
def packs_by_slug(slugs: Sequence[str]) -> Mapping[str, Pack]:
    return {pack.slug: pack for pack in Pack.objects.filter(slug__in=slugs)}


@batch_load
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


@batch_load
def vendor_groups(group_ids: Sequence[int]) -> Mapping[int, VendorGroup]:
    found = VendorGroup.objects.filter(group_id__in=group_ids)
    return {group.group_id: group for group in found}


@batch_load
def group_names(group_ids: Sequence[int]) -> Mapping[int, str]:
    """Say what staff groups are called; those that were deleted by their key."""
    names = host.group_names(group_ids)
    return {pk: names.get(pk, f"group:{pk}") for pk in group_ids}


@batch_load
def batches(ids: Sequence[int]) -> Mapping[int, Batch]:
    return _rows(Batch.objects, ids)


def _by_reference(model: Any, name: str) -> Callable[[Sequence[str]], Mapping[str, Any]]:
    def read(references: Sequence[str]) -> Mapping[str, Any]:
        found = model.objects.filter(external_reference__in=references)
        return {row.external_reference: row for row in found}

    read.__name__ = name
    return read


packs_by_reference = batch_load(_by_reference(Pack, "packs_by_reference"))


batches_by_reference = batch_load(_by_reference(Batch, "batches_by_reference"))


serials_by_reference = batch_load(_by_reference(Serial, "serials_by_reference"))


@batch_load
def serials(ids: Sequence[int]) -> Mapping[int, Serial]:
    return _rows(Serial.objects, ids)


@batch_load
def assignments(ids: Sequence[int]) -> Mapping[int, Assignment]:
    return _rows(Assignment.objects.select_related("order"), ids)


@batch_load
def emails(user_ids: Sequence[int]) -> Mapping[int, str]:
    users = get_user_model().objects.filter(pk__in=user_ids)
    return dict(users.values_list("pk", "email"))


@batch_load
def variants(ids: Sequence[int]) -> Mapping[int, Any]:
    return host.variants(ids)


@batch_load
def products(ids: Sequence[int]) -> Mapping[int, Any]:
    return host.products(ids)


def _rows(among: QuerySet[Any], ids: Sequence[int]) -> Mapping[int, Any]:
    rows: Mapping[int, Any] = among.in_bulk(ids)
    return rows


def _links(column: str) -> Callable[[Sequence[int]], Mapping[int, list[PackLink]]]:
    def read(ids: Sequence[int]) -> Mapping[int, list[PackLink]]:
        found: dict[int, list[PackLink]] = {pk: [] for pk in ids}
        in_force = PackLink.objects.filter(until__isnull=True, **{f"{column}__in": ids})
        for link in in_force.order_by("id"):
            found[getattr(link, f"{column}_id")].append(link)
        return found

    read.__name__ = f"links_of_{column}s"
    return read


links_of_packs = batch_load(_links("pack"))


links_of_variants = batch_load(_links("variant"))


links_of_products = batch_load(_links("product"))


@batch_load
def actor_names(actors: Sequence[str]) -> Mapping[str, str]:
    """Say who stands in the history; whoever was deleted, and the system, by their own name."""
    names = api.actor_names(actors)
    return {actor: names.get(actor, actor) for actor in actors}
