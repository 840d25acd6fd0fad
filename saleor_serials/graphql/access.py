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
