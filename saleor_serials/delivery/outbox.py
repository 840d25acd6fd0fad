"""Tell the customer: an outbox row with the allocation, an e-mail once that is committed.

Nothing is sent that is not committed, and what is committed is sent in the end: the process that
sends first takes a lease on the row, so that a crash leaves it due again. A mail may go out twice
after a crash, never zero times.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from saleor_serials import history, mail
from saleor_serials.config import active_config
from saleor_serials.delivery.message import by_line
from saleor_serials.failures import described
from saleor_serials.host import host
from saleor_serials.host.shapes import Recipient, is_email
from saleor_serials.models import Delivery, DeliveryStatus, EventType, OrderRecord, Serial
from saleor_serials.retry import Retry
from saleor_serials.serials.text import digest_of

logger = logging.getLogger(__name__)

# While it lasts, nobody else sends; it must outlast the slowest conversation with a mail server.
LEASE = timedelta(minutes=10)

_TOO_LARGE = 552

# About three days in all.
RETRY = Retry(first=timedelta(minutes=2), longest=timedelta(hours=6), attempts=20)


def enqueue(order: OrderRecord, serial_ids: Sequence[int], *, now: datetime) -> int | None:
    """Put new serials into the outbox, in the caller's transaction; None if there are none."""
    if not serial_ids:
        return None
    delivery = Delivery.objects.create(
        order=order, serial_ids=list(serial_ids), due_at=now, created_at=now
    )
    return int(delivery.pk)


def due(now: datetime) -> list[int]:
    """The deliveries that wait to be sent, longest overdue first."""
    waiting = Delivery.objects.filter(status=DeliveryStatus.PENDING, due_at__lte=now)
    return list(waiting.order_by("due_at").values_list("pk", flat=True))


def deliver(delivery_id: int) -> DeliveryStatus | None:
    """Send one delivery if it is due and nobody else is at it; None if there was nothing to do.

    Only serials that the order still holds are sent. A failure is tried again later and
    ends, after the attempts of ``RETRY``, as failed; it is never raised. What cannot succeed ends
    at once: an address that is none, and what the mail server refuses for good.
    """
    leased = Delivery.objects.filter(
        pk=delivery_id, status=DeliveryStatus.PENDING, due_at__lte=timezone.now()
    ).update(attempts=F("attempts") + 1, due_at=timezone.now() + LEASE)
    if not leased:
        return None
    delivery = Delivery.objects.select_related("order").get(pk=delivery_id)
    try:
        serials = list(
            Serial.objects.filter(pk__in=delivery.serial_ids, assignment__order=delivery.order)
            .select_related("assignment__pack")
            .order_by("assignment_id", "position")
        )
        if not serials:
            return _finish(delivery, DeliveryStatus.NEEDLESS)
        recipient = host.recipient(delivery.order.order_id)
        if recipient is None or not recipient.email:
            return _fail(delivery, problem="The order has no e-mail address", refused="")
        address = recipient.email
        if not is_email(address):
            problem = "The order's e-mail address is not valid"
            return _fail(delivery, problem=problem, refused=address)
        _send(delivery, serials, recipient)
        return _sent(delivery, serials)
    except Exception as error:
        if problem := _refusal(error):
            is_address = isinstance(error, SMTPRecipientsRefused)
            return _fail(delivery, problem=problem, refused=address if is_address else None)
        # The text of a mail server's answer may quote the mail: only its kind is kept.
        logger.warning(
            "Delivery %s was not sent (attempt %s): %s",
            *(delivery.pk, delivery.attempts, described(error)),
        )
        return _try_again(delivery, problem=type(error).__name__)


def _sent(delivery: Delivery, serials: Sequence[Serial]) -> DeliveryStatus:
    now = timezone.now()
    config = active_config()
    with transaction.atomic():
        if config is not None and config.automatic_fulfillment:
            # First: reconcile locks the order before its serials.
            OrderRecord.objects.filter(pk=delivery.order_id).update(fulfill_at=now)
        Serial.objects.filter(
            pk__in=[serial.pk for serial in serials], assignment__order=delivery.order
        ).update(delivered_at=now)
        history.record_serials(
            EventType.DELIVERED,
            [
                history.Move(
                    serial_id=serial.pk,
                    line_id=serial.assignment.line_id,
                    was=serial.status,
                    now=serial.status,
                )
                for serial in serials
            ],
            order=delivery.order,
            at=now,
        )
        return _finish(delivery, DeliveryStatus.SENT, sent_at=now, problem="")


def _try_again(delivery: Delivery, *, problem: str) -> DeliveryStatus:
    pause = RETRY.pause_after(delivery.attempts)
    if pause is None:
        return _fail(delivery, problem=problem)
    return _finish(delivery, DeliveryStatus.PENDING, due_at=timezone.now() + pause, problem=problem)


def _refusal(error: Exception) -> str:
    """Say in words what a mail server refuses for good; empty where it may be sent later.

    Permanent answers begin with 5 (RFC 5321, 4.2.1). Where they are about the sender or the log-in,
    the shop's own settings are wrong, and can be put right: then it is tried again.
    """
    if isinstance(error, SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        if all(500 <= code < 600 for code in codes):
            return f"The mail server refuses the order's e-mail address for good ({codes[0]})"
    if isinstance(error, SMTPDataError | SMTPSenderRefused):
        is_of_mail = isinstance(error, SMTPDataError) or error.smtp_code == _TOO_LARGE
        if is_of_mail and 500 <= error.smtp_code < 600:
            return f"The mail server refuses the e-mail for good ({error.smtp_code})"
    return ""


def readdress(delivery_id: int) -> None:
    """Let a delivery be sent that failed by its address, if its order has another one now."""
    delivery = Delivery.objects.select_related("order").get(pk=delivery_id)
    recipient = host.recipient(delivery.order.order_id)
    if recipient is None or digest_of(recipient.email).hex() == delivery.refused_address:
        return
    Delivery.objects.filter(pk=delivery_id, status=DeliveryStatus.FAILED).update(
        status=DeliveryStatus.PENDING,
        attempts=0,
        due_at=timezone.now(),
        problem="",
        refused_address="",
    )


def refused() -> list[int]:
    """The deliveries that failed by their address, oldest first."""
    failed = Delivery.objects.filter(status=DeliveryStatus.FAILED, refused_address__gt="")
    return list(failed.order_by("id").values_list("pk", flat=True))


def _fail(delivery: Delivery, *, problem: str, refused: str | None = None) -> DeliveryStatus:
    """End a delivery; ``refused``: because of this address."""
    digest = "" if refused is None else digest_of(refused).hex()
    with transaction.atomic():
        history.record_order(EventType.DELIVERY_FAILED, delivery.order, reason=problem)
        return _finish(delivery, DeliveryStatus.FAILED, problem=problem, refused_address=digest)


def _finish(delivery: Delivery, status: DeliveryStatus, **values: object) -> DeliveryStatus:
    Delivery.objects.filter(pk=delivery.pk).update(status=status, **values)
    return status


def _send(delivery: Delivery, serials: Sequence[Serial], recipient: Recipient) -> None:
    earlier = Delivery.objects.filter(
        order=delivery.order, status=DeliveryStatus.SENT, pk__lt=delivery.pk
    )
    line_deliveries = by_line(serials)
    mail.send(
        "delivery",
        {
            "order_number": delivery.order.number,
            "is_top_up": earlier.exists(),
            "lines": line_deliveries,
            "total": len(serials),
        },
        sender=host.sender(recipient.channel),
        to=[recipient.email],
        language=recipient.language,
        pictures={
            serial.picture_id: serial.picture
            for line_delivery in line_deliveries
            for serial in line_delivery.serials
            if serial.picture
        },
    )
