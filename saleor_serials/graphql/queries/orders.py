"""What orders, order lines and customers have: fields on Saleor's own types."""

from typing import Any

import graphene
from promise import Promise

from saleor_serials.access.permissions import MANAGE_ORDERS
from saleor_serials.access.visibility import Visibility, visibility
from saleor_serials.graphql.access import pack_access_of, require
from saleor_serials.graphql.errors import refusals
from saleor_serials.graphql.loaders import assignments, orders
from saleor_serials.graphql.loaders.lists import Held, list_loaded, list_serials
from saleor_serials.graphql.pagination import Listing, field
from saleor_serials.graphql.types import filters, sorting
from saleor_serials.graphql.types.connections import (
    SerialCountableConnection,
    SerialEventCountableConnection,
)
from saleor_serials.host import api
from saleor_serials.host.shapes import OrderOwner
from saleor_serials.models import SerialStatus
from saleor_serials.serials.search import Holder


def _resolve_order_serials(
    root: Any, info: Any, *, token: str | None = None, **arguments: Any
) -> Any:
    order_id = str(api.unwrap(root).pk)
    return _held(info, arguments, Holder.ORDER, order_id, order_id=order_id, token=token)


def _resolve_order_events(root: Any, info: Any, **arguments: Any) -> Any:
    require(info, MANAGE_ORDERS)
    key = (str(api.unwrap(root).pk), pack_access_of(info).packs)
    return list_loaded(info, arguments, lambda: orders.notes(info.context, key))


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
        lambda visibility: list_serials(info, arguments, _seen(holder, id, visibility))
    )


def _seen(holder: Holder, id: str, visibility: Visibility) -> Held:
    return Held(holder=holder, id=id, statuses=visibility.statuses, packs=visibility.packs)


def _visibility_of_order(info: Any, order_id: str, token: str | None) -> Any:
    """Promise what the requester sees of an order's serials."""
    return Promise.all(
        [orders.order_owners(info.context, order_id), orders.shown_statuses(info.context)]
    ).then(lambda known: _visible(info, known[0], shown=known[1], token=token))


def _visible(
    info: Any,
    owner: OrderOwner | None,
    *,
    shown: frozenset[SerialStatus],
    token: str | None = None,
) -> Visibility:
    return visibility(
        api.actor(info.context), owner, token=token, shown=shown, access=pack_access_of(info)
    )


def _resolve_shortfall(root: Any, info: Any, *, token: str | None = None) -> Any:
    line = api.unwrap(root)

    def shortfall(visibility: Visibility) -> Any:
        if not visibility.allowed:
            return None
        key = (str(line.order_id), str(line.pk))
        return assignments.line_shortfalls(info.context, (key, visibility.packs))

    return _visibility_of_order(info, str(line.order_id), token).then(shortfall)


def _resolve_user_serials(
    root: Any, info: Any, *, filter: Any = None, sort_by: Any = None, **arguments: Any
) -> Any:
    user_id = api.unwrap(root).pk

    def listing(shown: frozenset[SerialStatus]) -> Listing:
        seen = _visible(info, OrderOwner(user_id=user_id, token=""), shown=shown)
        if not filter and not sort_by:
            held = _seen(Holder.USER, str(user_id), seen)
            return list_serials(info, arguments, held)
        with refusals():
            criteria = filters.user_serials(
                filter,
                user_id=user_id,
                statuses=seen.statuses,
                within=seen.packs,
                sort_by=sort_by,
            )
        return list_serials(info, arguments, criteria)

    return orders.shown_statuses(info.context).then(listing)


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
        "serial_events": field(
            SerialEventCountableConnection,
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
                "the permission MANAGE_ORDERS; null for everybody else, and until the order has "
                "been looked at for the first time."
            ),
            token=_TOKEN,
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
            filter=filters.SerialUserFilterInput(description="Which of them to list."),
            sort_by=sorting.SerialSortingInput(description="In which order to list them."),
        ),
    },
}
