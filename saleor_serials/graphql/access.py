"""What whoever asks may reach, found out once for each request."""

from dataclasses import dataclass
from typing import Any

from saleor_serials.access import permissions
from saleor_serials.access.packs import Reach, reach
from saleor_serials.host import graphql
from saleor_serials.host.shapes import Actor
from saleor_serials.models import SerialStatus


def reach_of(info: Any) -> Reach:
    """Say which packs whoever asks reaches."""
    actor = graphql.actor(info.context)
    known: dict[Actor, Reach] = info.context.__dict__.setdefault("saleor_serials_reaches", {})
    if actor not in known:
        with graphql.reading():
            known[actor] = reach(actor)
    return known[actor]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """Whether a holder's serials are seen, in which statuses and of which packs (None: all)."""

    allowed: bool
    statuses: frozenset[SerialStatus]
    packs: frozenset[int] | None = None


def sight(info: Any, *, allowed: bool, is_theirs: bool, shown: frozenset[SerialStatus]) -> Sight:
    """Say what whoever asks sees of an order's or a customer's serials.

    ``allowed``: what ``permissions`` said of them; ``is_theirs``: they are its customer;
    ``shown``: the shop's setting. Customers see what is theirs, whatever the pack. So do vendors
    who buy.
    """
    actor = graphql.actor(info.context)
    statuses = permissions.statuses_seen(actor, allowed=allowed, shown=shown)
    if not allowed or (actor.app_id is None and not permissions.may_see_holders(actor)):
        return Sight(allowed=allowed, statuses=statuses)
    packs = reach_of(info).packs
    if packs is not None and is_theirs and actor.app_id is None:
        return Sight(allowed=True, statuses=shown)
    return Sight(allowed=True, statuses=statuses, packs=packs)
