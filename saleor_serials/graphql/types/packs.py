"""Packs, their links and batches, and whose they are."""

from typing import Any

import graphene
from graphene import relay

from saleor_serials import models
from saleor_serials.access import permissions
from saleor_serials.access.permissions import MANAGE_PRODUCTS
from saleor_serials.extensions import generators
from saleor_serials.graphql import ids
from saleor_serials.graphql.access import pack_access_of, require
from saleor_serials.graphql.loaders import assignments, lists, rows
from saleor_serials.graphql.pagination import field
from saleor_serials.graphql.types.enums import (
    SerialPackSourceEnum,
    SerialPackTypeEnum,
    SerialPickOrderEnum,
    SerialStatusEnum,
    SerialVendorRightEnum,
)
from saleor_serials.graphql.types.inside import (
    BATCHES,
    SERIALS,
    STAFF,
    SerialStatistic,
    serials_inside,
    statistics,
    statuses,
)
from saleor_serials.graphql.types.metadata import HasMetadata
from saleor_serials.host import api
from saleor_serials.packs import rules
from saleor_serials.serials.search import Holder


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
        return rows.group_names(info.context, root.group_id)


class SerialPackConsumer(graphene.ObjectType):
    name = graphene.String(required=True, description="What acts: a name of `serialConsumers`.")
    settings = api.JSONString(required=True, description="Its settings.")

    class Meta:
        description = "What acts when a serial of a pack is consumed."


class SerialPack(HasMetadata, graphene.ObjectType):
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
    generator_settings = api.JSONString(
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
    renderer = graphene.String(
        description=(
            "What says how its serials look: a name of `serialRenderers`; null: they look like "
            "their data."
        )
    )
    renderer_settings = api.JSONString(
        description=(
            "The renderer's settings. Requires the permission MANAGE_PRODUCTS, and that the pack "
            "is within reach, else null."
        )
    )
    consumers = graphene.List(
        graphene.NonNull(SerialPackConsumer),
        description=(
            "What acts when its serials are consumed, in this order. Requires the permission "
            "MANAGE_PRODUCTS, and that the pack is within reach, else null."
        ),
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
    public_fields = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="The extra fields of its serials that customers see as well.",
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
    noticed_at = api.DateTime(
        description="When staff were told that it runs low; null once it was refilled."
    )
    archived_at = api.DateTime(
        description="Since when it is archived: it hands nothing out and takes nothing in."
    )
    warnings = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="What staff should know about its rules.",
    )
    created_at = api.DateTime(required=True, description="When the pack was made.")
    links = graphene.List(
        graphene.NonNull(lambda: SerialPackLink),
        required=True,
        description="The products and variants that take serials of this pack.",
    )
    statistics = graphene.List(
        graphene.NonNull(lambda: SerialStatistic),
        resolver=statistics(Holder.PACK, lists.statistics),
        description=f"How many serials are in each status, and which. {STAFF}",
    )
    shortfall = graphene.Int(
        description=(
            "How many serials order lines are owed from the pack and do not hold: so many are to "
            "be put in. For staff within reach of the pack, else null."
        )
    )
    serials = field(
        SERIALS,
        resolver=serials_inside(Holder.PACK),
        description=f"The serials in the pack. {STAFF}",
        statuses=statuses(),
    )
    batches = field(
        BATCHES,
        resolver=lambda root, info, **arguments: _batches_of(root, info, **arguments),
        description=f"The batches that its serials were made in. {STAFF}",
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
    def resolve_renderer(root: models.Pack, info: Any) -> str | None:
        return root.renderer or None

    @staticmethod
    def resolve_renderer_settings(root: models.Pack, info: Any) -> Any:
        return root.renderer_settings if _manages(info, root) else None

    @staticmethod
    def resolve_consumers(root: models.Pack, info: Any) -> Any:
        return root.consumers if _manages(info, root) else None

    @staticmethod
    def resolve_public_key(root: models.Pack, info: Any) -> Any:
        if not _manages(info, root):
            return None
        kind = generators.registered().get(root.generator)
        return rows.public_keys(info.context, (root.pk, kind is not None and kind.signs))

    @staticmethod
    def resolve_generator_left(root: models.Pack, info: Any) -> Any:
        return rows.rooms(info.context, root)

    @staticmethod
    def resolve_shortfall(root: models.Pack, info: Any) -> Any:
        if not _seen_by_staff(info, root):
            return None
        return assignments.pack_shortfalls(info.context, root.pk)

    @staticmethod
    def resolve_vendor_group(root: models.Pack, info: Any) -> Any:
        if root.vendor_group_id is None:
            return None
        return rows.vendor_groups(info.context, root.vendor_group_id)

    @staticmethod
    def resolve_warnings(root: models.Pack, info: Any) -> list[str]:
        return rules.warnings(root)

    @staticmethod
    def resolve_links(root: models.Pack, info: Any) -> Any:
        return rows.links_of_packs(info.context, root.pk)


def _seen_by_staff(info: Any, pack: models.Pack) -> bool:
    actor = api.actor(info.context)
    return permissions.may_see_background(actor) and pack_access_of(info).sees(pack.pk)


def _manages(info: Any, pack: models.Pack) -> bool:
    actor = api.actor(info.context)
    return permissions.may_see_packs(actor) and pack_access_of(info).sees(pack.pk)


def _batches_of(
    root: models.Pack, info: Any, *, search: str | None = None, **arguments: Any
) -> Any:
    require(info, MANAGE_PRODUCTS)
    return lists.list_batches(info, arguments, lists.BatchesOf(pack_id=root.pk, search=search))


class SerialPackLink(graphene.ObjectType):
    pack = graphene.Field(SerialPack, required=True, description="Where the serials come from.")
    variant = graphene.Field(
        api.ProductVariant,
        description="The variant that takes them. Its link replaces the product's for this pack.",
    )
    product = graphene.Field(api.Product, description="The product whose variants all take them.")
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
        return rows.packs(info.context, root.pack_id)

    @staticmethod
    def resolve_variant(root: models.PackLink, info: Any) -> Any:
        if root.variant_id is None:
            return None
        return rows.variants(info.context, root.variant_id).then(api.wrap_variant)

    @staticmethod
    def resolve_product(root: models.PackLink, info: Any) -> Any:
        if root.product_id is None:
            return None
        return rows.products(info.context, root.product_id).then(api.wrap_product)


class SerialBatch(HasMetadata, graphene.ObjectType):
    name = graphene.String(required=True, description="Name of the batch.")
    quantity = graphene.Int(required=True, description="How many serials it was made of.")
    created_at = api.DateTime(required=True, description="When the batch was made.")
    pack = graphene.Field(SerialPack, required=True, description="The pack it was made for.")
    statistics = graphene.List(
        graphene.NonNull(SerialStatistic),
        resolver=statistics(Holder.BATCH, lists.batch_statistics),
        description=f"How many of its serials are in each status, and which. {STAFF}",
    )
    serials = field(
        SERIALS,
        resolver=serials_inside(Holder.BATCH),
        description=f"The serials that were made in it. {STAFF}",
        statuses=statuses(),
    )

    class Meta:
        description = "Serials that were made or imported together."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_pack(root: models.Batch, info: Any) -> Any:
        return rows.packs(info.context, root.pack_id)
