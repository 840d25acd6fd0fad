"""Who may see what. Nobody is trusted because they know an id.

A refusal looks like an order without serials: whoever may not see a thing cannot tell whether it
is there.
"""

from hmac import compare_digest

from saleor_serials.host.shapes import Actor, OrderOwner
from saleor_serials.models import SerialStatus

MANAGE_ORDERS = "MANAGE_ORDERS"
MANAGE_PRODUCTS = "MANAGE_PRODUCTS"
MANAGE_STAFF = "MANAGE_STAFF"

NOTHING: frozenset[SerialStatus] = frozenset()
# Deleted serials are listed only where staff ask for them.
LISTED = frozenset(SerialStatus) - {SerialStatus.DELETED}


def may_see_packs(actor: Actor) -> bool:
    """Packs, their links and all that is in them: for those who manage products."""
    return MANAGE_PRODUCTS in actor.permissions


def may_see_holders(actor: Actor) -> bool:
    """Which order or customer has a serial: for those who manage orders."""
    return MANAGE_ORDERS in actor.permissions


def may_see_background(actor: Actor) -> bool:
    """A serial's pack, batch, history and dates: for staff, never for customers."""
    return may_see_packs(actor) or may_see_holders(actor)


def may_see_order(actor: Actor, owner: OrderOwner | None, *, token: str | None) -> bool:
    """An order's serials: for the buyer, and for those who manage orders.

    A guest's order is its buyer's who has its token. An order of an account has no use for one.
    ``owner`` is None where there is no such order.
    """
    if owner is None:
        return False
    if may_see_holders(actor):
        return True
    if owner.user_id is not None:
        return owner.user_id == actor.user_id
    return bool(owner.token) and _same(owner.token, token or "")


def _same(secret: str, given: str) -> bool:
    # In constant time, or the token could be found letter by letter.
    return compare_digest(secret.encode(), given.encode("utf-8", "surrogatepass"))


def may_see_user(actor: Actor, user_id: int) -> bool:
    """A customer's serials: for the customer, and for those who manage orders."""
    return may_see_holders(actor) or actor.user_id == user_id


def statuses_seen(
    actor: Actor, *, allowed: bool, shown: frozenset[SerialStatus]
) -> frozenset[SerialStatus]:
    """The statuses in which serials of an order or a customer are seen; empty: none are.

    ``allowed``: what one of the two functions above said. ``shown``: the shop's setting, which
    counts for customers.
    """
    if not allowed:
        return NOTHING
    return LISTED if may_see_holders(actor) else shown
