"""Inputs that narrow lists down."""

from collections.abc import Mapping
from typing import Any

import graphene

from saleor_serials.finding import Filter
from saleor_serials.graphql import ids
from saleor_serials.graphql.enums import SerialStatusEnum
from saleor_serials.graphql.loaders import PackFilter
from saleor_serials.host import graphql
from saleor_serials.models import SerialStatus


class SerialPackFilterInput(graphene.InputObjectType):
    search = graphene.String(description="A part of the pack's name or slug.")
    is_published = graphene.Boolean(description="Whether the pack hands out serials.")

    class Meta:
        description = "Which packs to list. A pack must fulfil all that is given."


class SerialFilterInput(graphene.InputObjectType):
    packs = graphene.List(graphene.NonNull(graphene.ID), description="In one of these packs.")
    batches = graphene.List(graphene.NonNull(graphene.ID), description="Made in these batches.")
    statuses = graphene.List(
        graphene.NonNull(SerialStatusEnum),
        description="In one of these statuses. If left out, in any but `DELETED`.",
    )
    order = graphene.ID(
        description="Held by this order. Requires the permission MANAGE_ORDERS as well."
    )
    user = graphene.ID(
        description="Of this customer. Requires the permission MANAGE_ORDERS as well."
    )
    created_at = graphql.DateTimeRangeInput(description="Put into the pack in this period.")

    class Meta:
        description = "Which serials to list. A serial must fulfil all that is given."


def packs(given: Mapping[str, Any] | None) -> PackFilter:
    """Read a filter of packs."""
    given = given or {}
    return PackFilter(search=given.get("search"), is_published=given.get("is_published"))


def serials(given: Mapping[str, Any] | None) -> Filter:
    """Read a filter of serials.

    Raises:
        GraphQLError: one of its ids is not of the type that belongs there.
    """
    given = {name: value for name, value in (given or {}).items() if value is not None}
    created = given.get("created_at", {})
    return Filter(
        pack_ids=_numbers(given, "packs", "SerialPack"),
        batch_ids=_numbers(given, "batches", "SerialBatch"),
        statuses=(
            frozenset(SerialStatus(status) for status in given["statuses"])
            if "statuses" in given
            else None
        ),
        order_id=_order(given["order"]) if "order" in given else None,
        user_id=ids.numbers_of([given["user"]], "User")[0] if "user" in given else None,
        created_from=created.get("gte"),
        created_to=created.get("lte"),
    )


def _numbers(given: Mapping[str, Any], name: str, type_name: str) -> tuple[int, ...] | None:
    return ids.numbers_of(given[name], type_name) if name in given else None


def _order(global_id: str) -> str:
    order_id = ids.text_of(global_id, "Order")
    if order_id is None:
        raise ids.wrong(global_id, "Order")
    return order_id
