"""Vendors: staff groups whose members manage only their group's packs, with given rights.

Members of such a group have access to its packs only, whatever other groups they are in.
"""

from collections.abc import Collection

from saleor_serials.access.packs import Right
from saleor_serials.errors import InvalidInput, NotFound, Required
from saleor_serials.host import host
from saleor_serials.models import Pack, VendorGroup


def set_rights(group_id: int, rights: Collection[Right]) -> VendorGroup:
    """Make a staff group a vendor's, or change what its members may do with its packs.

    Raises:
        NotFound: there is no such group.
        Required: no right is given.
    """
    if group_id not in host.group_names([group_id]):
        raise NotFound("There is no such staff group.", field="group")
    if not rights:
        raise Required(
            "Give at least one right; SEE is enough to look at the group's packs.", field="rights"
        )
    values = {"rights": [right.value for right in Right if right in rights]}
    group: VendorGroup
    group, _ = VendorGroup.objects.update_or_create(group_id=group_id, defaults=values)
    return group


def remove(group_id: int) -> VendorGroup:
    """Make a vendor group an ordinary one, whose members reach all packs.

    Raises:
        NotFound: it is none.
        InvalidInput: packs belong to it, and its members would come to reach those of others.
    """
    group: VendorGroup | None = VendorGroup.objects.filter(group_id=group_id).first()
    if group is None:
        raise NotFound("This is no vendor group.", field="group")
    owned = list(
        Pack.objects.filter(vendor_group_id=group_id).order_by("pk").values_list("slug", flat=True)
    )
    if owned:
        raise InvalidInput(
            f"Packs belong to this group: {', '.join(owned[:10])}. Give them to another, or to "
            "the shop, first.",
            field="group",
        )
    group.delete()
    return group
