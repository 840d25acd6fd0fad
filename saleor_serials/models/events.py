"""The history: rows are only ever added, which the database sees to."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from saleor_serials.described import Described
from saleor_serials.models.orders import OrderRecord
from saleor_serials.models.serials import Batch, Serial

# Characters.
MAX_TITLE = 100
MAX_REASON = 250


class EventType(Described):
    """What happened to a serial."""

    CREATED = "created", "It was put into its pack, with its whole batch."
    ASSIGNED = "assigned", "An order line got it."
    RELEASED = "released", "An order line gave it back."
    DELIVERED = "delivered", "It was sent to the customer."
    DELIVERY_FAILED = "delivery_failed", "The order's serials could not be sent."
    PARTLY_REFUNDED = (
        "partly_refunded",
        "An amount was paid back, which alone takes no serial back.",
    )
    PAYMENT_REVERSED = (
        "payment_reversed",
        "The order is no longer paid, without a refund; it keeps its serials and gets no more.",
    )
    FULFILLED = (
        "fulfilled",
        "So many units of an order line were fulfilled: all its serials were sent.",
    )
    FULFILLMENT_FAILED = (
        "fulfillment_failed",
        "Lines of the order could not be fulfilled; it is tried again.",
    )
    PRICES_STALE = (
        "prices_stale",
        "Its lines cost more than was paid, and its total does not say so; it keeps its "
        "serials and gets no more.",
    )
    NOT_SERVED = "not_served", "The order's customer or channel is not served from a pack."
    RESERVED = "reserved", "Staff kept it for a customer."
    UNRESERVED = "unreserved", "Staff no longer keep it for its customer."
    REPLACED = "replaced", "Staff gave its line another in its place."
    REVOKED = "revoked", "Staff took it away for good."
    DELETED = "deleted", "Staff deleted it; it is never handed out again."
    EDITED = "edited", "Staff changed its extra fields or its expiry."
    REPORTED = "reported", "Something that staff or other software wrote down."


class Event(models.Model):
    """One line of history; the database refuses to change or remove it.

    A serial's history is its own events and those of its batch without a serial. ``actor`` is
    ``system``, ``user:<id>`` or ``app:<id>``. What staff or other software noted has a ``title``,
    and ``happened_at`` if that was not when they wrote it down. Its keys carry no database
    constraint: checking them doubles the cost of an event, and what they name is never removed.
    """

    id = models.BigAutoField(primary_key=True)
    type = models.CharField(max_length=32)
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
    title = models.CharField(max_length=MAX_TITLE, blank=True, default="")
    reason = models.CharField(max_length=MAX_REASON, blank=True, default="")
    happened_at = models.DateTimeField(null=True)
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
