"""Packs, what takes serials of them, and what is counted and remembered of each."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from saleor_serials.described import Described
from saleor_serials.models.statuses import SerialStatus

# Characters.
MAX_NAME = 250
MAX_SLUG = 255


class PickOrder(Described):
    """Which free serial a pack hands out first."""

    OLDEST = "oldest", "The one that has been in the pack for longest."
    RANDOM = "random", "Any of them."


class PackSource(Described):
    """Where the serials come from that a pack hands out."""

    STOCK = (
        "stock",
        "From those in the pack; when there is none left and the pack has a generator, it "
        "makes new ones.",
    )
    NONE = "none", "The pack's generator makes a new one each time; those in the pack stay."


class PackType(Described):
    """How serials are put into a pack."""

    CONTINUOUS = "continuous", "One by one, or any number at once."
    BATCH = "batch", "In named batches of limited size."


class Pack(models.Model):
    """A collection of serials with its own rules (mission P1 to P20).

    ``renderer``: empty: serials are shown as their data. ``consumers``: objects with a consumer's
    ``name`` and its ``settings``, in the order in which they act.
    ``vendor_group_id`` names the staff group that the pack belongs to; null: to the shop.
    ``customer_groups`` and ``channels``: who is served; empty: everybody, everywhere.
    ``size_limit`` and ``batch_limit``: null: the shop's; 0: none. ``notice_below``: staff are told
    when fewer serials are left; ``noticed_at``: when they were; null: they are yet to be.
    ``archived_at``: nothing is handed out or put in any more; orders keep what they have.
    ``public_fields`` names the extra fields of its serials that their customers see as well.
    """

    id = models.BigAutoField(primary_key=True)
    slug = models.SlugField(max_length=MAX_SLUG, unique=True, allow_unicode=True)
    name = models.CharField(max_length=MAX_NAME)
    description = models.TextField(blank=True, default="")
    shows_name = models.BooleanField(default=False)
    type = models.CharField(max_length=16, default=PackType.CONTINUOUS)
    source = models.CharField(max_length=16, default=PackSource.STOCK)
    generator = models.CharField(max_length=64, blank=True, default="")
    generator_settings = models.JSONField(default=dict, blank=True)
    renderer = models.CharField(max_length=64, blank=True, default="")
    renderer_settings = models.JSONField(default=dict, blank=True)
    consumers = models.JSONField(default=list, blank=True)
    is_published = models.BooleanField(default=True)
    is_consumable = models.BooleanField(default=False)
    is_unlimited = models.BooleanField(default=False)
    checks_user = models.BooleanField(default=True)
    assigns_user = models.BooleanField(default=True)
    webservice_access = models.BooleanField(default=False)
    status_on_refund = models.CharField(max_length=16, default=SerialStatus.UNASSIGNED)
    pick_order = models.CharField(max_length=16, default=PickOrder.OLDEST)
    vendor_group_id = models.IntegerField(null=True)
    customer_groups = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    channels = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    size_limit = models.PositiveIntegerField(null=True)
    batch_limit = models.PositiveIntegerField(null=True)
    notice_below = models.PositiveIntegerField(null=True)
    noticed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    public_fields = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    private_metadata = models.JSONField(default=dict, blank=True)
    external_reference = models.CharField(max_length=250, null=True, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                check=Q(source="stock") | ~Q(generator=""), name="serials_pack_source"
            ),
            models.CheckConstraint(
                check=Q(archived_at__isnull=True) | Q(is_published=False),
                name="serials_pack_archived",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)


class PackLink(models.Model):
    """This variant, or every variant of this product, takes so many serials per unit sold.

    A link is in force from ``since`` to ``until`` (null: still). Editing one leaves a closed copy
    behind, so that the terms of an order can be told at any later time. It ends with its variant
    or product, and stays behind, too. ``from_metadata``: metadata links made it, and
    only they change it.
    """

    id = models.BigAutoField(primary_key=True)
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="links")
    variant = models.ForeignKey(
        "product.ProductVariant",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    product = models.ForeignKey(
        "product.Product",
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    quantity = models.PositiveIntegerField()
    from_metadata = models.BooleanField(default=False)
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "pack"],
                condition=Q(until__isnull=True, variant__isnull=False),
                name="serials_link_once_per_variant",
            ),
            models.UniqueConstraint(
                fields=["product", "pack"],
                condition=Q(until__isnull=True, product__isnull=False),
                name="serials_link_once_per_product",
            ),
            models.CheckConstraint(check=Q(quantity__gte=1), name="serials_link_quantity"),
            models.CheckConstraint(
                check=Q(variant__isnull=False, product__isnull=True)
                | Q(variant__isnull=True, product__isnull=False),
                name="serials_link_one_target",
            ),
        ]


class MetadataLinks(models.Model):
    """What the private metadata of a variant or product said about its links when last read.

    ``text`` is the value as JSON, cut off beyond what can be read; null: look again. ``problem`` is
    why it could not be granted, empty if it was. Without the metadata there is no row.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=8)
    target_id = models.IntegerField()
    text = models.TextField(null=True)
    problem = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "target_id"], name="serials_metadata_links_once"
            ),
        ]


class VendorGroup(models.Model):
    """A staff group whose members reach the packs of their own group only, and what they may do."""

    id = models.BigAutoField(primary_key=True)
    group_id = models.IntegerField(unique=True)
    rights = ArrayField(models.CharField(max_length=16), default=list)


class PackCount(models.Model):
    """How many serials of a pack were in a status when changes were last added up.

    Together with the ``CountChange`` rows since then it is exact. No row of a pack carries a
    count: each sale would wait for the one before.
    """

    id = models.BigAutoField(primary_key=True)
    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="counts", db_index=False)
    status = models.CharField(max_length=16)
    quantity = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "status"], name="serials_count_once"),
        ]


class CountChange(models.Model):
    """So many serials more, or fewer, of a pack are in a status: written by a trigger."""

    id = models.BigAutoField(primary_key=True)
    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    status = models.CharField(max_length=16)
    change = models.BigIntegerField()


class PackSequence(models.Model):
    """The number that a pack's sequence makes next, and the lock under which it is drawn."""

    id = models.BigAutoField(primary_key=True)
    pack = models.OneToOneField(Pack, on_delete=models.CASCADE, related_name="sequence")
    next = models.BigIntegerField()


class SigningKey(models.Model):
    """The key with which a pack signs its serials; ``secret`` is encrypted with Saleor's own."""

    id = models.BigAutoField(primary_key=True)
    pack = models.OneToOneField(Pack, on_delete=models.PROTECT, related_name="signing_key")
    secret = models.BinaryField()
    public = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)
