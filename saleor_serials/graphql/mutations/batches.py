"""Change what a batch is called and what outside software keeps with it."""

from typing import Any

import graphene

from saleor_serials.access.packs import Right, pack_access
from saleor_serials.errors import NotFound
from saleor_serials.graphql import ids
from saleor_serials.graphql.mutations.base import Mutation
from saleor_serials.graphql.types import SerialBatch
from saleor_serials.graphql.types.metadata import (
    given_reference,
    metadata_input,
    reference_input,
)
from saleor_serials.host.shapes import Actor
from saleor_serials.models import Batch
from saleor_serials.serials import batches


class SerialBatchInput(graphene.InputObjectType):
    name = graphene.String(description="Name of the batch; null leaves it.")
    metadata = metadata_input()
    private_metadata = metadata_input(is_private=True)
    external_reference = reference_input()

    class Meta:
        description = "What to change of a batch. What is left out stays."


class SerialBatchUpdate(Mutation):
    serial_batch = graphene.Field(SerialBatch, description="The changed batch.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the batch.")
        input = SerialBatchInput(required=True, description="What to change.")

    class Meta:
        description = (
            "Change a batch's name, metadata or external reference. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        batch_id = ids.require(arguments["id"], "SerialBatch", field="id")
        access = pack_access(actor)
        batch = Batch.objects.filter(pk=batch_id).first()
        if batch is None or not access.sees(batch.pack_id):
            raise NotFound("There is no such batch.", field="id")
        access.require(Right.IMPORT, batch.pack_id, field="id")
        given = arguments["input"]
        changes = {**given, "external_reference": given_reference(given)}
        return cls(serial_batch=batches.update(batch_id, **changes))
