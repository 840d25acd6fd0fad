"""Queries for serials: one, a list, and how many there are."""

from typing import Any

import graphene

from saleor_serials.access.permissions import MANAGE_ORDERS, MANAGE_PRODUCTS
from saleor_serials.graphql.access import if_visible, pack_access_of, require
from saleor_serials.graphql.errors import refusals
from saleor_serials.graphql.loaders import rows
from saleor_serials.graphql.loaders.lists import exact_counts, list_serials
from saleor_serials.graphql.pagination import Listing, field
from saleor_serials.graphql.queries.lookup import look_up
from saleor_serials.graphql.types import Serial, filters, sorting
from saleor_serials.graphql.types.connections import SerialCountableConnection
from saleor_serials.serials.search import Filter

_LOADERS = {"id": rows.serials, "external_reference": rows.serials_by_reference}


def _resolve_serial(root: Any, info: Any, **given: str | None) -> Any:
    require(info, MANAGE_PRODUCTS)
    return if_visible(info, look_up(info, given, type_name="Serial", loaders=_LOADERS))


def _resolve_serials(
    root: Any, info: Any, *, filter: Any = None, sort_by: Any = None, **arguments: Any
) -> Listing:
    return list_serials(info, arguments, _criteria(info, filter, sort_by))


def _resolve_serial_count(root: Any, info: Any, *, filter: Any = None) -> Any:
    return exact_counts(info.context, _criteria(info, filter))


def _criteria(info: Any, given: Any, sort_by: Any = None) -> Filter:
    require(info, MANAGE_PRODUCTS)
    with refusals():
        criteria = filters.serials(given, within=pack_access_of(info).packs, sort_by=sort_by)
    if criteria.names_customer:
        require(info, MANAGE_ORDERS)
    return criteria


QUERIES = {
    "serial": graphene.Field(
        Serial,
        resolver=_resolve_serial,
        description=(
            "Look up a serial by ID or external reference. Requires the permission MANAGE_PRODUCTS."
        ),
        id=graphene.ID(description="ID of the serial."),
        external_reference=graphene.String(description="External reference of the serial."),
    ),
    "serials": field(
        SerialCountableConnection,
        resolver=_resolve_serials,
        description="List serials. Requires the permission MANAGE_PRODUCTS.",
        filter=filters.SerialFilterInput(description="Which serials to list."),
        sort_by=sorting.SerialSortingInput(description="In which order to list them."),
    ),
    "serial_count": graphene.Field(
        graphene.Int,
        resolver=_resolve_serial_count,
        description=(
            "Count serials: exactly, however long it takes. "
            "Requires the permission MANAGE_PRODUCTS."
        ),
        filter=filters.SerialFilterInput(description="Which serials to count."),
    ),
}
