"""Put serials into packs."""

from typing import Any

import graphene

from saleor_serials import tasks
from saleor_serials.access.packs import Right
from saleor_serials.graphql.mutations.base import Mutation, pack_of
from saleor_serials.graphql.types import SerialBatch
from saleor_serials.host.shapes import Actor
from saleor_serials.serials import add


class SerialsCreateInput(graphene.InputObjectType):
    pack = graphene.ID(required=True, description="ID of the pack to put them into.")
    data = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description=f"The serials: at most {add.MAX_SERIALS_PER_CALL:,}, of 64 KB each.",
    )
    batch_name = graphene.String(description="Name of the batch. If left out, the date and time.")

    class Meta:
        description = "The serials to put into a pack."


class SerialsCreate(Mutation):
    serial_batch = graphene.Field(SerialBatch, description="The batch of the new serials.")

    class Arguments:
        input = SerialsCreateInput(required=True, description="What to put into which pack.")

    class Meta:
        description = (
            "Put serials into a pack, all of them or none, and serve the orders that wait for "
            "them. Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        pack = pack_of(actor, given["pack"], Right.IMPORT)
        batch = add.add_serials(
            pack, given["data"], actor=actor.key, batch_name=given.get("batch_name")
        )
        tasks.request_settle(pack.pk)
        return cls(serial_batch=batch)
