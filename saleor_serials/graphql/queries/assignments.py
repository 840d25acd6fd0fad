"""Queries for what order lines are owed: which orders wait for a pack, and for how much."""

from typing import Any

import graphene

from saleor_serials.access.permissions import MANAGE_ORDERS
from saleor_serials.graphql.access import pack_access_of, require
from saleor_serials.graphql.errors import refusals
from saleor_serials.graphql.loaders import assignments
from saleor_serials.graphql.pagination import Listing, field
from saleor_serials.graphql.types import SerialAssignment, filters, sorting
from saleor_serials.graphql.types.connections import SerialAssignmentCountableConnection
from saleor_serials.host import api


def _resolve_assignments(
    root: Any, info: Any, *, filter: Any = None, sort_by: Any = None, **arguments: Any
) -> Listing:
    require(info, MANAGE_ORDERS)
    with refusals():
        criteria = filters.assignments(filter, within=pack_access_of(info).packs, sort_by=sort_by)
    return Listing(
        info,
        arguments,
        page=lambda page: assignments.pages_of_assignments(info.context, (criteria, page)),
        count=lambda: assignments.counts_of_assignments(info.context, criteria),
        sort=criteria.sort,
    )


def _resolve_line_assignments(root: Any, info: Any) -> Any:
    require(info, MANAGE_ORDERS)
    line_id = str(api.unwrap(root).pk)
    return assignments.of_lines(info.context, (line_id, pack_access_of(info).packs))


QUERIES = {
    "serial_assignments": field(
        SerialAssignmentCountableConnection,
        resolver=_resolve_assignments,
        description=(
            "List what order lines are owed and hold, from packs within reach: `short` leaves "
            "those that wait for serials. Requires the permission MANAGE_ORDERS."
        ),
        filter=filters.SerialAssignmentFilterInput(description="Which assignments to list."),
        sort_by=sorting.SerialAssignmentSortingInput(description="In which order to list them."),
    ),
}

TYPE_FIELDS = {
    "OrderLine": {
        "serial_assignments": graphene.Field(
            graphene.List(graphene.NonNull(SerialAssignment)),
            resolver=_resolve_line_assignments,
            description=(
                "What the line is owed from each pack and since when, and what it holds. Requires "
                "the permission MANAGE_ORDERS."
            ),
        ),
    },
}
