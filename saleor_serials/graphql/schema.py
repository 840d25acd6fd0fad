"""What the plugin adds to Saleor's schema: queries, mutations, and fields on Saleor's types."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import graphene
from graphql import GraphQLError
from promise import Promise

from saleor_serials.access import permissions
from saleor_serials.errors import InvalidInput
from saleor_serials.extensions import consumers, generators, renderers
from saleor_serials.graphql import ids, lists
from saleor_serials.graphql.access import Visibility, pack_access_of, visibility
from saleor_serials.graphql.loaders import orders, rows
from saleor_serials.graphql.loaders.lists import Held, exact_counts
from saleor_serials.graphql.mutations import MUTATIONS
from saleor_serials.graphql.pagination import Listing, field
from saleor_serials.graphql.queries import jobs
from saleor_serials.graphql.types import (
    Serial,
    SerialBatch,
    SerialEvent,
    SerialPack,
    SerialPackLink,
    SerialVendorGroup,
    extensions,
    filters,
    require,
)
from saleor_serials.graphql.types.connections import (
    SerialBatchCountableConnection,
    SerialCountableConnection,
    SerialPackCountableConnection,
)
from saleor_serials.host import api
from saleor_serials.models import SerialStatus, VendorGroup
from saleor_serials.serials.search import Filter, Holder


def install() -> None:
    """Add to the host's schema, before it is built.

    Raises:
        SchemaAlreadyBuilt: something imported it too early.
    """
    api.add_root_fields(queries=QUERIES, mutations=MUTATIONS)
    api.add_type_fields(TYPE_FIELDS)


def _resolve_pack(root: Any, info: Any, *, id: str | None = None, slug: str | None = None) -> Any:
    require(info, permissions.MANAGE_PRODUCTS)
    if (id is None) == (slug is None):
        raise GraphQLError("Give either `id` or `slug`.")
    access = pack_access_of(info)
    pack = (
        rows.packs_by_slug(info.context, slug)
        if slug is not None
        else rows.packs(info.context, ids.numbers_of([id or ""], "SerialPack")[0])
    )
    return pack.then(lambda row: row if row is not None and access.sees(row.pk) else None)


def _resolve_packs(root: Any, info: Any, *, filter: Any = None, **arguments: Any) -> Listing:
    require(info, permissions.MANAGE_PRODUCTS)
    with _complaints():
        criteria = filters.packs(filter, within=pack_access_of(info).packs)
    return lists.packs(info, arguments, criteria)


def _resolve_batch(root: Any, info: Any, *, id: str) -> Any:
    require(info, permissions.MANAGE_PRODUCTS)
    batch = rows.batches(info.context, ids.numbers_of([id], "SerialBatch")[0])
    return _within_reach(info, batch)


def _resolve_batches(root: Any, info: Any, *, filter: Any = None, **arguments: Any) -> Listing:
    require(info, permissions.MANAGE_PRODUCTS)
    with _complaints():
        criteria = filters.batches(filter, within=pack_access_of(info).packs)
    return lists.batches(info, arguments, criteria)


def _resolve_vendor_groups(root: Any, info: Any) -> Any:
    require(info, permissions.MANAGE_STAFF)
    with api.reading():
        return list(VendorGroup.objects.order_by("group_id"))


def _resolve_serial(root: Any, info: Any, *, id: str) -> Any:
    require(info, permissions.MANAGE_PRODUCTS)
    return _within_reach(info, rows.serials(info.context, ids.numbers_of([id], "Serial")[0]))


def _within_reach(info: Any, promised: Any) -> Any:
    """Promise what has a pack, or None where that is out of reach."""
    access = pack_access_of(info)
    return promised.then(lambda row: row if row is not None and access.sees(row.pack_id) else None)


def _resolve_serials(
    root: Any, info: Any, *, filter: Any = None, sort_by: Any = None, **arguments: Any
) -> Listing:
    return lists.serials(info, arguments, _criteria(info, filter, sort_by))


def _resolve_serial_count(root: Any, info: Any, *, filter: Any = None) -> Any:
    return exact_counts(info.context, _criteria(info, filter))


def _criteria(info: Any, given: Any, sort_by: Any = None) -> Filter:
    require(info, permissions.MANAGE_PRODUCTS)
    with _complaints():
        criteria = filters.serials(given, within=pack_access_of(info).packs, sort_by=sort_by)
    if criteria.names_customer:
        require(info, permissions.MANAGE_ORDERS)
    return criteria


@contextmanager
def _complaints() -> Iterator[None]:
    """Turn what cannot be asked for into an error of the query."""
    try:
        yield
    except InvalidInput as refusal:
        raise GraphQLError(refusal.message) from None


def _extensions(of_type: Any, registered: Callable[[], Mapping[str, Any]], what: str) -> Any:
    """Make the field that lists the installed extensions of a kind."""

    def resolve(root: Any, info: Any) -> list[tuple[str, Any]]:
        require(info, permissions.MANAGE_PRODUCTS)
        return list(registered().items())

    return graphene.Field(
        graphene.List(graphene.NonNull(of_type)),
        resolver=resolve,
        description=f"List what {what}. Requires the permission MANAGE_PRODUCTS.",
    )


def _resolve_order_serials(
    root: Any, info: Any, *, token: str | None = None, **arguments: Any
) -> Any:
    order_id = str(api.unwrap(root).pk)
    return _held(info, arguments, Holder.ORDER, order_id, order_id=order_id, token=token)


def _resolve_order_events(root: Any, info: Any) -> Any:
    require(info, permissions.MANAGE_ORDERS)
    return orders.notes(info.context, (str(api.unwrap(root).pk), pack_access_of(info).packs))


def _resolve_line_serials(
    root: Any, info: Any, *, token: str | None = None, **arguments: Any
) -> Any:
    line = api.unwrap(root)
    return _held(
        info, arguments, Holder.LINE, str(line.pk), order_id=str(line.order_id), token=token
    )


def _held(
    info: Any,
    arguments: dict[str, Any],
    holder: Holder,
    id: str,
    *,
    order_id: str,
    token: str | None,
) -> Any:
    return _visibility_of_order(info, order_id, token).then(
        lambda visibility: lists.serials(info, arguments, _seen(holder, id, visibility))
    )


def _seen(holder: Holder, id: str, visibility: Visibility) -> Held:
    return Held(holder=holder, id=id, statuses=visibility.statuses, packs=visibility.packs)


def _visibility_of_order(info: Any, order_id: str, token: str | None) -> Any:
    """Promise what whoever asks sees of an order's serials."""
    actor = api.actor(info.context)

    def look(known: Any) -> Visibility:
        owner, shown = known
        return visibility(
            info,
            allowed=permissions.may_see_order(actor, owner, token=token),
            is_theirs=owner is not None and None is not owner.user_id == actor.user_id,
            shown=shown,
        )

    return Promise.all(
        [orders.order_owners(info.context, order_id), orders.shown_statuses(info.context)]
    ).then(look)


def _resolve_shortfall(root: Any, info: Any, *, token: str | None = None) -> Any:
    line = api.unwrap(root)

    def shortfall(visibility: Visibility) -> Any:
        if not visibility.allowed:
            return None
        return orders.shortfalls(info.context, (str(line.pk), visibility.packs))

    return _visibility_of_order(info, str(line.order_id), token).then(shortfall)


def _resolve_user_serials(root: Any, info: Any, **arguments: Any) -> Any:
    user_id = api.unwrap(root).pk
    actor = api.actor(info.context)

    def listing(shown: frozenset[SerialStatus]) -> Listing:
        seen = visibility(
            info,
            allowed=permissions.may_see_user(actor, user_id),
            is_theirs=actor.user_id == user_id,
            shown=shown,
        )
        return lists.serials(info, arguments, _seen(Holder.USER, str(user_id), seen))

    return orders.shown_statuses(info.context).then(listing)


def _resolve_variant_links(root: Any, info: Any) -> Any:
    return _links(info, rows.links_of_variants, api.unwrap(root).pk)


def _resolve_product_links(root: Any, info: Any) -> Any:
    return _links(info, rows.links_of_products, api.unwrap(root).pk)


def _links(info: Any, load: Any, pk: int) -> Any:
    require(info, permissions.MANAGE_PRODUCTS)
    access = pack_access_of(info)
    return load(info.context, pk).then(
        lambda links: [link for link in links if access.sees(link.pack_id)]
    )


QUERIES = {
    "serial_pack": graphene.Field(
        SerialPack,
        resolver=_resolve_pack,
        description=("Look up a pack by ID or slug. Requires the permission MANAGE_PRODUCTS."),
        id=graphene.ID(description="ID of the pack."),
        slug=graphene.String(description="Slug of the pack."),
    ),
    "serial_packs": field(
        SerialPackCountableConnection,
        resolver=_resolve_packs,
        description="List packs. Requires the permission MANAGE_PRODUCTS.",
        filter=filters.SerialPackFilterInput(description="Which packs to list."),
    ),
    "serial": graphene.Field(
        Serial,
        resolver=_resolve_serial,
        description="Look up a serial by ID. Requires the permission MANAGE_PRODUCTS.",
        id=graphene.ID(required=True, description="ID of the serial."),
    ),
    "serials": field(
        SerialCountableConnection,
        resolver=_resolve_serials,
        description="List serials. Requires the permission MANAGE_PRODUCTS.",
        filter=filters.SerialFilterInput(description="Which serials to list."),
        sort_by=filters.SerialSortingInput(description="In which order to list them."),
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
    "serial_batch": graphene.Field(
        SerialBatch,
        resolver=_resolve_batch,
        description="Look up a batch by ID. Requires the permission MANAGE_PRODUCTS.",
        id=graphene.ID(required=True, description="ID of the batch."),
    ),
    "serial_batches": field(
        SerialBatchCountableConnection,
        resolver=_resolve_batches,
        description="List batches. Requires the permission MANAGE_PRODUCTS.",
        filter=filters.SerialBatchFilterInput(description="Which batches to list."),
    ),
    "serial_generators": _extensions(
        extensions.SerialGenerator, generators.registered, "can make serials for packs"
    ),
    "serial_renderers": _extensions(
        extensions.SerialRenderer, renderers.registered, "can say how serials look"
    ),
    "serial_consumers": _extensions(
        extensions.SerialConsumer, consumers.registered, "can act when serials are consumed"
    ),
    "serial_vendor_groups": graphene.Field(
        graphene.List(graphene.NonNull(SerialVendorGroup)),
        resolver=_resolve_vendor_groups,
        description="List the vendor groups. Requires the permission MANAGE_STAFF.",
    ),
    **jobs.QUERIES,
}

_WHO = (
    "For the buyer, in the statuses that the shop shows, and with the permission MANAGE_ORDERS; "
    "{} for everybody else."
)
_TOKEN = graphene.String(
    description="The order's token: needed for a guest's order, which has no account."
)

TYPE_FIELDS = {
    "Order": {
        "serials": field(
            SerialCountableConnection,
            resolver=_resolve_order_serials,
            description=f"The serials that the order holds. {_WHO.format('empty')}",
            token=_TOKEN,
        ),
        "serial_events": graphene.Field(
            graphene.List(graphene.NonNull(SerialEvent)),
            resolver=_resolve_order_events,
            description=(
                "What staff should know of the order's serials as a whole: refunds in part, "
                "payments that vanished, e-mails that failed. Requires the permission "
                "MANAGE_ORDERS."
            ),
        ),
    },
    "OrderLine": {
        "serials": field(
            SerialCountableConnection,
            resolver=_resolve_line_serials,
            description=f"The serials that the line holds. {_WHO.format('empty')}",
            token=_TOKEN,
        ),
        "serial_shortfall": graphene.Field(
            graphene.Int,
            resolver=_resolve_shortfall,
            description=(
                "How many serials the line is owed and does not hold yet. For the buyer, and with "
                "the permission MANAGE_ORDERS; null for everybody else."
            ),
            token=_TOKEN,
        ),
    },
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
    "User": {
        "serials": field(
            SerialCountableConnection,
            resolver=_resolve_user_serials,
            description=(
                "The serials that the customer has. For the customer, in the statuses that the "
                "shop shows, and with the permission MANAGE_ORDERS; empty for everybody else."
            ),
        ),
    },
}
