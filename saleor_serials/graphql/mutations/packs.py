"""Make, change, archive and restore packs."""

from collections.abc import Mapping
from typing import Any

import graphene

from saleor_serials import tasks
from saleor_serials.access.packs import EVERYTHING, PackAccess, Right, pack_access
from saleor_serials.errors import NotAllowed
from saleor_serials.graphql import ids
from saleor_serials.graphql.mutations.base import Mutation
from saleor_serials.graphql.types import SerialPack
from saleor_serials.graphql.types.enums import (
    SerialPackSourceEnum,
    SerialPackTypeEnum,
    SerialPickOrderEnum,
    SerialStatusEnum,
)
from saleor_serials.graphql.types.json_object import SerialJSON
from saleor_serials.graphql.types.metadata import metadata_input, reference_input
from saleor_serials.host.shapes import Actor
from saleor_serials.packs import lifecycle


class SerialPackConsumerInput(graphene.InputObjectType):
    name = graphene.String(required=True, description="Name of the consumer.")
    settings = SerialJSON(description="Its settings, as a JSON object.")

    class Meta:
        description = "What acts when a serial of a pack is consumed."


class SerialPackInput(graphene.InputObjectType):
    name = graphene.String(description="Name of the pack.")
    slug = graphene.String(
        description="Name of the pack in URLs and programs. If left out, made from the name."
    )
    description = graphene.String(description="Notes for staff.")
    shows_name = graphene.Boolean(description="Whether customers are shown the pack's name.")
    type = SerialPackTypeEnum(description="How serials are put into it.")
    source = SerialPackSourceEnum(
        description="Where the serials come from that it hands out; `NONE` needs a generator."
    )
    generator = graphene.String(
        description="Name of the generator that makes its serials; empty or null: none."
    )
    generator_settings = SerialJSON(description="The generator's settings, as a JSON object.")
    renderer = graphene.String(
        description=(
            "Name of the renderer that says how its serials look; empty or null: as their data."
        )
    )
    renderer_settings = SerialJSON(description="The renderer's settings, as a JSON object.")
    consumers = graphene.List(
        graphene.NonNull(SerialPackConsumerInput),
        description="What acts when its serials are consumed, in this order; empty: nothing.",
    )
    is_published = graphene.Boolean(
        description="Whether the pack hands out serials. If not, paid orders wait for it."
    )
    is_consumable = graphene.Boolean(
        description="Whether customers get serials that they can consume, or used ones."
    )
    is_unlimited = graphene.Boolean(
        description="Whether it leaves the product's stock alone; what it lacks is owed."
    )
    checks_user = graphene.Boolean(description="Whether only its owner may consume a serial.")
    assigns_user = graphene.Boolean(
        description="Whether serials belong to the buyer; else to the order alone."
    )
    webservice_access = graphene.Boolean(
        description="Whether outside software (an app) reaches its serials."
    )
    vendor_group = graphene.ID(
        description="ID of the vendor's `Group` that it belongs to; null: to the shop."
    )
    customer_groups = graphene.List(
        graphene.NonNull(graphene.String),
        description="Only customers in one of these groups are served; empty: everybody.",
    )
    channels = graphene.List(
        graphene.NonNull(graphene.String),
        description="Only orders in these channels (slugs) are served; empty: in all of them.",
    )
    status_on_refund = SerialStatusEnum(
        description=(
            "What becomes of serials whose order is refunded. Any but `UNASSIGNED`, `ASSIGNED` and "
            "`FREE` gets a warning."
        )
    )
    pick_order = SerialPickOrderEnum(description="Which free serial is handed out first.")
    size_limit = graphene.Int(
        description=(
            "How many serials that are not yet handed out it can have; 0: no limit; null: the "
            "shop's."
        )
    )
    batch_limit = graphene.Int(
        description=(
            "How many serials a batch can have, if its type is `BATCH`; 0: no limit; null: the "
            "shop's."
        )
    )
    public_fields = graphene.List(
        graphene.NonNull(graphene.String),
        description="Names of the extra fields of its serials that customers see as well.",
    )
    metadata = metadata_input()
    private_metadata = metadata_input(is_private=True)
    external_reference = reference_input()
    notice_below = graphene.Int(
        description="Tell staff when fewer serials than this are left; 0 or null: never."
    )

    class Meta:
        description = (
            "The rules of a pack. What is left out takes its default, or stays as it is; null "
            "brings a rule back to its default."
        )


class SerialPackCreate(Mutation):
    serial_pack = graphene.Field(SerialPack, description="The new pack.")

    class Arguments:
        input = SerialPackInput(required=True, description="The rules of the new pack.")

    class Meta:
        description = (
            "Make a pack. A vendor's belongs to their group. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        values = _rules(arguments["input"])
        _own(values, pack_access(actor), is_new=True)
        return cls(serial_pack=lifecycle.create(name=values.pop("name", None) or "", **values))


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
        within = pack_access(actor)
        pack_id = _require(within, Right.EDIT, arguments["id"])
        values = _rules(arguments["input"])
        _own(values, within, is_new=False)
        pack = lifecycle.update(pack_id, **values)
        tasks.request_settle(pack.pk)
        return cls(serial_pack=pack)


class SerialPackDelete(Mutation):
    serial_pack = graphene.Field(
        SerialPack, description="The archived pack; null if it was empty and is gone."
    )

    class Arguments:
        id = graphene.ID(required=True, description="ID of the pack.")

    class Meta:
        description = (
            "Delete a pack that nothing was ever put into or owed from, and archive any other: it "
            "hands nothing out, and orders keep what they hold. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        pack_id = _require(pack_access(actor), Right.DELETE, arguments["id"])
        pack = lifecycle.delete(pack_id)
        tasks.request_stock(pack_id)
        return cls(serial_pack=pack if pack.pk is not None else None)


class SerialPackRestore(Mutation):
    serial_pack = graphene.Field(SerialPack, description="The pack, yet to be published.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the pack.")

    class Meta:
        description = (
            "Take a pack out of the archive. It stays unpublished, and its links stay ended. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        pack_id = _require(pack_access(actor), Right.EDIT, arguments["id"])
        return cls(serial_pack=lifecycle.restore(pack_id))


def _require(within: PackAccess, right: Right, global_id: str) -> int:
    pack_id = ids.require(global_id, "SerialPack", field="id")
    within.require(right, pack_id, field="id")
    return pack_id


def _rules(values: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(values)
    if "vendor_group" in found:
        group = found.pop("vendor_group")
        found["vendor_group_id"] = group and ids.require(group, "Group", field="vendor_group")
    return found


def _own(values: dict[str, Any], within: PackAccess, *, is_new: bool) -> None:
    """Keep a pack of a vendor's among their own groups.

    Raises:
        NotAllowed: they may not make packs, or it would go to somebody else.
    """
    if within is EVERYTHING:
        return
    if not within.groups:
        # Made by outside software, which could not reach it otherwise.
        if is_new and values.get("webservice_access") is None:
            values["webservice_access"] = True
        return
    editable = [group for group, rights in within.groups.items() if Right.EDIT in rights]
    if is_new and len(editable) == 1:
        values.setdefault("vendor_group_id", editable[0])
    if (is_new or "vendor_group_id" in values) and values.get("vendor_group_id") not in editable:
        raise NotAllowed("Name one of your own groups that may edit packs.", field="vendor_group")
