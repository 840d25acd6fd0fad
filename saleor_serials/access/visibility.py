"""What a requester sees of the serials of an order or a customer.

Nobody is trusted because they know an id, and a refusal looks like an order without serials: who
may not see a thing cannot tell whether it exists.
"""

from dataclasses import dataclass
from hmac import compare_digest

from saleor_serials.access.packs import PackAccess
from saleor_serials.access.permissions import LISTED, may_see_holders
from saleor_serials.host.shapes import Actor, OrderOwner
from saleor_serials.models import SerialStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Visibility:
    """Whether serials are seen at all, in which statuses, and of which packs (None: of all)."""

    allowed: bool
    statuses: frozenset[SerialStatus]
    packs: frozenset[int] | None = None


HIDDEN = Visibility(allowed=False, statuses=frozenset())


def visibility(
    actor: Actor,
    owner: OrderOwner | None,
    *,
    token: str | None = None,
    shown: frozenset[SerialStatus],
    access: PackAccess,
) -> Visibility:
    """Decide what ``actor`` sees of what ``owner`` bought; ``owner`` None: there is no such order.

    An order of an account is its customer's, whatever ``token`` is given; a guest's order is for
    everybody who has its token. Both see the statuses that the shop shows (``shown``), in every
    pack. Who manages orders sees all statuses but deleted, in the packs of their ``access``; a
    vendor's staff see their own purchases as any customer does. An app never sees more packs than
    ``access`` has, whatever token it knows.
    """
    manages = may_see_holders(actor)
    if owner is None or not (manages or _is_buyer(actor, owner, token)):
        return HIDDEN
    if actor.app_id is not None:
        return Visibility(allowed=True, statuses=LISTED if manages else shown, packs=access.packs)
    is_vendors_purchase = access.packs is not None and owner.user_id == actor.user_id
    if not manages or is_vendors_purchase:
        return Visibility(allowed=True, statuses=shown)
    return Visibility(allowed=True, statuses=LISTED, packs=access.packs)


def _is_buyer(actor: Actor, owner: OrderOwner, token: str | None) -> bool:
    if owner.user_id is not None:
        return owner.user_id == actor.user_id
    return bool(owner.token) and _same(owner.token, token or "")


def _same(secret: str, given: str) -> bool:
    # In constant time, or the token could be found letter by letter.
    return compare_digest(secret.encode(), given.encode("utf-8", "surrogatepass"))
