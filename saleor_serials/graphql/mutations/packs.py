"""Make and change packs."""

from typing import Any

import graphene

from saleor_serials import packs, tasks
from saleor_serials.graphql import ids
from saleor_serials.graphql.enums import SerialPickOrderEnum, SerialStatusEnum
from saleor_serials.graphql.mutations.base import Mutation, given
from saleor_serials.graphql.types import SerialPack
from saleor_serials.host.shapes import Actor


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


class SerialPackCreate(Mutation):
    serial_pack = graphene.Field(SerialPack, description="The new pack.")

    class Arguments:
        input = SerialPackInput(required=True, description="The rules of the new pack.")

    class Meta:
        description = "Make a pack. Requires the permission MANAGE_PRODUCTS."

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        values = given(arguments["input"])
        return cls(serial_pack=packs.create(name=values.pop("name", ""), **values))


class SerialPackUpdate(Mutation):
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
        values = given(arguments["input"])
        pack = packs.update(pack_id, **values)
        if values.get("is_published"):
            tasks.request_settle(pack.pk)
        return cls(serial_pack=pack)
