"""What the plugin adds to Saleor's schema: queries, mutations, and fields on Saleor's types."""

from typing import Any

import graphene
from graphql import GraphQLError
from promise import Promise

from saleor_serials import permissions
from saleor_serials.finding import Holder
from saleor_serials.graphql import filters, generators, ids, jobs, loaders
from saleor_serials.graphql.connections import (
    Listing,
    SerialCountableConnection,
    SerialPackCountableConnection,
    field,
)
from saleor_serials.graphql.mutations import MUTATIONS
from saleor_serials.graphql.types import (
    Serial,
    SerialEvent,
    SerialPack,
    SerialPackLink,
    SerialVendorGroup,
)
from saleor_serials.host import graphql
from saleor_serials.models import SerialStatus, VendorGroup


def install() -> None:
    """Add to the host's schema, before it is built.

    Raises:
        SchemaAlreadyBuilt: something imported it too early.
    """
    graphql.add_root_fields(queries=QUERIES, mutations=MUTATIONS)
    graphql.add_type_fields(TYPE_FIELDS)


def _require(info: Any, permission: str) -> None:
    if permission not in graphql.actor(info.context).permissions:
        raise graphql.permission_denied(permission)


def _resolve_pack(root: Any, info: Any, *, id: str | None = None, slug: str | None = None) -> Any:
    _require(info, permissions.MANAGE_PRODUCTS)
    if (id is None) == (slug is None):
        raise GraphQLError("Give either `id` or `slug`.")
    if slug is not None:
        return loaders.packs_by_slug(info.context, slug)
    return loaders.packs(info.context, ids.numbers_of([id or ""], "SerialPack")[0])


def _resolve_packs(root: Any, info: Any, *, filter: Any = None, **arguments: Any) -> Listing:
    _require(info, permissions.MANAGE_PRODUCTS)
    wanted = filters.packs(filter)
    return Listing(
        info,
        arguments,
        page=lambda page: loaders.pages_of_packs(info.context, (wanted, page)),
        count=lambda: loaders.counts_of_packs(info.context, wanted),
    )


def _resolve_vendor_groups(root: Any, info: Any) -> Any:
    _require(info, permissions.MANAGE_STAFF)
    with graphql.reading():
        return list(VendorGroup.objects.order_by("group_id"))


def _resolve_serial(root: Any, info: Any, *, id: str) -> Any:
    _require(info, permissions.MANAGE_PRODUCTS)
    return loaders.serials(info.context, ids.numbers_of([id], "Serial")[0])


def _resolve_serials(root: Any, info: Any, *, filter: Any = None, **arguments: Any) -> Listing:
    _require(info, permissions.MANAGE_PRODUCTS)
    wanted = filters.serials(filter)
    if wanted.order_id is not None or wanted.user_id is not None:
        _require(info, permissions.MANAGE_ORDERS)
    return _listing(info, arguments, wanted)


def _listing(info: Any, arguments: dict[str, Any], wanted: Any) -> Listing:
    return Listing(
        info,
        arguments,
        page=lambda page: loaders.pages(info.context, (wanted, page)),
        count=lambda: loaders.counts(info.context, wanted),
    )


def _resolve_generators(root: Any, info: Any) -> list[dict[str, Any]]:
    _require(info, permissions.MANAGE_PRODUCTS)
    return generators.listed()


def _resolve_order_serials(
    root: Any, info: Any, *, token: str | None = None, **arguments: Any
) -> Any:
    order_id = str(graphql.unwrap(root).pk)
    return _held(info, arguments, Holder.ORDER, order_id, order_id=order_id, token=token)


def _resolve_order_events(root: Any, info: Any) -> Any:
    _require(info, permissions.MANAGE_ORDERS)
    return loaders.notes(info.context, str(graphql.unwrap(root).pk))


def _resolve_line_serials(
    root: Any, info: Any, *, token: str | None = None, **arguments: Any
) -> Any:
    line = graphql.unwrap(root)
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
    def listing(known: Any) -> Listing:
        allowed, shown = known
        return _listing(info, arguments, _seen(info, holder, id, allowed=allowed, shown=shown))

    return Promise.all(
        [_may_see_order(info, order_id, token), loaders.shown_statuses(info.context)]
    ).then(listing)


def _may_see_order(info: Any, order_id: str, token: str | None) -> Any:
    return loaders.order_owners(info.context, order_id).then(
        lambda owner: permissions.may_see_order(graphql.actor(info.context), owner, token=token)
    )


def _seen(
    info: Any, holder: Holder, id: str, *, allowed: bool, shown: frozenset[SerialStatus]
) -> loaders.Held:
    statuses = permissions.statuses_seen(graphql.actor(info.context), allowed=allowed, shown=shown)
    return loaders.Held(holder=holder, id=id, statuses=statuses)


def _resolve_shortfall(root: Any, info: Any, *, token: str | None = None) -> Any:
    line = graphql.unwrap(root)
    return _may_see_order(info, str(line.order_id), token).then(
        lambda allowed: loaders.shortfalls(info.context, str(line.pk)) if allowed else None
    )


def _resolve_user_serials(root: Any, info: Any, **arguments: Any) -> Any:
    user_id = graphql.unwrap(root).pk
    allowed = permissions.may_see_user(graphql.actor(info.context), user_id)
    return loaders.shown_statuses(info.context).then(
        lambda shown: _listing(
            info,
            arguments,
            _seen(info, Holder.USER, str(user_id), allowed=allowed, shown=shown),
        )
    )


def _resolve_variant_links(root: Any, info: Any) -> Any:
    _require(info, permissions.MANAGE_PRODUCTS)
    return loaders.links_of_variants(info.context, graphql.unwrap(root).pk)


def _resolve_product_links(root: Any, info: Any) -> Any:
    _require(info, permissions.MANAGE_PRODUCTS)
    return loaders.links_of_products(info.context, graphql.unwrap(root).pk)


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
    ),
    "serial_generators": graphene.Field(
        graphene.List(graphene.NonNull(generators.SerialGenerator)),
        resolver=_resolve_generators,
        description=(
            "List what can make serials for packs. Requires the permission MANAGE_PRODUCTS."
        ),
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
