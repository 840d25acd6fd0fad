"""Inputs that narrow lists down, or put them in order."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import graphene

from saleor_serials.access.jobs import JobAccess
from saleor_serials.errors import NotFound
from saleor_serials.graphql import ids
from saleor_serials.graphql.loaders.assignments import AssignmentFilter
from saleor_serials.graphql.loaders.jobs import JobFilter
from saleor_serials.graphql.loaders.lists import PackFilter
from saleor_serials.graphql.types import sorting
from saleor_serials.graphql.types.enums import (
    SerialJobKindEnum,
    SerialJobStatusEnum,
    SerialPackTypeEnum,
    SerialStatusEnum,
)
from saleor_serials.host import api
from saleor_serials.models import JobKind, JobStatus, PackType, SerialStatus
from saleor_serials.moments import moment
from saleor_serials.serials.search import (
    BY_ID,
    NEWEST_FIRST,
    BatchFilter,
    Filter,
    Moment,
    Sort,
    searchable,
)
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
    variant = graphene.ID(description="Held by an order line that sold this variant.")
    created_at = api.DateTimeRangeInput(description="Put into the pack in this period.")
    assigned_at = api.DateTimeRangeInput(
        description="Assigned in this period, to whoever holds it or last held it."
    )
    search = graphene.String(
        description="A part of the data, in upper or lower case: three characters or more."
    )

    class Meta:
        description = "Which serials to list. A serial must fulfil all that is given."


class SerialUserFilterInput(graphene.InputObjectType):
    statuses = graphene.List(
        graphene.NonNull(SerialStatusEnum),
        description="In one of these statuses, of those that are shown at all.",
    )
    order = graphene.ID(description="Held by this order.")
    product = graphene.ID(description="Held by an order line that sold this product.")
    variant = graphene.ID(description="Held by an order line that sold this variant.")
    assigned_at = api.DateTimeRangeInput(description="Assigned in this period.")
    search = graphene.String(
        description="A part of the data, in upper or lower case: three characters or more."
    )

    class Meta:
        description = "Which of a customer's serials to list: those that fulfil all that is given."


class SerialJobFilterInput(graphene.InputObjectType):
    packs = graphene.List(graphene.NonNull(graphene.ID), description="About one of these packs.")
    kinds = graphene.List(
        graphene.NonNull(SerialJobKindEnum), description="That do one of these things."
    )
    statuses = graphene.List(
        graphene.NonNull(SerialJobStatusEnum), description="In one of these statuses."
    )

    class Meta:
        description = "Which jobs to list. A job must fulfil all that is given."


class SerialAssignmentFilterInput(graphene.InputObjectType):
    packs = graphene.List(graphene.NonNull(graphene.ID), description="From one of these packs.")
    orders = graphene.List(graphene.NonNull(graphene.ID), description="Of one of these orders.")
    short = graphene.Boolean(description="Whether the line is owed serials that it does not hold.")

    class Meta:
        description = "Which assignments to list. An assignment must fulfil all that is given."


def packs(
    given: Mapping[str, Any] | None,
    *,
    within: frozenset[int] | None,
    sort_by: Mapping[str, Any] | None = None,
) -> PackFilter:
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
        sort=sorting.read(sort_by, otherwise=BY_ID),
    )


def batches(
    given: Mapping[str, Any] | None,
    *,
    within: frozenset[int] | None,
    sort_by: Mapping[str, Any] | None = None,
) -> BatchFilter:
    """Read a filter of batches, among those of packs that are within reach.

    Raises:
        NotFound: one of its ids is not that of a pack.
        InvalidInput: the text cannot be searched for.
    """
    given = _said(given)
    return BatchFilter(
        pack_ids=_packs_within(given, within),
        search=_text(given, "search"),
        sort=sorting.read(sort_by, otherwise=BY_ID),
    )


def jobs(
    given: Mapping[str, Any] | None,
    *,
    access: JobAccess,
    sort_by: Mapping[str, Any] | None = None,
) -> JobFilter:
    """Read a filter of jobs, among those that the requester may see.

    Raises:
        NotFound: one of its ids is not that of a pack.
    """
    given = _said(given)
    return JobFilter(
        access=access,
        pack_ids=_numbers(given, "packs", "SerialPack"),
        kinds=frozenset(map(JobKind, given["kinds"])) if "kinds" in given else None,
        statuses=frozenset(map(JobStatus, given["statuses"])) if "statuses" in given else None,
        sort=sorting.read(sort_by, otherwise=NEWEST_FIRST),
    )


def assignments(
    given: Mapping[str, Any] | None,
    *,
    within: frozenset[int] | None,
    sort_by: Mapping[str, Any] | None = None,
) -> AssignmentFilter:
    """Read a filter of assignments, among those from packs that the requester may see.

    Raises:
        NotFound: one of its ids is not of the type that belongs there.
    """
    given = _said(given)
    is_short = given.get("short")
    return AssignmentFilter(
        pack_ids=_packs_within(given, within),
        order_ids=frozenset(_order(each, field="orders") for each in given["orders"])
        if "orders" in given
        else None,
        is_short=is_short,
        sort=sorting.read(
            sort_by, otherwise=Sort(moment=Moment.ENTITLED_SINCE) if is_short else BY_ID
        ),
    )


def _packs_within(given: Mapping[str, Any], within: frozenset[int] | None) -> frozenset[int] | None:
    pack_ids = _numbers(given, "packs", "SerialPack")
    if pack_ids is None:
        return within
    return frozenset(pack_ids) if within is None else within.intersection(pack_ids)


def serials(
    given: Mapping[str, Any] | None,
    *,
    within: frozenset[int] | None,
    sort_by: Mapping[str, Any] | None = None,
) -> Filter:
    """Read a filter of serials, among those in packs that are within reach.

    Raises:
        NotFound: one of its ids is not of the type that belongs there.
        TooShort, InvalidInput: the text cannot be searched for.
        OutOfRange: a time cannot be.
    """
    given = _said(given)
    created_from, created_to = _period(given, "created_at")
    assigned_from, assigned_to = _period(given, "assigned_at")
    criteria = Filter(
        pack_ids=_numbers(given, "packs", "SerialPack"),
        batch_ids=_numbers(given, "batches", "SerialBatch"),
        statuses=(frozenset(map(SerialStatus, given["statuses"])) if "statuses" in given else None),
        order_id=_order(given["order"], field="order") if "order" in given else None,
        user_id=_number(given, "user", "User"),
        email=_text(given, "customer_email"),
        product_id=_number(given, "product", "Product"),
        variant_id=_number(given, "variant", "ProductVariant"),
        created_from=created_from,
        created_to=created_to,
        assigned_from=assigned_from,
        assigned_to=assigned_to,
        search=searchable(given["search"], field="search") if "search" in given else None,
        sort=_sort(given, sort_by),
    )
    return criteria.within(within)


def user_serials(
    given: Mapping[str, Any] | None,
    *,
    user_id: int,
    statuses: frozenset[SerialStatus],
    within: frozenset[int] | None,
    sort_by: Mapping[str, Any] | None = None,
) -> Filter:
    """Read a filter of a customer's serials, among those in ``statuses`` and packs ``within``.

    Raises:
        NotFound: one of its ids is not of the type that belongs there.
        TooShort, InvalidInput: the text cannot be searched for.
        OutOfRange: a time cannot be.
    """
    criteria = serials(given, within=within, sort_by=sort_by)
    asked = statuses if criteria.statuses is None else statuses & criteria.statuses
    return replace(criteria, user_id=user_id, statuses=asked)


def _sort(given: Mapping[str, Any], sort_by: Mapping[str, Any] | None) -> Sort:
    moment = Moment.CREATED_AT if "created_at" in given else None
    if "assigned_at" in given:
        moment = Moment.ASSIGNED_AT
    return sorting.read(sort_by, otherwise=Sort(moment=moment))


def _said(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {name: value for name, value in (given or {}).items() if value is not None}


def _period(given: Mapping[str, Any], name: str) -> tuple[datetime | None, datetime | None]:
    """Read from when on, and until when."""
    ends = (given.get(name, {}).get(end) for end in ("gte", "lte"))
    first, last = (end and moment(end, field=name) for end in ends)
    return first, last


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


def _order(global_id: str, *, field: str) -> str:
    order_id = ids.text_of(global_id, "Order")
    if order_id is None:
        raise _wrong(global_id, "Order", field=field)
    return order_id


def _wrong(global_id: str, type_name: str, *, field: str) -> NotFound:
    return NotFound(f"'{global_id}' is not the ID of a {type_name}.", field=field)
