"""What whoever asks may reach, found out once for each request."""

from dataclasses import dataclass
from typing import Any

from saleor_serials.access import permissions
from saleor_serials.access.packs import PackAccess, pack_access
from saleor_serials.host import api
from saleor_serials.host.shapes import Actor
from saleor_serials.models import SerialStatus


def pack_access_of(info: Any) -> PackAccess:
    """Say which packs whoever asks reaches."""
    actor = api.actor(info.context)
    known: dict[Actor, PackAccess] = info.context.__dict__.setdefault("saleor_serials_reaches", {})
    if actor not in known:
        with api.reading():
            known[actor] = pack_access(actor)
    return known[actor]


def require(info: Any, permission: str) -> None:
    """Refuse who has not this permission, as the host does.

    Raises:
        PermissionDenied: the host's own.
    """
    if permission not in api.actor(info.context).permissions:
        raise api.permission_denied(permission)


def within_reach(info: Any, promised: Any) -> Any:
    """Promise what has a pack, or None where the requester does not reach that pack."""
    access = pack_access_of(info)
    return promised.then(lambda row: row if row is not None and access.sees(row.pack_id) else None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visibility:
    """Whether a holder's serials are seen, in which statuses and of which packs (None: all)."""

    allowed: bool
    statuses: frozenset[SerialStatus]
    packs: frozenset[int] | None = None


def visibility(
    info: Any, *, allowed: bool, is_theirs: bool, shown: frozenset[SerialStatus]
) -> Visibility:
    """Say what whoever asks sees of an order's or a customer's serials.

    ``allowed``: what ``permissions`` said of them; ``is_theirs``: they are its customer;
    ``shown``: the shop's setting. Customers see what is theirs, whatever the pack. So do vendors
    who buy.
    """
    actor = api.actor(info.context)
    statuses = permissions.statuses_seen(actor, allowed=allowed, shown=shown)
    if not allowed or (actor.app_id is None and not permissions.may_see_holders(actor)):
        return Visibility(allowed=allowed, statuses=statuses)
    packs = pack_access_of(info).packs
    if packs is not None and is_theirs and actor.app_id is None:
        return Visibility(allowed=True, statuses=shown)
    return Visibility(allowed=True, statuses=statuses, packs=packs)
