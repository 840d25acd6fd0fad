"""Which packs somebody reaches, and what they may do there: vendors, and outside software.

A permission of Saleor's opens the door; this says to which packs. Staff who are in a vendor group
reach the packs of their groups alone, superusers aside. Software (an app) reaches the serials of
packs that allow it. A pack that is out of reach looks like one that does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from saleor_serials.errors import NotAllowed, NotFound
from saleor_serials.host.shapes import Actor
from saleor_serials.models import Pack, VendorGroup


class Right(StrEnum):
    """What a vendor group may do with its packs; whoever may do anything may see them."""

    SEE = "see"
    EDIT = "edit"
    LINK = "link"
    IMPORT = "import"
    GENERATE = "generate"
    ASSIGN = "assign"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True, slots=True)
class PackAccess:
    """The packs that somebody reaches: ``packs`` is None where that is all of them.

    ``rights`` are those of a vendor, by pack. ``groups`` are the vendor groups that they are in.
    """

    packs: frozenset[int] | None = None
    rights: Mapping[int, frozenset[Right]] | None = None
    groups: Mapping[int, frozenset[Right]] = field(default_factory=dict)

    def sees(self, pack_id: int) -> bool:
        """Tell whether a pack is within reach."""
        return self.packs is None or pack_id in self.packs

    def may(self, right: Right, pack_id: int) -> bool:
        """Tell whether they may do this with a pack."""
        return self.sees(pack_id) and (self.rights is None or right in self.rights[pack_id])

    def require(self, right: Right, pack_id: int, *, field: str) -> None:
        """Refuse what they may not do.

        Raises:
            NotFound: the pack is out of reach.
            NotAllowed: it is not, but the rights of their group do not include this.
        """
        if not self.sees(pack_id):
            raise NotFound("There is no such pack.", field=field)
        if not self.may(right, pack_id):
            raise NotAllowed(
                f"The rights of your group do not include '{right}' for this pack.", field=field
            )


EVERYTHING = PackAccess()


def pack_access(actor: Actor) -> PackAccess:
    """Find what somebody reaches: no statement for a customer, two at most for others."""
    if actor.app_id is not None:
        allowed = Pack.objects.filter(webservice_access=True).values_list("pk", flat=True)
        return PackAccess(packs=frozenset(allowed))
    if actor.is_superuser or not actor.group_ids:
        return EVERYTHING
    groups = VendorGroup.objects.filter(group_id__in=actor.group_ids)
    rights = {each.group_id: frozenset(map(Right, each.rights)) for each in groups}
    if not rights:
        return EVERYTHING
    owned = Pack.objects.filter(vendor_group_id__in=rights).values_list("pk", "vendor_group_id")
    of_packs = {pk: rights[group_id] for pk, group_id in owned}
    return PackAccess(packs=frozenset(of_packs), rights=of_packs, groups=rights)
