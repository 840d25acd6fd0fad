"""The serials inside a pack or batch: how many in which status, and which."""

from dataclasses import dataclass
from typing import Any

import graphene

from saleor_serials import models
from saleor_serials.access.permissions import LISTED, MANAGE_PRODUCTS
from saleor_serials.graphql.access import require
from saleor_serials.graphql.loaders.lists import Held, list_serials
from saleor_serials.graphql.pagination import field
from saleor_serials.graphql.types.enums import SerialStatusEnum
from saleor_serials.serials.search import Holder

SERIALS = "saleor_serials.graphql.types.connections.SerialCountableConnection"
BATCHES = "saleor_serials.graphql.types.connections.SerialBatchCountableConnection"
STAFF = "Requires the permission MANAGE_PRODUCTS."


def statuses() -> Any:
    """Make the argument that narrows a nested list down."""
    return graphene.List(
        graphene.NonNull(SerialStatusEnum),
        description="In one of these statuses. If left out, in any but `DELETED`.",
    )


def serials_inside(holder: Holder) -> Any:
    """Make the resolver of the list of what a pack or batch holds."""

    def resolve(root: Any, info: Any, *, statuses: Any = None, **arguments: Any) -> Any:
        require(info, MANAGE_PRODUCTS)
        shown = LISTED if statuses is None else frozenset(map(models.SerialStatus, statuses))
        held = Held(holder=holder, id=str(root.pk), statuses=shown)
        return list_serials(info, arguments, held)

    return resolve


def statistics(holder: Holder, load: Any) -> Any:
    """Make the resolver of how many serials are in which status, as ``load`` counts them."""

    def resolve(root: Any, info: Any) -> Any:
        require(info, MANAGE_PRODUCTS)

        def rows(counts: Any) -> list[_Counted]:
            return [
                _Counted(status=status, count=number, holder=holder, id=str(root.pk))
                for status, number in counts.items()
            ]

        return load(info.context, root.pk).then(rows)

    return resolve


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counted:
    """How many serials of a pack or batch are in a status."""

    status: models.SerialStatus
    count: int
    holder: Holder
    id: str


class SerialStatistic(graphene.ObjectType):
    status = SerialStatusEnum(required=True, description="Where the serials are in their life.")
    count = graphene.Int(required=True, description="How many they are.")
    serials = field(SERIALS, resolver=None, description="The serials that are counted.")

    class Meta:
        description = "The serials of a pack or batch that are in one status."

    @staticmethod
    def resolve_serials(root: _Counted, info: Any, **arguments: Any) -> Any:
        criteria = Held(holder=root.holder, id=root.id, statuses=frozenset({root.status}))
        return list_serials(info, arguments, criteria)
