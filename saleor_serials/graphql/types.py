"""The plugin's own types.

Whoever reaches a serial may see that it is there, in which status, and its data; what else they
see depends on their rights, which the request knows: see ``permissions``.
"""

from dataclasses import dataclass
from typing import Any

import graphene
from graphene import relay

from saleor_serials import generators, models, permissions, rules
from saleor_serials.finding import Holder
from saleor_serials.graphql import ids, lists, loaders
from saleor_serials.graphql.enums import (
    SerialErrorCode,
    SerialEventTypeEnum,
    SerialPackSourceEnum,
    SerialPackTypeEnum,
    SerialPickOrderEnum,
    SerialStatusEnum,
    SerialVendorRightEnum,
)
from saleor_serials.graphql.listings import field
from saleor_serials.graphql.reach import reach_of
from saleor_serials.host import graphql
from saleor_serials.permissions import LISTED, MANAGE_PRODUCTS

_SERIALS = "saleor_serials.graphql.connections.SerialCountableConnection"
_BATCHES = "saleor_serials.graphql.connections.SerialBatchCountableConnection"
_STAFF = "Requires the permission MANAGE_PRODUCTS."


def require(info: Any, permission: str) -> None:
    """Refuse who has not this permission, as the host does.

    Raises:
        PermissionDenied: the host's own.
    """
    if permission not in graphql.actor(info.context).permissions:
        raise graphql.permission_denied(permission)


def _statuses() -> Any:
    return graphene.List(
        graphene.NonNull(SerialStatusEnum),
        description="In one of these statuses. If left out, in any but `DELETED`.",
    )


def _serials_inside(holder: Holder) -> Any:
    def resolve(root: Any, info: Any, *, statuses: Any = None, **arguments: Any) -> Any:
        require(info, MANAGE_PRODUCTS)
        wanted = LISTED if statuses is None else frozenset(map(models.SerialStatus, statuses))
        held = loaders.Held(holder=holder, id=str(root.pk), statuses=wanted)
        return lists.serials(info, arguments, held)

    return resolve


def _statistics(holder: Holder, load: Any) -> Any:
    def resolve(root: Any, info: Any) -> Any:
        require(info, MANAGE_PRODUCTS)

        def rows(counts: Any) -> list[_Counted]:
            return [
                _Counted(status=status, count=number, holder=holder, id=str(root.pk))
                for status, number in counts.items()
            ]

        return load(info.context, root.pk).then(rows)

    return resolve


class SerialError(graphene.ObjectType):
    field = graphene.String(description="Name of the argument or input field that is wrong.")
    message = graphene.String(required=True, description="What is wrong, in a sentence.")
    code = SerialErrorCode(required=True, description="What is wrong, for programs.")
    index = graphene.Int(description="Position in a list argument, from 0.")

    class Meta:
        description = "A reason why an input was refused."


class SerialVendorGroup(graphene.ObjectType):
    group_id = graphene.ID(required=True, description="ID of Saleor's `Group`.")
    name = graphene.String(required=True, description="Name of the group.")
    rights = graphene.List(
        graphene.NonNull(SerialVendorRightEnum),
        required=True,
        description="What its members may do with its packs.",
    )

    class Meta:
        description = "A staff group whose members reach the packs of their own group alone."

    @staticmethod
    def resolve_group_id(root: models.VendorGroup, info: Any) -> str:
        return ids.of("Group", root.group_id)

    @staticmethod
    def resolve_name(root: models.VendorGroup, info: Any) -> Any:
        return loaders.group_names(info.context, root.group_id)


class SerialPack(graphene.ObjectType):
    slug = graphene.String(required=True, description="Name of the pack in URLs and programs.")
    name = graphene.String(required=True, description="Name of the pack.")
    description = graphene.String(required=True, description="Notes for staff.")
    is_published = graphene.Boolean(
        required=True,
        description="Whether the pack hands out serials. If not, paid orders wait for it.",
    )
    is_consumable = graphene.Boolean(
        required=True,
        description="Whether customers get serials that they can consume, or used ones.",
    )
    status_on_refund = SerialStatusEnum(
        required=True, description="What becomes of serials whose order is refunded."
    )
    pick_order = SerialPickOrderEnum(
        required=True, description="Which free serial is handed out first."
    )
    shows_name = graphene.Boolean(
        required=True, description="Whether customers are shown the pack's name."
    )
    type = SerialPackTypeEnum(required=True, description="How serials are put into it.")
    source = SerialPackSourceEnum(
        required=True, description="Where the serials come from that it hands out."
    )
    generator = graphene.String(
        description="What makes its serials: a name of `serialGenerators`; null: nothing does."
    )
    generator_settings = graphql.JSONString(
        description=(
            "The generator's settings. Requires the permission MANAGE_PRODUCTS, and that the pack "
            "is within reach, else null."
        )
    )
    generator_left = graphene.Int(
        description=(
            "How many serials that the pack never had its generator can make with these settings; "
            "null: it has none, or can make more than anybody needs."
        )
    )
    public_key = graphene.String(
        description=(
            "The Ed25519 key that verifies signed serials of this pack, as base64url; null if it "
            "signs none. Requires the permission MANAGE_PRODUCTS, and that the pack is within "
            "reach, else null."
        )
    )
    is_unlimited = graphene.Boolean(
        required=True,
        description="Whether it leaves the product's stock alone; what it lacks is owed.",
    )
    checks_user = graphene.Boolean(
        required=True, description="Whether only its owner may consume a serial."
    )
    assigns_user = graphene.Boolean(
        required=True,
        description="Whether serials belong to the buyer; else to the order alone.",
    )
    webservice_access = graphene.Boolean(
        required=True, description="Whether outside software (an app) reaches its serials."
    )
    vendor_group = graphene.Field(
        SerialVendorGroup, description="The vendor group that it belongs to; null: the shop."
    )
    customer_groups = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description=(
            "Only customers in one of these groups are served; empty: everybody. A customer's "
            "groups stand in their private metadata under `serials.groups`."
        ),
    )
    channels = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="Only orders in these channels (slugs) are served; empty: in all of them.",
    )
    size_limit = graphene.Int(
        description=(
            "How many serials that are not yet handed out it can have; 0: no limit; null: the "
            "shop's `pack_size_limit`."
        )
    )
    batch_limit = graphene.Int(
        description=(
            "How many serials a batch can have, if its type is `BATCH`; 0: no limit; null: the "
            "shop's `batch_size_limit`."
        )
    )
    notice_below = graphene.Int(
        description="Staff are told when fewer serials than this are left; null: never."
    )
    noticed_at = graphql.DateTime(
        description="When staff were told that it runs low; null once it was refilled."
    )
    archived_at = graphql.DateTime(
        description="Since when it is archived: it hands nothing out and takes nothing in."
    )
    warnings = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="What staff should know about its rules.",
    )
    created_at = graphql.DateTime(required=True, description="When the pack was made.")
    links = graphene.List(
        graphene.NonNull(lambda: SerialPackLink),
        required=True,
        description="The products and variants that take serials of this pack.",
    )
    statistics = graphene.List(
        graphene.NonNull(lambda: SerialStatistic),
        resolver=_statistics(Holder.PACK, loaders.statistics),
        description=f"How many serials are in each status, and which. {_STAFF}",
    )
    serials = field(
        _SERIALS,
        resolver=_serials_inside(Holder.PACK),
        description=f"The serials in the pack. {_STAFF}",
        statuses=_statuses(),
    )
    batches = field(
        _BATCHES,
        resolver=lambda root, info, **arguments: _batches_of(root, info, **arguments),
        description=f"The batches that its serials were made in. {_STAFF}",
        search=graphene.String(description="A part of the batch's name."),
    )

    class Meta:
        description = "A collection of serials with its own rules."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_generator(root: models.Pack, info: Any) -> str | None:
        return root.generator or None

    @staticmethod
    def resolve_generator_settings(root: models.Pack, info: Any) -> Any:
        return root.generator_settings if _manages(info, root) else None

    @staticmethod
    def resolve_public_key(root: models.Pack, info: Any) -> Any:
        if not _manages(info, root):
            return None
        kind = generators.registered().get(root.generator)
        return loaders.public_keys(info.context, (root.pk, kind is not None and kind.signs))

    @staticmethod
    def resolve_generator_left(root: models.Pack, info: Any) -> Any:
        return loaders.rooms(info.context, root)

    @staticmethod
    def resolve_vendor_group(root: models.Pack, info: Any) -> Any:
        if root.vendor_group_id is None:
            return None
        return loaders.vendor_groups(info.context, root.vendor_group_id)

    @staticmethod
    def resolve_warnings(root: models.Pack, info: Any) -> list[str]:
        return rules.warnings(root)

    @staticmethod
    def resolve_links(root: models.Pack, info: Any) -> Any:
        return loaders.links_of_packs(info.context, root.pk)


def _manages(info: Any, pack: models.Pack) -> bool:
    actor = graphql.actor(info.context)
    return permissions.may_see_packs(actor) and reach_of(info).sees(pack.pk)


def _batches_of(
    root: models.Pack, info: Any, *, search: str | None = None, **arguments: Any
) -> Any:
    require(info, MANAGE_PRODUCTS)
    return lists.batches(info, arguments, loaders.BatchesOf(pack_id=root.pk, search=search))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counted:
    """How many serials of a pack or batch are in a status."""

    status: models.SerialStatus
    count: int
    holder: Holder
    id: str


class SerialStatistic(graphene.ObjectType):
    status = SerialStatusEnum(required=True, description="Where the serials are in their life.")
    count = graphene.Int(required=True, description="How many they are.")
    serials = field(_SERIALS, resolver=None, description="The serials that are counted.")

    class Meta:
        description = "The serials of a pack or batch that are in one status."

    @staticmethod
    def resolve_serials(root: _Counted, info: Any, **arguments: Any) -> Any:
        wanted = loaders.Held(holder=root.holder, id=root.id, statuses=frozenset({root.status}))
        return lists.serials(info, arguments, wanted)


class SerialPackLink(graphene.ObjectType):
    pack = graphene.Field(SerialPack, required=True, description="Where the serials come from.")
    variant = graphene.Field(
        graphql.ProductVariant,
        description="The variant that takes them. Its link replaces the product's for this pack.",
    )
    product = graphene.Field(
        graphql.Product, description="The product whose variants all take them."
    )
    quantity = graphene.Int(required=True, description="How many serials a unit sold takes.")
    from_metadata = graphene.Boolean(
        required=True,
        description=(
            "Whether the private metadata of the variant or product asks for it; then it is "
            "changed there, and not by a mutation."
        ),
    )

    class Meta:
        description = "A variant, or every variant of a product, takes serials of a pack."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_pack(root: models.PackLink, info: Any) -> Any:
        return loaders.packs(info.context, root.pack_id)

    @staticmethod
    def resolve_variant(root: models.PackLink, info: Any) -> Any:
        if root.variant_id is None:
            return None
        return loaders.variants(info.context, root.variant_id).then(graphql.wrap_variant)

    @staticmethod
    def resolve_product(root: models.PackLink, info: Any) -> Any:
        if root.product_id is None:
            return None
        return loaders.products(info.context, root.product_id).then(graphql.wrap_product)


class SerialBatch(graphene.ObjectType):
    name = graphene.String(required=True, description="Name of the batch.")
    quantity = graphene.Int(required=True, description="How many serials it was made of.")
    created_at = graphql.DateTime(required=True, description="When the batch was made.")
    pack = graphene.Field(SerialPack, required=True, description="The pack it was made for.")
    statistics = graphene.List(
        graphene.NonNull(SerialStatistic),
        resolver=_statistics(Holder.BATCH, loaders.batch_statistics),
        description=f"How many of its serials are in each status, and which. {_STAFF}",
    )
    serials = field(
        _SERIALS,
        resolver=_serials_inside(Holder.BATCH),
        description=f"The serials that were made in it. {_STAFF}",
        statuses=_statuses(),
    )

    class Meta:
        description = "Serials that were made or imported together."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_pack(root: models.Batch, info: Any) -> Any:
        return loaders.packs(info.context, root.pack_id)


class SerialAssignment(graphene.ObjectType):
    order_id = graphene.ID(description="ID of the `Order`; null: staff gave it without one.")
    order_number = graphene.String(description="Number of the order.")
    order_line_id = graphene.ID(description="ID of the `OrderLine`.")
    pack = graphene.Field(SerialPack, required=True, description="Where the serials come from.")
    wanted = graphene.Int(required=True, description="How many serials the line is owed.")
    held = graphene.Int(required=True, description="How many serials the line holds.")
    shortfall = graphene.Int(
        required=True, description="How many serials are owed and not held; they will follow."
    )
    owed_since = graphql.DateTime(description="Since when the line is owed serials.")

    class Meta:
        description = "What an order line, or a gift, is owed from a pack, and what it holds."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_order_id(root: models.Assignment, info: Any) -> str | None:
        return ids.of("Order", root.order.order_id) if root.order else None

    @staticmethod
    def resolve_order_number(root: models.Assignment, info: Any) -> str | None:
        return root.order.number if root.order else None

    @staticmethod
    def resolve_order_line_id(root: models.Assignment, info: Any) -> str | None:
        return ids.of("OrderLine", root.line_id) if root.line_id else None

    @staticmethod
    def resolve_pack(root: models.Assignment, info: Any) -> Any:
        return loaders.packs(info.context, root.pack_id)


class SerialEvent(graphene.ObjectType):
    type = SerialEventTypeEnum(required=True, description="What happened.")
    created_at = graphql.DateTime(required=True, description="When it happened.")
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
    happened_at = graphql.DateTime(
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
        return loaders.actor_names(info.context, root.actor)

    @staticmethod
    def resolve_order_number(root: models.Event, info: Any) -> str | None:
        if root.order is None or not permissions.may_see_holders(graphql.actor(info.context)):
            return None
        return root.order.number

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


class Serial(graphene.ObjectType):
    data = graphene.String(required=True, description="The serial itself.")
    preview = graphene.String(
        required=True,
        description="The serial, cut to the length that the shop has set for lists.",
    )
    extra = graphql.JSONString(description="Its extra fields. For staff, else null.")
    customer = graphene.Field(
        SerialCustomer,
        description=(
            "Who holds it, or last held it. Requires the permission MANAGE_ORDERS, else null."
        ),
    )
    status = SerialStatusEnum(required=True, description="Where it is in its life.")
    created_at = graphql.DateTime(required=True, description="When it was put into its pack.")
    assigned_at = graphql.DateTime(description="When its customer got it.")
    expires_at = graphql.DateTime(description="When it ceases to be valid, if ever.")
    delivered_at = graphql.DateTime(
        description="When it was sent to the customer. For staff, else null."
    )
    consumed_at = graphql.DateTime(
        description="When the customer consumed it. For staff, else null."
    )
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
    events = graphene.List(
        graphene.NonNull(SerialEvent),
        description="What happened to it, oldest first. For staff, else null.",
    )

    class Meta:
        description = "One unique piece of data."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_preview(root: models.Serial, info: Any) -> Any:
        def cut(length: int) -> str:
            return root.data if len(root.data) <= length else f"{root.data[:length]}…"

        return loaders.preview_length(info.context).then(cut)

    @staticmethod
    def resolve_extra(root: models.Serial, info: Any) -> Any:
        return root.extra if _seen_by_staff(root, info) else None

    @staticmethod
    def resolve_customer(root: models.Serial, info: Any) -> Any:
        if not root.customer or not _seen_with_holder(root, info):
            return None
        kind, _, name = root.customer.partition(":")
        if kind == "user":
            return loaders.emails(info.context, int(name)).then(
                lambda email: SerialCustomer(user_id=ids.of("User", name), email=email)
            )
        return SerialCustomer(email=name if kind == "email" else None)

    @staticmethod
    def resolve_delivered_at(root: models.Serial, info: Any) -> Any:
        return root.delivered_at if _seen_by_staff(root, info) else None

    @staticmethod
    def resolve_consumed_at(root: models.Serial, info: Any) -> Any:
        return root.consumed_at if _seen_by_staff(root, info) else None

    @staticmethod
    def resolve_pack(root: models.Serial, info: Any) -> Any:
        return loaders.packs(info.context, root.pack_id) if _seen_by_staff(root, info) else None

    @staticmethod
    def resolve_pack_name(root: models.Serial, info: Any) -> Any:
        by_staff = _seen_by_staff(root, info)
        return loaders.packs(info.context, root.pack_id).then(
            lambda pack: pack.name if by_staff or pack.shows_name else None
        )

    @staticmethod
    def resolve_batch(root: models.Serial, info: Any) -> Any:
        if root.batch_id is None or not _seen_by_staff(root, info):
            return None
        return loaders.batches(info.context, root.batch_id)

    @staticmethod
    def resolve_assignment(root: models.Serial, info: Any) -> Any:
        if root.assignment_id is None or not _seen_with_holder(root, info):
            return None
        return loaders.assignments(info.context, root.assignment_id)

    @staticmethod
    def resolve_events(root: models.Serial, info: Any) -> Any:
        if not _seen_by_staff(root, info):
            return None
        return loaders.histories(info.context, (root.pk, root.batch_id))


def _seen_by_staff(serial: models.Serial, info: Any) -> bool:
    """Tell whether whoever asks sees what is behind a serial; not of their own purchases alone."""
    if not permissions.may_see_background(graphql.actor(info.context)):
        return False
    return reach_of(info).sees(serial.pack_id)


def _seen_with_holder(serial: models.Serial, info: Any) -> bool:
    return permissions.may_see_holders(graphql.actor(info.context)) and _seen_by_staff(serial, info)
