"""Which of Saleor's permissions open what."""

from saleor_serials.host.shapes import Actor
from saleor_serials.models import SerialStatus

MANAGE_ORDERS = "MANAGE_ORDERS"
MANAGE_PRODUCTS = "MANAGE_PRODUCTS"
MANAGE_STAFF = "MANAGE_STAFF"

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
