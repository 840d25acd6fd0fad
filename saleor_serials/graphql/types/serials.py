"""A serial, what holds it, and what happened to it.

Whoever reaches a serial may see that it is there, in which status, and its data; what else they
see depends on their rights, which the request knows: see ``permissions``.
"""

from collections.abc import Callable
from typing import Any

import graphene
from graphene import relay

from saleor_serials import models
from saleor_serials.access import permissions
from saleor_serials.customers import email_of, user_id_of
from saleor_serials.extensions.renderers import Rendering
from saleor_serials.graphql import ids
from saleor_serials.graphql.access import pack_access_of
from saleor_serials.graphql.loaders import orders, rows
from saleor_serials.graphql.loaders.lists import list_loaded
from saleor_serials.graphql.pagination import field
from saleor_serials.graphql.types.enums import SerialEventTypeEnum, SerialStatusEnum
from saleor_serials.graphql.types.metadata import HasMetadata
from saleor_serials.graphql.types.packs import SerialBatch, SerialPack
from saleor_serials.host import api
from saleor_serials.serials.rendering import rendered


def _order_id(assignment: models.Assignment) -> str | None:
    return ids.of("Order", assignment.order.order_id) if assignment.order else None


class SerialAssignment(graphene.ObjectType):
    order_id = graphene.ID(description="ID of the `Order`; null: staff gave it without one.")
    order_number = graphene.String(description="Number of the order.")
    order_line_id = graphene.ID(description="ID of the `OrderLine`.")
    pack = graphene.Field(SerialPack, required=True, description="Where the serials come from.")
    entitled = graphene.Int(required=True, description="How many serials the line is owed.")
    held = graphene.Int(required=True, description="How many serials the line holds.")
    shortfall = graphene.Int(
        required=True, description="How many serials are owed and not held; they will follow."
    )
    entitled_since = api.DateTime(description="Since when the line is owed serials.")
    product_name = graphene.String(description="What the line sold; null: staff gave it.")
    variant_name = graphene.String(description="Which variant of it, where that has a name.")
    sku = graphene.String(description="The variant's SKU.")

    class Meta:
        description = "What an order line, or a gift, is owed from a pack, and what it holds."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_order_id(root: models.Assignment, info: Any) -> str | None:
        return _order_id(root)

    @staticmethod
    def resolve_order_number(root: models.Assignment, info: Any) -> str | None:
        return root.order.number if root.order else None

    @staticmethod
    def resolve_order_line_id(root: models.Assignment, info: Any) -> str | None:
        return ids.of("OrderLine", root.line_id) if root.line_id else None

    @staticmethod
    def resolve_product_name(root: models.Assignment, info: Any) -> str | None:
        return root.product_name or None

    @staticmethod
    def resolve_variant_name(root: models.Assignment, info: Any) -> str | None:
        return root.variant_name or None

    @staticmethod
    def resolve_sku(root: models.Assignment, info: Any) -> str | None:
        return root.sku or None

    @staticmethod
    def resolve_pack(root: models.Assignment, info: Any) -> Any:
        return rows.packs(info.context, root.pack_id)


class SerialEvent(graphene.ObjectType):
    type = SerialEventTypeEnum(required=True, description="What happened.")
    created_at = api.DateTime(required=True, description="When it happened.")
    from_status = SerialStatusEnum(description="The serial's status before.")
    to_status = SerialStatusEnum(description="The serial's status after.")
    actor = graphene.String(
        required=True,
        description="Who did it: a user's e-mail address, an app's name, or `system`.",
    )
    order_number = graphene.String(
        description="Number of the order. Requires the permission MANAGE_ORDERS, else null."
    )
    reason = graphene.String(description="Why it was done, or what was noted.")
    title = graphene.String(description="What happened, in the words of whoever noted it.")
    happened_at = api.DateTime(
        description="When it happened, if that was not when it was written down."
    )
    quantity = graphene.Int(description="How many serials, if it happened to a whole batch.")

    class Meta:
        description = "One line of a serial's history."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_from_status(root: models.Event, info: Any) -> str | None:
        return root.from_status or None

    @staticmethod
    def resolve_to_status(root: models.Event, info: Any) -> str | None:
        return root.to_status or None

    @staticmethod
    def resolve_actor(root: models.Event, info: Any) -> Any:
        return rows.actor_names(info.context, root.actor)

    @staticmethod
    def resolve_order_number(root: models.Event, info: Any) -> str | None:
        if root.order is None or not permissions.may_see_holders(api.actor(info.context)):
            return None
        return str(root.order.number)

    @staticmethod
    def resolve_title(root: models.Event, info: Any) -> str | None:
        return root.title or None

    @staticmethod
    def resolve_reason(root: models.Event, info: Any) -> str | None:
        return root.reason or None


class SerialCustomer(graphene.ObjectType):
    user_id = graphene.ID(description="ID of the `User`; null for who bought without an account.")
    email = graphene.String(description="Their e-mail address, where it is known.")

    class Meta:
        description = "Whoever holds a serial, or last held it."


class SerialRendering(graphene.ObjectType):
    text = graphene.String(required=True, description="The text, plain.")
    picture = graphene.String(
        description="The picture that goes with it, as a data URI, if there is one."
    )

    class Meta:
        description = "How a serial looks."

    @staticmethod
    def resolve_picture(root: Rendering, info: Any) -> str | None:
        return root.picture.data_uri if root.picture else None


_FOR_BUYER = "For the customer whose order it is, and with the permission MANAGE_ORDERS, else null."


class Serial(HasMetadata, graphene.ObjectType):
    data = graphene.String(required=True, description="The serial itself.")
    rendering = graphene.Field(
        SerialRendering,
        required=True,
        description="How it looks to customers: as its pack's renderer says, else its data.",
    )
    preview = graphene.String(
        required=True,
        description="The serial, cut to the length that the shop has set for lists.",
    )
    status_label = graphene.String(
        required=True,
        description=(
            "What its status is called for people: `sold` for `USED`, where the pack is not "
            "consumable."
        ),
    )
    extra = api.JSONString(description="Its extra fields. For staff, else null.")
    public_extra = api.JSONString(
        required=True,
        description="Those of its extra fields that its pack shows to customers as well.",
    )
    order_id = graphene.ID(description=f"ID of the `Order` that holds it. {_FOR_BUYER}")
    order_number = graphene.String(description=f"Number of that order. {_FOR_BUYER}")
    product_name = graphene.String(description=f"What was bought with it. {_FOR_BUYER}")
    customer = graphene.Field(
        SerialCustomer,
        description=(
            "Who holds it, or last held it. Requires the permission MANAGE_ORDERS, else null."
        ),
    )
    status = SerialStatusEnum(required=True, description="Where it is in its life.")
    created_at = api.DateTime(required=True, description="When it was put into its pack.")
    assigned_at = api.DateTime(description="When its customer got it.")
    expires_at = api.DateTime(description="When it ceases to be valid, if ever.")
    delivered_at = api.DateTime(
        description="When it was sent to the customer. For staff, else null."
    )
    consumed_at = api.DateTime(description="When the customer consumed it. For staff, else null.")
    pack = graphene.Field(SerialPack, description="The pack it is in. For staff, else null.")
    pack_name = graphene.String(
        description="The pack's name. For staff; for customers where the pack shows it, else null."
    )
    batch = graphene.Field(
        SerialBatch, description="The batch it was made with. For staff, else null."
    )
    assignment = graphene.Field(
        SerialAssignment,
        description="What holds it. Requires the permission MANAGE_ORDERS, else null.",
    )
    events = field(
        "saleor_serials.graphql.types.connections.SerialEventCountableConnection",
        resolver=lambda root, info, **arguments: _events_of(root, info, arguments),
        description="What happened to it, oldest first. For staff, else null.",
    )

    class Meta:
        description = "One unique piece of data."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_rendering(root: models.Serial, info: Any) -> Any:
        return rows.packs(info.context, root.pack_id).then(lambda pack: rendered(pack, [root])[0])

    @staticmethod
    def resolve_preview(root: models.Serial, info: Any) -> Any:
        def cut(length: int) -> str:
            return root.data if len(root.data) <= length else f"{root.data[:length]}…"

        return orders.preview_length(info.context).then(cut)

    @staticmethod
    def resolve_extra(root: models.Serial, info: Any) -> Any:
        return root.extra if _seen_by_staff(root, info) else None

    @staticmethod
    def resolve_status_label(root: models.Serial, info: Any) -> Any:
        def label(pack: models.Pack) -> str:
            root.pack = pack
            return root.status_label

        return rows.packs(info.context, root.pack_id).then(label)

    @staticmethod
    def resolve_public_extra(root: models.Serial, info: Any) -> Any:
        return rows.packs(info.context, root.pack_id).then(
            lambda pack: {
                name: root.extra[name] for name in pack.public_fields if name in root.extra
            }
        )

    @staticmethod
    def resolve_order_id(root: models.Serial, info: Any) -> Any:
        return _of_order(root, info, _order_id)

    @staticmethod
    def resolve_order_number(root: models.Serial, info: Any) -> Any:
        return _of_order(root, info, lambda each: each.order and each.order.number)

    @staticmethod
    def resolve_product_name(root: models.Serial, info: Any) -> Any:
        return _of_order(root, info, lambda each: each.product_name or None)

    @staticmethod
    def resolve_customer(root: models.Serial, info: Any) -> Any:
        if not root.customer or not _seen_with_holder(root, info):
            return None
        user_id = user_id_of(root.customer)
        if user_id is not None:
            return rows.emails(info.context, user_id).then(
                lambda email: SerialCustomer(user_id=ids.of("User", user_id), email=email)
            )
        return SerialCustomer(email=email_of(root.customer))

    @staticmethod
    def resolve_delivered_at(root: models.Serial, info: Any) -> Any:
        return root.delivered_at if _seen_by_staff(root, info) else None

    @staticmethod
    def resolve_consumed_at(root: models.Serial, info: Any) -> Any:
        return root.consumed_at if _seen_by_staff(root, info) else None

    @staticmethod
    def resolve_pack(root: models.Serial, info: Any) -> Any:
        return rows.packs(info.context, root.pack_id) if _seen_by_staff(root, info) else None

    @staticmethod
    def resolve_pack_name(root: models.Serial, info: Any) -> Any:
        by_staff = _seen_by_staff(root, info)
        return rows.packs(info.context, root.pack_id).then(
            lambda pack: pack.name if by_staff or pack.shows_name else None
        )

    @staticmethod
    def resolve_batch(root: models.Serial, info: Any) -> Any:
        if root.batch_id is None or not _seen_by_staff(root, info):
            return None
        return rows.batches(info.context, root.batch_id)

    @staticmethod
    def resolve_assignment(root: models.Serial, info: Any) -> Any:
        if root.assignment_id is None or not _seen_with_holder(root, info):
            return None
        return rows.assignments(info.context, root.assignment_id)


def _events_of(serial: models.Serial, info: Any, arguments: dict[str, Any]) -> Any:
    if not _seen_by_staff(serial, info):
        return None
    key = (serial.pk, serial.batch_id)
    return list_loaded(info, arguments, lambda: orders.histories(info.context, key))


def _of_order(serial: models.Serial, info: Any, show: Callable[[models.Assignment], Any]) -> Any:
    """Promise what the order that holds a serial says, for its buyer and who manages orders."""
    if serial.assignment_id is None:
        return None
    is_staff = _seen_with_holder(serial, info)
    user_id = api.actor(info.context).user_id

    def look(assignment: models.Assignment) -> Any:
        if is_staff:
            return show(assignment)
        if assignment.order is None or user_id is None:
            return None
        return orders.order_owners(info.context, assignment.order.order_id).then(
            lambda owner: show(assignment) if owner and owner.user_id == user_id else None
        )

    return rows.assignments(info.context, serial.assignment_id).then(look)


def _seen_by_staff(serial: models.Serial, info: Any) -> bool:
    """Tell whether whoever asks sees what is behind a serial; not of their own purchases alone."""
    if not permissions.may_see_background(api.actor(info.context)):
        return False
    return pack_access_of(info).sees(serial.pack_id)


def _seen_with_holder(serial: models.Serial, info: Any) -> bool:
    return permissions.may_see_holders(api.actor(info.context)) and _seen_by_staff(serial, info)
