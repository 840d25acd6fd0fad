"""The tables, and what the database itself guarantees about them.

Read with ``migrations/0001_initial.py``. Keys that point into Saleor's tables carry no database
constraint and are never part of a check: deleting a customer or a product must always work.
Orders and order lines are named by a text id, since their key's type differs between hosts.
"""

from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

MAX_DATA_BYTES = 64 * 1024


class SerialStatus(StrEnum):
    """Where a serial is in its life (mission S2 to S7)."""

    FREE = "free"
    RESERVED = "reserved"
    ASSIGNED = "assigned"
    USED = "used"
    UNASSIGNED = "unassigned"
    DELETED = "deleted"


class PickOrder(StrEnum):
    """Which free serial a pack hands out first."""

    OLDEST = "oldest"
    RANDOM = "random"


class Pack(models.Model):
    """A collection of serials with its own rules.

    ``vendor_group_id`` names the staff group that the pack belongs to; null: to the shop.
    """

    id = models.BigAutoField(primary_key=True)
    slug = models.SlugField(max_length=255, unique=True, allow_unicode=True)
    name = models.CharField(max_length=250)
    description = models.TextField(blank=True, default="")
    is_published = models.BooleanField(default=True)
    is_consumable = models.BooleanField(default=False)
    status_on_refund = models.CharField(max_length=16, default=SerialStatus.UNASSIGNED)
    pick_order = models.CharField(max_length=16, default=PickOrder.OLDEST)
    vendor_group_id = models.IntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """Serials that were made or imported together."""

    id = models.BigAutoField(primary_key=True)
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="batches")
    name = models.CharField(max_length=250)
    quantity = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class PackLink(models.Model):
    """This variant, or every variant of this product, takes so many serials per unit sold.

    A link is in force from ``since`` to ``until`` (null: still). Editing one leaves a closed copy
    behind, so that the terms of an order can be told at any later time. It ends with its variant
    or product, and stays behind, too. ``from_metadata``: a wish made it, and only wishes change it.
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


class Wish(models.Model):
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
            models.UniqueConstraint(fields=["kind", "target_id"], name="serials_wish_once"),
        ]


class Mirror(StrEnum):
    """Whether an order's serials stand in Saleor's metadata."""

    ABSENT = ""
    DUE = "due"
    SHOWN = "shown"


class OrderRecord(models.Model):
    """What we remember of an order, and the lock under which its serials move.

    ``lines`` names the lines whose terms are frozen. ``customer`` is a key: ``user:<id>``, else
    ``email:<address>``, else ``order:<id>``. ``noted`` is what staff were told in the history, and
    while the order is in doubt, how many serials each line keeps (``kept``, by assignment).
    ``mirror`` is due from when serials moved until the metadata says so.
    ``fulfill_at`` is when to see which lines can be fulfilled; null: not before something changes.
    """

    id = models.BigAutoField(primary_key=True)
    order_id = models.CharField(max_length=36, unique=True)
    number = models.CharField(max_length=64)
    customer = models.CharField(max_length=320)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    lines = models.JSONField(default=list)
    noted = models.JSONField(default=dict)
    mirror = models.CharField(max_length=8, blank=True, default=Mirror.ABSENT)
    fulfill_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["customer"], name="serials_record_customer"),
            models.Index(
                fields=["id"], name="serials_record_mirror_due", condition=Q(mirror="due")
            ),
            models.Index(
                fields=["fulfill_at"],
                name="serials_record_fulfill_at",
                condition=Q(fulfill_at__isnull=False),
            ),
        ]


class Assignment(models.Model):
    """What one order line is owed from one pack, and what it holds.

    ``per_unit`` is frozen when the order is first seen. ``wanted`` is ``per_unit`` times the
    entitled units, plus ``granted`` by hand, minus ``withheld`` by hand. The shortfall is
    ``wanted`` minus ``held``.
    """

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(OrderRecord, on_delete=models.PROTECT, related_name="assignments")
    line_id = models.CharField(max_length=36)
    pack = models.ForeignKey(
        Pack, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    customer = models.CharField(max_length=320)
    per_unit = models.PositiveIntegerField()
    granted = models.PositiveIntegerField(default=0)
    withheld = models.PositiveIntegerField(default=0)
    wanted = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    owed_since = models.DateTimeField(null=True)
    product_name = models.CharField(max_length=400)
    variant_name = models.CharField(max_length=255, blank=True)
    sku = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line_id", "pack"], name="serials_assignment_once_per_line"
            ),
            models.CheckConstraint(
                check=Q(wanted=0) | Q(owed_since__isnull=False),
                name="serials_assignment_owed_since",
            ),
        ]
        indexes = [
            models.Index(
                fields=["pack", "owed_since", "id"],
                name="serials_assignment_short",
                condition=Q(wanted__gt=F("held")),
            ),
        ]

    @property
    def shortfall(self) -> int:
        """How many serials are owed and not held."""
        return max(0, self.wanted - self.held)


class Serial(models.Model):
    """One unique piece of data.

    ``digest`` is the SHA-256 of the normalised ``data`` and carries its uniqueness in the pack,
    deleted serials included. ``position`` orders the free serials of a pack: growing with age, or
    random. ``customer`` is the key of whoever holds or last held it; empty when it is free.
    """

    id = models.BigAutoField(primary_key=True)
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="serials", db_index=False)
    batch = models.ForeignKey(
        Batch, null=True, on_delete=models.PROTECT, related_name="serials", db_index=False
    )
    data = models.TextField()
    digest = models.BinaryField(max_length=32)
    extra = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=16, default=SerialStatus.FREE)
    position = models.BigIntegerField()
    customer = models.CharField(max_length=320, blank=True, default="")
    assignment = models.ForeignKey(
        Assignment, null=True, on_delete=models.PROTECT, related_name="serials", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    assigned_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    consumed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "digest"], name="serials_serial_once_per_pack"),
            models.CheckConstraint(
                check=Q(
                    status="free", assignment__isnull=True, customer="", consumed_at__isnull=True
                )
                | Q(
                    Q(assignment__isnull=True, consumed_at__isnull=True),
                    ~Q(customer=""),
                    status__in=["reserved", "unassigned"],
                )
                | Q(~Q(customer=""), status="assigned", consumed_at__isnull=True)
                | (Q(status="used") & (~Q(customer="") | Q(consumed_at__isnull=False)))
                | Q(status="deleted", assignment__isnull=True),
                name="serials_serial_status",
            ),
        ]
        indexes = [
            # The claim reads this one. Ordering by its own column keeps the planner from walking
            # the primary key past every serial that was ever sold.
            models.Index(
                fields=["pack", "position"],
                name="serials_serial_free",
                condition=Q(status="free"),
            ),
            models.Index(
                fields=["pack", "customer", "position"],
                name="serials_serial_own",
                condition=Q(assignment__isnull=True) & ~Q(customer=""),
            ),
            models.Index(
                fields=["assignment"],
                name="serials_serial_held",
                condition=Q(assignment__isnull=False),
            ),
            models.Index(
                fields=["customer", "id"],
                name="serials_serial_customer",
                condition=~Q(customer=""),
            ),
            models.Index(fields=["pack", "status", "id"], name="serials_serial_page"),
            models.Index(fields=["batch", "id"], name="serials_serial_batch"),
        ]


class DeliveryStatus(StrEnum):
    """How telling the customer went."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    NEEDLESS = "needless"


class Delivery(models.Model):
    """The outbox: these serials are to be sent to this order's customer.

    Written with the allocation, in its transaction. ``due_at`` is when to try (again); while a
    process sends, it lies ahead by the lease that keeps others away. ``problem`` is the kind of
    the last failure, never its text.
    """

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(OrderRecord, on_delete=models.PROTECT, related_name="deliveries")
    serial_ids = ArrayField(models.BigIntegerField())
    status = models.CharField(max_length=16, default=DeliveryStatus.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="serials_delivery_due", condition=Q(status="pending")
            ),
        ]


class EventType(StrEnum):
    """What happened to a serial, a batch, or an order's serials."""

    CREATED = "created"
    ASSIGNED = "assigned"
    RELEASED = "released"
    DELIVERED = "delivered"
    DELIVERY_FAILED = "delivery_failed"
    PARTLY_REFUNDED = "partly_refunded"
    PAYMENT_GONE = "payment_gone"
    FULFILLED = "fulfilled"
    FULFILLMENT_FAILED = "fulfillment_failed"
    PRICES_STALE = "prices_stale"


class Event(models.Model):
    """One line of history; the database refuses to change or remove it.

    A serial's history is its own events and those of its batch without a serial. ``actor`` is
    ``system``, ``user:<id>`` or ``app:<id>``. Its keys carry no database constraint: checking them
    doubles the cost of an event, and what they name is never removed (``PROTECT``).
    """

    id = models.BigAutoField(primary_key=True)
    type = models.CharField(
        max_length=32,
    )
    serial = models.ForeignKey(
        Serial,
        null=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
        db_constraint=False,
    )
    batch = models.ForeignKey(
        Batch,
        null=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
        db_constraint=False,
    )
    order = models.ForeignKey(
        OrderRecord,
        null=True,
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
        db_constraint=False,
    )
    line_id = models.CharField(max_length=36, blank=True, default="")
    from_status = models.CharField(max_length=16, blank=True, default="")
    to_status = models.CharField(max_length=16, blank=True, default="")
    quantity = models.PositiveIntegerField(null=True)
    actor = models.CharField(max_length=64, default="system")
    reason = models.CharField(max_length=250, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(
                fields=["serial", "id"],
                name="serials_event_serial",
                condition=Q(serial__isnull=False),
            ),
            models.Index(
                fields=["batch", "id"],
                name="serials_event_batch",
                condition=Q(serial__isnull=True, batch__isnull=False),
            ),
            models.Index(
                fields=["order", "id"],
                name="serials_event_order",
                condition=Q(serial__isnull=True, order__isnull=False),
            ),
        ]


class SweepState(models.Model):
    """Where the sweeper has got to: one row.

    ``cursor`` belongs to the host. ``retry`` names orders that could not be reconciled.
    ``active_since`` is when the plugin was last switched on; orders placed before are left alone.
    """

    id = models.BigAutoField(primary_key=True)
    cursor = models.JSONField(default=dict)
    retry = models.JSONField(default=list)
    active_since = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)
