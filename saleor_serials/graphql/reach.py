"""What whoever asks may reach, found out once for each request."""

from typing import Any

from saleor_serials import access
from saleor_serials.access import Reach
from saleor_serials.host import graphql
from saleor_serials.host.shapes import Actor


def reach_of(info: Any) -> Reach:
    """Say which packs whoever asks reaches."""
    actor = graphql.actor(info.context)
    known: dict[Actor, Reach] = info.context.__dict__.setdefault("saleor_serials_reaches", {})
    if actor not in known:
        with graphql.reading():
            known[actor] = access.reach(actor)
    return known[actor]
