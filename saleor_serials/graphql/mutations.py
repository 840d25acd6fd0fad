"""What staff change: each mutation reads ids, calls one verb, and translates refusals."""

from collections.abc import Mapping
from typing import Any

import graphene
from graphene.utils.str_converters import to_camel_case

from saleor_serials import links, packs, tasks
from saleor_serials.errors import InvalidInput, InvalidInputs, NotFound
from saleor_serials.graphql import ids, loaders
from saleor_serials.graphql.types import (
    SerialBatch,
    SerialError,
    SerialPack,
    SerialPackLink,
    SerialPickOrderEnum,
    SerialStatusEnum,
)
from saleor_serials.host import graphql
from saleor_serials.host.shapes import Actor
from saleor_serials.models import Pack, PackLink
from saleor_serials.permissions import MANAGE_PRODUCTS


class _Mutation(graphql.Mutation):
    """A change to packs. Whoever makes it has the permission."""

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, **options: Any) -> None:
        super().__init_subclass_with_meta__(
            permission=MANAGE_PRODUCTS, error_type_class=SerialError, **options
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        """Make the change and return what is to be seen of it.

        Raises:
            InvalidInput, InvalidInputs: nothing was changed.
        """
        raise NotImplementedError

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, **arguments: Any) -> Any:
        try:
            return cls.perform(graphql.actor(info.context), **arguments)
        except InvalidInput as refusal:
            return cls(errors=[_row(refusal)])
        except InvalidInputs as refusals:
            return cls(errors=[_row(each) for each in refusals.errors])
        finally:
            loaders.forget(info.context)


def _row(refusal: InvalidInput) -> SerialError:
    return SerialError(
        field=to_camel_case(refusal.field),
        message=refusal.message,
        code=refusal.code.value,
        index=refusal.index,
    )


class SerialPackInput(graphene.InputObjectType):
    name = graphene.String(description="Name of the pack.")
    slug = graphene.String(
        description="Name of the pack in URLs and programs. If left out, made from the name."
    )
    description = graphene.String(description="Notes for staff.")
    is_published = graphene.Boolean(
        description="Whether the pack hands out serials. If not, paid orders wait for it."
    )
    is_consumable = graphene.Boolean(
        description="Whether customers get serials that they can consume, or used ones."
    )
    status_on_refund = SerialStatusEnum(
        description="What becomes of serials whose order is refunded."
    )
    pick_order = SerialPickOrderEnum(description="Which free serial is handed out first.")

    class Meta:
        description = "The rules of a pack. What is left out or null takes its default or stays."


class SerialPackCreate(_Mutation):
    serial_pack = graphene.Field(SerialPack, description="The new pack.")

    class Arguments:
        input = SerialPackInput(required=True, description="The rules of the new pack.")

    class Meta:
        description = "Make a pack. Requires the permission MANAGE_PRODUCTS."

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        values = _given(arguments["input"])
        return cls(serial_pack=packs.create(name=values.pop("name", ""), **values))


class SerialPackUpdate(_Mutation):
    serial_pack = graphene.Field(SerialPack, description="The changed pack.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the pack.")
        input = SerialPackInput(required=True, description="What to change.")

    class Meta:
        description = (
            "Change a pack. Publishing it serves the orders that wait for it. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        pack_id = ids.require(arguments["id"], "SerialPack", field="id")
        values = _given(arguments["input"])
        pack = packs.update(pack_id, **values)
        if values.get("is_published"):
            tasks.request_settle(pack.pk)
        return cls(serial_pack=pack)


class SerialsCreate(_Mutation):
    serial_batch = graphene.Field(SerialBatch, description="The batch of the new serials.")

    class Arguments:
        pack = graphene.ID(required=True, description="ID of the pack to put them into.")
        data = graphene.List(
            graphene.NonNull(graphene.String),
            required=True,
            description=f"The serials: at most {packs.MAX_SERIALS_PER_CALL:,}, of 64 KB each.",
        )
        batch_name = graphene.String(
            description="Name of the batch. If left out, the date and time."
        )

    class Meta:
        description = (
            "Put serials into a pack, all of them or none, and serve the orders that wait for "
            "them. Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        pack = _pack(arguments["pack"])
        batch = packs.add_serials(
            pack, arguments["data"], actor=actor.key, batch_name=arguments.get("batch_name")
        )
        tasks.request_settle(pack.pk)
        return cls(serial_batch=batch)


class SerialPackLinkInput(graphene.InputObjectType):
    pack = graphene.ID(required=True, description="ID of the pack.")
    variant = graphene.ID(description="ID of the variant to link; this or a product.")
    product = graphene.ID(
        description="ID of the product to link, for all its variants; this or a variant."
    )
    quantity = graphene.Int(
        default_value=1, description="How many serials a unit sold takes, 1 to 10,000."
    )

    class Meta:
        description = "A link of a pack with a variant or a product."


class SerialPackLinkCreate(_Mutation):
    serial_pack_link = graphene.Field(SerialPackLink, description="The new link.")

    class Arguments:
        input = SerialPackLinkInput(required=True, description="What to link.")

    class Meta:
        description = (
            "Link a pack with a variant or a product. Orders placed from now on take serials "
            "through it. Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        link = links.create(
            pack=_pack(given["pack"]),
            variant_id=_existing(PackLink.variant, "ProductVariant", given.get("variant")),
            product_id=_existing(PackLink.product, "Product", given.get("product")),
            quantity=1 if given.get("quantity") is None else given["quantity"],
        )
        return cls(serial_pack_link=link)


class SerialPackLinkUpdate(_Mutation):
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
        link_id = ids.require(arguments["id"], "SerialPackLink", field="id")
        link = links.update(link_id, quantity=arguments["quantity"])
        tasks.request_links(links.target_of(link))
        return cls(serial_pack_link=link)


class SerialPackLinkDelete(_Mutation):
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
        link_id = ids.require(arguments["id"], "SerialPackLink", field="id")
        link = links.remove(link_id)
        tasks.request_links(links.target_of(link))
        return cls(serial_pack_link=link)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is null."""
    return {name: value for name, value in values.items() if value is not None}


def _pack(global_id: str) -> Pack:
    pack = Pack.objects.filter(pk=ids.require(global_id, "SerialPack", field="pack")).first()
    if pack is None:
        raise NotFound("There is no such pack.", field="pack")
    return pack


def _existing(foreign: Any, type_name: str, global_id: str | None) -> int | None:
    """Read the id of a row of the host, which must be there: its key has no constraint."""
    if global_id is None:
        return None
    field = foreign.field
    number = ids.require(global_id, type_name, field=field.name)
    if not field.related_model.objects.filter(pk=number).exists():
        raise NotFound(f"There is no such {field.name}.", field=field.name)
    return number
