"""Link packs with what takes serials of them."""

from typing import Any

import graphene

from saleor_serials import tasks
from saleor_serials.access.packs import Right, pack_access
from saleor_serials.errors import NotFound
from saleor_serials.graphql import ids
from saleor_serials.graphql.inputs import one_of
from saleor_serials.graphql.mutations.base import Mutation, pack_of
from saleor_serials.graphql.types import SerialPackLink
from saleor_serials.host import host
from saleor_serials.host.shapes import Actor, Target
from saleor_serials.models import PackLink
from saleor_serials.packs import links


class SerialPackLinkCreateInput(graphene.InputObjectType):
    pack = graphene.ID(required=True, description="ID of the pack.")
    variant = graphene.ID(description="ID of the variant to link.")
    product = graphene.ID(description="ID of the product to link, for all its variants.")
    quantity = graphene.Int(
        default_value=1, description="How many serials a unit sold takes, 1 to 10,000."
    )

    class Meta:
        description = (
            "A link of a pack with a variant or a product: exactly one of `variant` and `product`."
        )


class SerialPackLinkCreate(Mutation):
    serial_pack_link = graphene.Field(SerialPackLink, description="The new link.")

    class Arguments:
        input = SerialPackLinkCreateInput(required=True, description="What to link.")

    class Meta:
        description = (
            "Link a pack with a variant or a product. Orders placed from now on take serials "
            "through it. Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        pack = pack_of(actor, given["pack"], Right.LINK)
        one_of(given, "variant", "product")
        link = links.create(
            pack=pack,
            variant_id=_existing("variant", "ProductVariant", given.get("variant")),
            product_id=_existing("product", "Product", given.get("product")),
            quantity=1 if given.get("quantity") is None else given["quantity"],
        )
        tasks.request_stock(link.pack_id)
        return cls(serial_pack_link=link)


class SerialPackLinkUpdate(Mutation):
    serial_pack_link = graphene.Field(SerialPackLink, description="The changed link.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the link.")
        quantity = graphene.Int(
            required=True, description="How many serials a unit sold takes, 1 to 10,000."
        )

    class Meta:
        description = (
            "Change how many serials a unit takes, for orders placed from now on. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        link_id = _link_of(actor, arguments["id"])
        link = links.update(link_id, quantity=arguments["quantity"])
        tasks.request_links(links.target_of(link))
        tasks.request_stock(link.pack_id)
        return cls(serial_pack_link=link)


class SerialPackLinkDelete(Mutation):
    serial_pack_link = graphene.Field(SerialPackLink, description="The link that was deleted.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the link.")

    class Meta:
        description = (
            "Delete a link. Orders placed before keep what they are owed. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        link_id = _link_of(actor, arguments["id"])
        link = links.remove(link_id)
        tasks.request_links(links.target_of(link))
        tasks.request_stock(link.pack_id)
        return cls(serial_pack_link=link)


def _link_of(actor: Actor, global_id: str) -> int:
    """Read the id of a link that somebody may change; a link that is not there is told later."""
    link_id = ids.require(global_id, "SerialPackLink", field="id")
    for pack_id in PackLink.objects.filter(pk=link_id).values_list("pack_id", flat=True):
        within = pack_access(actor)
        if not within.sees(pack_id):
            raise NotFound("There is no such link; it may have been removed.", field="id")
        within.require(Right.LINK, pack_id, field="id")
    return link_id


def _existing(kind: str, type_name: str, global_id: str | None) -> int | None:
    """Read the id of a variant or product, which must be there: its key has no constraint."""
    if global_id is None:
        return None
    number = ids.require(global_id, type_name, field=kind)
    if not host.has_target(Target(kind=kind, id=number)):
        raise NotFound(f"There is no such {kind}.", field=kind)
    return number
