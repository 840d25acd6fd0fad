"""Queries for packs, their links and batches, and whose they are."""

from typing import Any

import graphene

from saleor_serials.access.permissions import MANAGE_PRODUCTS, MANAGE_STAFF
from saleor_serials.graphql.access import if_visible, pack_access_of, require
from saleor_serials.graphql.errors import refusals
from saleor_serials.graphql.loaders import rows
from saleor_serials.graphql.loaders.lists import list_batches, list_packs
from saleor_serials.graphql.pagination import Listing, field
from saleor_serials.graphql.queries.lookup import look_up
from saleor_serials.graphql.types import (
    SerialBatch,
    SerialPack,
    SerialPackLink,
    SerialVendorGroup,
    filters,
    sorting,
)
from saleor_serials.graphql.types.connections import (
    SerialBatchCountableConnection,
    SerialPackCountableConnection,
)
from saleor_serials.host import api
from saleor_serials.models import VendorGroup

_PACK_LOADERS = {
    "id": rows.packs,
    "slug": rows.packs_by_slug,
    "external_reference": rows.packs_by_reference,
}
_BATCH_LOADERS = {"id": rows.batches, "external_reference": rows.batches_by_reference}


def _resolve_pack(root: Any, info: Any, **given: str | None) -> Any:
    require(info, MANAGE_PRODUCTS)
    access = pack_access_of(info)
    pack = look_up(info, given, type_name="SerialPack", loaders=_PACK_LOADERS)
    return pack.then(lambda row: row if row is not None and access.sees(row.pk) else None)


def _resolve_packs(
    root: Any, info: Any, *, filter: Any = None, sort_by: Any = None, **arguments: Any
) -> Listing:
    require(info, MANAGE_PRODUCTS)
    with refusals():
        criteria = filters.packs(filter, within=pack_access_of(info).packs, sort_by=sort_by)
    return list_packs(info, arguments, criteria)


def _resolve_batch(root: Any, info: Any, **given: str | None) -> Any:
    require(info, MANAGE_PRODUCTS)
    batch = look_up(info, given, type_name="SerialBatch", loaders=_BATCH_LOADERS)
    return if_visible(info, batch)


def _resolve_batches(
    root: Any, info: Any, *, filter: Any = None, sort_by: Any = None, **arguments: Any
) -> Listing:
    require(info, MANAGE_PRODUCTS)
    with refusals():
        criteria = filters.batches(filter, within=pack_access_of(info).packs, sort_by=sort_by)
    return list_batches(info, arguments, criteria)


def _resolve_vendor_groups(root: Any, info: Any) -> Any:
    require(info, MANAGE_STAFF)
    with api.reading():
        return list(VendorGroup.objects.order_by("group_id"))


def _resolve_variant_links(root: Any, info: Any) -> Any:
    return _links(info, rows.links_of_variants, api.unwrap(root).pk)


def _resolve_product_links(root: Any, info: Any) -> Any:
    return _links(info, rows.links_of_products, api.unwrap(root).pk)


def _links(info: Any, load: Any, pk: int) -> Any:
    require(info, MANAGE_PRODUCTS)
    access = pack_access_of(info)
    return load(info.context, pk).then(
        lambda links: [link for link in links if access.sees(link.pack_id)]
    )


QUERIES = {
    "serial_pack": graphene.Field(
        SerialPack,
        resolver=_resolve_pack,
        description=(
            "Look up a pack by ID, slug or external reference. "
            "Requires the permission MANAGE_PRODUCTS."
        ),
        id=graphene.ID(description="ID of the pack."),
        slug=graphene.String(description="Slug of the pack."),
        external_reference=graphene.String(description="External reference of the pack."),
    ),
    "serial_packs": field(
        SerialPackCountableConnection,
        resolver=_resolve_packs,
        description="List packs. Requires the permission MANAGE_PRODUCTS.",
        filter=filters.SerialPackFilterInput(description="Which packs to list."),
        sort_by=sorting.SerialPackSortingInput(description="In which order to list them."),
    ),
    "serial_batch": graphene.Field(
        SerialBatch,
        resolver=_resolve_batch,
        description=(
            "Look up a batch by ID or external reference. Requires the permission MANAGE_PRODUCTS."
        ),
        id=graphene.ID(description="ID of the batch."),
        external_reference=graphene.String(description="External reference of the batch."),
    ),
    "serial_batches": field(
        SerialBatchCountableConnection,
        resolver=_resolve_batches,
        description="List batches. Requires the permission MANAGE_PRODUCTS.",
        filter=filters.SerialBatchFilterInput(description="Which batches to list."),
        sort_by=sorting.SerialBatchSortingInput(description="In which order to list them."),
    ),
    "serial_vendor_groups": graphene.Field(
        graphene.List(graphene.NonNull(SerialVendorGroup)),
        resolver=_resolve_vendor_groups,
        description="List the vendor groups. Requires the permission MANAGE_STAFF.",
    ),
}

TYPE_FIELDS = {
    "ProductVariant": {
        "serial_pack_links": graphene.Field(
            graphene.List(graphene.NonNull(SerialPackLink)),
            resolver=_resolve_variant_links,
            description=(
                "The packs that the variant itself takes serials from. "
                "Requires the permission MANAGE_PRODUCTS."
            ),
        ),
    },
    "Product": {
        "serial_pack_links": graphene.Field(
            graphene.List(graphene.NonNull(SerialPackLink)),
            resolver=_resolve_product_links,
            description=(
                "The packs that all variants of the product take serials from, unless they have "
                "a link of their own. Requires the permission MANAGE_PRODUCTS."
            ),
        ),
    },
}
