"""Tell staff when a pack runs low."""

import logging
from collections.abc import Iterable, Mapping

from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from saleor_serials import mail
from saleor_serials.config import Config, active_config
from saleor_serials.failures import described
from saleor_serials.host import host
from saleor_serials.models import Pack, PackSource, Serial
from saleor_serials.serials import counts

logger = logging.getLogger(__name__)


def notify_staff_of_all() -> None:
    """Send the notices that are due and were not sent. A failure is logged, never raised."""
    config = active_config()
    if config is not None:
        notify_staff(list(watched().values_list("pk", flat=True)), config)


def watched() -> QuerySet[Pack]:
    """The packs that staff want to be told of, from their first serial on."""
    return Pack.objects.filter(
        Exists(Serial.objects.filter(pack=OuterRef("pk"))),
        notice_below__isnull=False,
        source=PackSource.STOCK,
        archived_at__isnull=True,
    )


def notify_staff(pack_ids: Iterable[int], config: Config) -> None:
    packs = watched().filter(pk__in=list(pack_ids))
    left = counts.left(pack.pk for pack in packs) if packs else {}
    for pack in packs:
        if _is_low(pack, left) == (pack.noticed_at is not None):
            continue
        try:
            _turn(pack.pk, config)
        except Exception as error:
            # A mail server's answer may quote the mail. The sweep tries again.
            logger.warning("No notice of pack %s: %s", pack.pk, described(error))


def _is_low(pack: Pack, left: Mapping[int, int]) -> bool:
    return bool(left[pack.pk] < pack.notice_below)


_LOCK_NOTICE = "SELECT pg_try_advisory_xact_lock(hashtext('saleor_serials.notice'), %s)"


def _turn(pack_id: int, config: Config) -> None:
    """Send the notice of a pack that has run low, or note that it was refilled.

    Nobody else does while we are at it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_NOTICE, [pack_id % 2**31])
            [is_ours] = cursor.fetchone()
        pack = watched().filter(pk=pack_id).first()
        if not is_ours or pack is None:
            return
        left = counts.left([pack_id])
        noticed_at = pack.noticed_at
        if not _is_low(pack, left):
            noticed_at = None
        elif noticed_at is None:
            _send_notice(pack, left[pack_id], config)
            noticed_at = timezone.now()
        if noticed_at != pack.noticed_at:
            Pack.objects.filter(pk=pack_id).update(noticed_at=noticed_at)


def _send_notice(pack: Pack, left: int, config: Config) -> None:
    sender = host.sender(None)
    mail.send(
        "notice",
        {"pack_name": pack.name, "left": left, "limit": pack.notice_below},
        sender=sender,
        to=config.notice_recipients or host.staff_addresses() or [sender.from_email],
        language=django_settings.LANGUAGE_CODE,
    )
