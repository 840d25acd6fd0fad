"""Orders: their terms, what their lines are entitled to and hold, and what is to be sent."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from saleor_serials.described import Described
from saleor_serials.models.packs import Pack


class MetadataCopy(Described):
    """Whether an order's serials stand in Saleor's metadata."""

    ABSENT = "", "They are not there."
    DUE = "due", "They are to be written again."
    SHOWN = "shown", "They are there as the order holds them."


class OrderRecord(models.Model):
    """What we remember of an order, and the lock under which its serials move.

    ``entitled_at`` is when it first reached the status that assigns. ``lines`` names the lines
    whose terms are frozen. ``customer`` is a customer key (``customers``). ``closed_pack_ids``
    are the linked packs that do not serve this customer or channel.

    ``refunded`` is the amount that the history last recorded as paid back. ``payment_issue`` is the
    event type (``payment_reversed`` or ``prices_stale``) while the payments do not cover the order,
    else empty; ``entitled_at_issue`` then maps each assignment's id (as text) to the serials that
    it held by its terms when the issue began: the most that its terms give until the issue ends.

    ``metadata_copy`` is due from when serials moved until the metadata says so.

    ``fulfill_at`` is when to look for lines to fulfil; null: not before something changes.
    ``fulfillment_problem`` says why the last attempt failed, ``fulfillment_attempts`` how many have
    failed in a row; empty and 0 after one that did not.
    """

    id = models.BigAutoField(primary_key=True)
    order_id = models.CharField(max_length=36, unique=True)
    number = models.CharField(max_length=64)
    customer = models.CharField(max_length=320)
    placed_at = models.DateTimeField()
    entitled_at = models.DateTimeField(null=True)
    lines = models.JSONField(default=list)
    closed_pack_ids = ArrayField(models.BigIntegerField(), default=list)
    refunded = models.DecimalField(max_digits=20, decimal_places=3, null=True)
    payment_issue = models.CharField(max_length=32, blank=True, default="")
    entitled_at_issue = models.JSONField(null=True)
    metadata_copy = models.CharField(max_length=8, blank=True, default=MetadataCopy.ABSENT)
    fulfill_at = models.DateTimeField(null=True)
    fulfillment_problem = models.TextField(blank=True, default="")
    fulfillment_attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["customer"], name="serials_record_customer"),
            models.Index(
                fields=["id"], name="serials_record_metadata_due", condition=Q(metadata_copy="due")
            ),
            models.Index(
                fields=["fulfill_at"],
                name="serials_record_fulfill_at",
                condition=Q(fulfill_at__isnull=False),
            ),
        ]


class Assignment(models.Model):
    """What one order line is entitled to from one pack, and what it holds.

    ``per_unit`` is frozen when the order is first seen. ``entitled`` is ``per_unit`` times the
    entitled units, plus ``granted`` by hand, minus ``withheld`` by hand. The shortfall is
    ``entitled`` minus ``held``. A gift by hand is an assignment of its own, of a customer and
    without an order.
    """

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(
        OrderRecord, null=True, on_delete=models.PROTECT, related_name="assignments"
    )
    line_id = models.CharField(max_length=36, blank=True, default="")
    pack = models.ForeignKey(
        Pack, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    customer = models.CharField(max_length=320)
    per_unit = models.PositiveIntegerField()
    granted = models.PositiveIntegerField(default=0)
    withheld = models.PositiveIntegerField(default=0)
    entitled = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    entitled_since = models.DateTimeField(null=True)
    product_name = models.CharField(max_length=400)
    variant_name = models.CharField(max_length=255, blank=True)
    sku = models.CharField(max_length=255, blank=True)
    variant_id = models.IntegerField(null=True)
    product_id = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line_id", "pack"],
                condition=~Q(line_id=""),
                name="serials_assignment_once_per_line",
            ),
            models.CheckConstraint(
                check=Q(order__isnull=False) & ~Q(line_id="") | Q(order__isnull=True, line_id=""),
                name="serials_assignment_line",
            ),
            models.CheckConstraint(
                check=Q(entitled=0) | Q(entitled_since__isnull=False),
                name="serials_assignment_entitled_since",
            ),
        ]
        indexes = [
            models.Index(
                fields=["pack", "entitled_since", "id"],
                name="serials_assignment_short",
                condition=Q(entitled__gt=F("held")),
            ),
            models.Index(fields=["pack", "id"], name="serials_assignment_pack"),
            models.Index(
                fields=["entitled_since", "id"],
                name="serials_assignment_since",
                condition=Q(entitled_since__isnull=False),
            ),
            models.Index(
                fields=["product_id", "id"],
                name="serials_assignment_product",
                condition=Q(product_id__isnull=False),
            ),
            models.Index(
                fields=["variant_id", "id"],
                name="serials_assignment_variant",
                condition=Q(variant_id__isnull=False),
            ),
        ]

    @property
    def shortfall(self) -> int:
        """How many serials are missing: entitled to, and not held."""
        return max(0, int(self.entitled - self.held))


class DeliveryStatus(Described):
    """How telling the customer went."""

    PENDING = "pending", "It is yet to be sent, or to be tried again."
    SENT = "sent", "It was sent."
    FAILED = "failed", "Every attempt failed."
    NEEDLESS = "needless", "The order no longer holds its serials."


class Delivery(models.Model):
    """The outbox: these serials are to be sent to this order's customer.

    Written with the allocation, in its transaction. ``due_at`` is when to try (again); while a
    process sends, it lies ahead by the lease that keeps others away. ``problem`` is the kind of
    the last failure, never its text. ``refused_address`` is the SHA-256 of an address that cannot
    be written to, in hexadecimal digits: once the order has another one, it is sent there.
    """

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(OrderRecord, on_delete=models.PROTECT, related_name="deliveries")
    serial_ids = ArrayField(models.BigIntegerField())
    status = models.CharField(max_length=16, default=DeliveryStatus.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True, default="")
    refused_address = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="serials_delivery_due", condition=Q(status="pending")
            ),
            models.Index(
                fields=["id"],
                name="serials_delivery_refused",
                condition=Q(status="failed", refused_address__gt=""),
            ),
        ]
