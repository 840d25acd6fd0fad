"""Inputs that narrow lists down, or put them in order."""

from collections.abc import Mapping
from typing import Any

import graphene

from saleor_serials.errors import NotFound, Required
from saleor_serials.graphql import ids
from saleor_serials.graphql.loaders.lists import PackFilter
from saleor_serials.graphql.types.enums import SerialPackTypeEnum, SerialSortField, SerialStatusEnum
from saleor_serials.host import api
from saleor_serials.models import PackType, SerialStatus
from saleor_serials.serials.search import BatchFilter, Filter, Moment, Sort, searchable
from saleor_serials.storable import storable_text


class SerialPackFilterInput(graphene.InputObjectType):
    search = graphene.String(description="A part of the pack's name or slug.")
    type = SerialPackTypeEnum(description="How serials are put into the pack.")
    is_published = graphene.Boolean(description="Whether the pack hands out serials.")
    is_used = graphene.Boolean(description="Whether a product or variant takes its serials.")
    is_archived = graphene.Boolean(
        description="Whether the pack is archived. If left out, those that are not are listed."
    )

    class Meta:
        description = "Which packs to list. A pack must fulfil all that is given."


class SerialBatchFilterInput(graphene.InputObjectType):
    packs = graphene.List(graphene.NonNull(graphene.ID), description="Made for one of these packs.")
    search = graphene.String(description="A part of the batch's name.")

    class Meta:
        description = "Which batches to list. A batch must fulfil all that is given."


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
    customer_email = graphene.String(
        description=(
            "Of this customer, who bought without an account. Requires the permission "
            "MANAGE_ORDERS as well."
        )
    )
    product = graphene.ID(description="Held by an order line that sold this product.")
    variant = graphene.ID(description="Held by an order line that sold this variant of `product`.")
    created_at = api.DateTimeRangeInput(description="Put into the pack in this period.")
    assigned_at = api.DateTimeRangeInput(
        description="Assigned in this period, to whoever holds it or last held it."
    )
    search = graphene.String(
        description="A part of the data, in upper or lower case: three characters or more."
    )

    class Meta:
        description = "Which serials to list. A serial must fulfil all that is given."


class SerialSortingInput(graphene.InputObjectType):
    field = SerialSortField(required=True, description="What to order serials by.")
    direction = api.OrderDirection(required=True, description="Which of them come first.")

    class Meta:
        description = (
            "The order of a list of serials. If left out, it is that of the period, where a filter "
            "has one, and else by ID."
        )


def packs(given: Mapping[str, Any] | None, *, within: frozenset[int] | None) -> PackFilter:
    """Read a filter of packs, among those that are within reach.

    Raises:
        InvalidInput: the text cannot be searched for.
    """
    given = _said(given)
    return PackFilter(
        ids=within,
        search=_text(given, "search"),
        type=PackType(given["type"]) if "type" in given else None,
        is_published=given.get("is_published"),
        is_used=given.get("is_used"),
        is_archived=given.get("is_archived", False),
    )


def batches(given: Mapping[str, Any] | None, *, within: frozenset[int] | None) -> BatchFilter:
    """Read a filter of batches, among those of packs that are within reach.

    Raises:
        NotFound: one of its ids is not that of a pack.
        InvalidInput: the text cannot be searched for.
    """
    given = _said(given)
    pack_ids = _numbers(given, "packs", "SerialPack")
    chosen = within if pack_ids is None else frozenset(pack_ids)
    if chosen is not None and within is not None:
        chosen &= within
    return BatchFilter(pack_ids=chosen, search=_text(given, "search"))


def serials(
    given: Mapping[str, Any] | None,
    *,
    within: frozenset[int] | None,
    sort_by: Mapping[str, Any] | None = None,
) -> Filter:
    """Read a filter of serials, among those in packs that are within reach.

    Raises:
        NotFound: one of its ids is not of the type that belongs there.
        Required: it names a variant without its product.
        TooShort, InvalidInput: the text cannot be searched for.
    """
    given = _said(given)
    created, assigned = given.get("created_at", {}), given.get("assigned_at", {})
    if "variant" in given and "product" not in given:
        raise Required("Name the product of the variant as well.", field="product")
    criteria = Filter(
        pack_ids=_numbers(given, "packs", "SerialPack"),
        batch_ids=_numbers(given, "batches", "SerialBatch"),
        statuses=(frozenset(map(SerialStatus, given["statuses"])) if "statuses" in given else None),
        order_id=_order(given["order"]) if "order" in given else None,
        user_id=_number(given, "user", "User"),
        email=_text(given, "customer_email"),
        product_id=_number(given, "product", "Product"),
        variant_id=_number(given, "variant", "ProductVariant"),
        created_from=created.get("gte"),
        created_to=created.get("lte"),
        assigned_from=assigned.get("gte"),
        assigned_to=assigned.get("lte"),
        search=searchable(given["search"], field="search") if "search" in given else None,
        sort=_sort(given, sort_by),
    )
    return criteria.within(within)


def _sort(given: Mapping[str, Any], sort_by: Mapping[str, Any] | None) -> Sort:
    if sort_by:
        return Sort(
            moment=Moment(sort_by["field"]),
            descending=sort_by["direction"] == api.OrderDirection.DESC.value,
        )
    if "assigned_at" in given:
        return Sort(moment=Moment.ASSIGNED_AT)
    return Sort(moment=Moment.CREATED_AT if "created_at" in given else None)


def _said(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {name: value for name, value in (given or {}).items() if value is not None}


def _text(given: Mapping[str, Any], name: str) -> str | None:
    text: str | None = given.get(name)
    return None if text is None else storable_text(text, field=name)


def _number(given: Mapping[str, Any], name: str, type_name: str) -> int | None:
    numbers = _numbers({name: [given[name]]}, name, type_name) if name in given else None
    return numbers[0] if numbers else None


def _numbers(given: Mapping[str, Any], name: str, type_name: str) -> tuple[int, ...] | None:
    if name not in given:
        return None
    numbers = []
    for global_id in given[name]:
        number = ids.number_of(global_id, type_name)
        if number is None:
            raise _wrong(global_id, type_name, field=name)
        numbers.append(number)
    return tuple(numbers)


def _order(global_id: str) -> str:
    order_id = ids.text_of(global_id, "Order")
    if order_id is None:
        raise _wrong(global_id, "Order", field="order")
    return order_id


def _wrong(global_id: str, type_name: str, *, field: str) -> NotFound:
    return NotFound(f"'{global_id}' is not the ID of a {type_name}.", field=field)
