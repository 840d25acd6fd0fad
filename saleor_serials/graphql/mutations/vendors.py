"""Say which staff groups are vendors, and what they may do."""

from typing import Any

import graphene

from saleor_serials.access.packs import Right
from saleor_serials.access.permissions import MANAGE_STAFF
from saleor_serials.graphql import ids
from saleor_serials.graphql.mutations.base import Mutation
from saleor_serials.graphql.types import SerialVendorGroup
from saleor_serials.graphql.types.enums import SerialVendorRightEnum
from saleor_serials.host.shapes import Actor
from saleor_serials.packs import vendors


class SerialVendorGroupUpdate(Mutation):
    serial_vendor_group = graphene.Field(SerialVendorGroup, description="The vendor group.")

    class Arguments:
        group = graphene.ID(required=True, description="ID of Saleor's `Group`.")
        rights = graphene.List(
            graphene.NonNull(SerialVendorRightEnum),
            required=True,
            description="What its members may do with its packs.",
        )

    class Meta:
        description = (
            "Make a staff group a vendor's, or change its rights. Its members then reach the packs "
            "of their own group alone. Requires the permission MANAGE_STAFF."
        )
        permission = MANAGE_STAFF

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        group_id = ids.require(arguments["group"], "Group", field="group")
        rights = {Right(right) for right in arguments["rights"]}
        return cls(serial_vendor_group=vendors.set_rights(group_id, rights))


class SerialVendorGroupDelete(Mutation):
    serial_vendor_group = graphene.Field(SerialVendorGroup, description="What it was.")

    class Arguments:
        group = graphene.ID(required=True, description="ID of Saleor's `Group`.")

    class Meta:
        description = (
            "Make a vendor group an ordinary one, to which no pack may belong. "
            "Requires the permission MANAGE_STAFF."
        )
        permission = MANAGE_STAFF

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        group_id = ids.require(arguments["group"], "Group", field="group")
        return cls(serial_vendor_group=vendors.remove(group_id))
