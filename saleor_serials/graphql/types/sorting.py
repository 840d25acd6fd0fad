"""The orders of lists: what each can be sorted by."""

from collections.abc import Callable, Mapping
from typing import Any

import graphene

from saleor_serials.host import api
from saleor_serials.serials.search import Moment, Sort

_DESCRIPTIONS = {
    "id": "By ID.",
    "status": "By status, in alphabetical order.",
    "name": "By name.",
    "slug": "By slug.",
    "created_at": "By when they were made.",
}


def _described(what: str, **others: str) -> Callable[[Any], str]:
    """Describe an enum and its values the way graphene asks for it."""
    texts = _DESCRIPTIONS | others
    return lambda value: (
        f"What a list of {what} is ordered by." if value is None else texts[value.value]
    )


SerialSortField = graphene.Enum(
    "SerialSortField",
    [
        ("ID", "id"),
        ("STATUS", "status"),
        ("DATA", "data"),
        ("CREATED_AT", "created_at"),
        ("ASSIGNED_AT", "assigned_at"),
    ],
    description=_described(
        "serials",
        data="By their data, of which the first 250 characters count.",
        created_at="When they were put into their pack.",
        assigned_at="When their customers got them; those that nobody ever got are left out.",
    ),
)
SerialPackSortField = graphene.Enum(
    "SerialPackSortField",
    [("ID", "id"), ("NAME", "name"), ("SLUG", "slug"), ("CREATED_AT", "created_at")],
    description=_described("packs"),
)
SerialBatchSortField = graphene.Enum(
    "SerialBatchSortField",
    [("ID", "id"), ("NAME", "name"), ("CREATED_AT", "created_at")],
    description=_described("batches"),
)
SerialJobSortField = graphene.Enum(
    "SerialJobSortField",
    [("ID", "id"), ("STATUS", "status"), ("CREATED_AT", "created_at")],
    description=_described("jobs"),
)
SerialAssignmentSortField = graphene.Enum(
    "SerialAssignmentSortField",
    [("ID", "id"), ("ENTITLED_SINCE", "entitled_since")],
    description=_described(
        "assignments",
        entitled_since=(
            "Since when the line is owed serials, which is the order in which a refilled pack "
            "serves them; those that are owed nothing are left out."
        ),
    ),
)


class SerialSortingInput(graphene.InputObjectType):
    field = SerialSortField(required=True, description="What to order serials by.")
    direction = api.OrderDirection(required=True, description="Which of them come first.")

    class Meta:
        description = (
            "The order of a list of serials. If left out, it is that of the period, where a filter "
            "has one, and else by ID."
        )


class SerialPackSortingInput(graphene.InputObjectType):
    field = SerialPackSortField(required=True, description="What to order packs by.")
    direction = api.OrderDirection(required=True, description="Which of them come first.")

    class Meta:
        description = "The order of a list of packs. If left out, it is by ID."


class SerialBatchSortingInput(graphene.InputObjectType):
    field = SerialBatchSortField(required=True, description="What to order batches by.")
    direction = api.OrderDirection(required=True, description="Which of them come first.")

    class Meta:
        description = "The order of a list of batches. If left out, it is by ID."


class SerialJobSortingInput(graphene.InputObjectType):
    field = SerialJobSortField(required=True, description="What to order jobs by.")
    direction = api.OrderDirection(required=True, description="Which of them come first.")

    class Meta:
        description = "The order of a list of jobs. If left out, the newest come first."


class SerialAssignmentSortingInput(graphene.InputObjectType):
    field = SerialAssignmentSortField(required=True, description="What to order assignments by.")
    direction = api.OrderDirection(required=True, description="Which of them come first.")

    class Meta:
        description = (
            "The order of a list of assignments. If left out, those that are short are listed "
            "oldest first, and others by ID."
        )


def read(sort_by: Mapping[str, Any] | None, *, otherwise: Sort) -> Sort:
    """Read the order of a list; ``otherwise`` is what it is if none is given."""
    if not sort_by:
        return otherwise
    column: str = sort_by["field"]
    descending = sort_by["direction"] == api.OrderDirection.DESC.value
    if column in set(Moment):
        return Sort(moment=Moment(column), descending=descending)
    return Sort(text=None if column == "id" else column, descending=descending)
