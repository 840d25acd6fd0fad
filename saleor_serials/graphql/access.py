"""What whoever asks may reach, found out once for each request."""

from typing import Any

from saleor_serials.access.packs import PackAccess, pack_access
from saleor_serials.host import api
from saleor_serials.host.shapes import Actor


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


def if_visible(info: Any, promised: Any) -> Any:
    """Promise what has a pack, or None where the requester does not reach that pack."""
    access = pack_access_of(info)
    return promised.then(lambda row: row if row is not None and access.sees(row.pack_id) else None)
