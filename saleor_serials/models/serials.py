"""Serials, and the batches that they were made in."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left
from django.utils import timezone

from saleor_serials.models.orders import Assignment
from saleor_serials.models.packs import MAX_NAME, Pack
from saleor_serials.models.statuses import HOLDER, SerialStatus

MAX_DATA_BYTES = 64 * 1024
MAX_EXTRA_BYTES = 64 * 1024
# Lists by data are ordered by so many characters: an index cannot hold the whole of a long one.
SORTED_LENGTH = 250


class Batch(models.Model):
    """Serials that were made or imported together."""

    id = models.BigAutoField(primary_key=True)
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="batches", db_index=False)
    name = models.CharField(max_length=MAX_NAME)
    quantity = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    metadata = models.JSONField(default=dict, blank=True)
    private_metadata = models.JSONField(default=dict, blank=True)
    external_reference = models.CharField(max_length=250, null=True, unique=True)

    class Meta:
        indexes = [
            models.Index(fields=["pack", "id"], name="serials_batch_pack"),
            models.Index(fields=["name", "id"], name="serials_batch_name"),
            models.Index(fields=["created_at", "id"], name="serials_batch_created"),
        ]

    def __str__(self) -> str:
        return str(self.name)


class Serial(models.Model):
    """One unique piece of data.

    ``digest`` is the SHA-256 of the normalised ``data`` and carries its uniqueness in the pack,
    deleted serials included. ``position`` orders the free serials of a pack: growing with age, or
    random. ``customer`` is the key of whoever holds or last held it; empty when it is free, and on
    a line of a pack that assigns no user. ``metadata`` and ``private_metadata`` have a default in
    the database: neither COPY nor raw INSERTs name them.
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
    metadata = models.JSONField(default=dict, blank=True)
    private_metadata = models.JSONField(default=dict, blank=True)
    external_reference = models.CharField(max_length=250, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["external_reference"],
                condition=Q(external_reference__isnull=False),
                name="serials_serial_external_reference",
            ),
            models.UniqueConstraint(fields=["pack", "digest"], name="serials_serial_once_per_pack"),
            models.CheckConstraint(check=HOLDER, name="serials_serial_status"),
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
            models.Index(fields=["batch", "status", "id"], name="serials_serial_batch"),
            models.Index(fields=["created_at", "id"], name="serials_serial_created"),
            models.Index(
                fields=["assigned_at", "id"],
                name="serials_serial_assigned",
                condition=Q(assigned_at__isnull=False),
            ),
            # Of the free ones, those that no longer count as left.
            models.Index(
                fields=["pack", "expires_at"],
                name="serials_serial_expiring",
                condition=Q(status="free", expires_at__isnull=False),
            ),
            models.Index(Left("data", SORTED_LENGTH), "id", name="serials_serial_data"),
            GinIndex(fields=["data"], name="serials_serial_search", opclasses=["gin_trgm_ops"]),
        ]

    @property
    def status_label(self) -> str:
        """What people call its status: 'sold', where its pack is not consumable, for ``used``."""
        is_sold = self.status == SerialStatus.USED and self.consumed_at is None
        return "sold" if is_sold and not self.pack.is_consumable else str(self.status)
