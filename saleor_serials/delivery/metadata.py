"""Show the serials that an order holds in Saleor's own private metadata, where the shop wants it.

For staff in the Dashboard and for software that knows nothing of this plugin: each order line
lists its serials, the order those of all its lines. Only what customers are shown is written.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from django.db import transaction

from saleor_serials.config import Config, active_config
from saleor_serials.errors import without_details
from saleor_serials.failures import described
from saleor_serials.host import host
from saleor_serials.models import MetadataCopy, OrderRecord, Serial

logger = logging.getLogger(__name__)

# Saleor reads an order's metadata whenever it reads the order.
MAX_LENGTH = 1_000_000


def mark_due(record: OrderRecord, *, config: Config, moved: bool, holds: bool) -> bool:
    """Set on a locked record that its metadata is due; the caller saves it. False: none is shown.

    Where nothing moved, the metadata may still have been changed by other software.
    """
    known = record.metadata_copy != MetadataCopy.ABSENT
    concerned = (known or holds) if config.expose_in_metadata else (known and moved)
    if concerned and (moved or not known) and record.metadata_copy != MetadataCopy.DUE:
        record.metadata_copy = MetadataCopy.DUE
    return concerned


def due() -> dict[int, str]:
    """The orders that do not show yet what they are to show, by the id of their record."""
    waiting = OrderRecord.objects.filter(metadata_copy=MetadataCopy.DUE).order_by("id")
    return dict(waiting.values_list("pk", "order_id"))


def try_write(order_id: str) -> None:
    """Show what an order holds. A failure is logged, never raised."""
    try:
        write(order_id)
    except Exception as error:
        logger.error("The metadata of order %s is behind: %s", order_id, described(error))


def drop_copies(order_ids: Iterable[str]) -> None:
    """Remove from these orders what Saleor copied out of another. Never raises."""
    try:
        host.drop_copied_serials(order_ids)
    except Exception:
        logger.exception("Copies of orders show the serials of their originals.")


def write(order_id: str) -> None:
    """Bring an order's private metadata in line with what it holds. Writes only on difference.

    A constant number of statements. While the setting is off, what stands there is removed.

    Raises:
        StorageFailed: the database refused, or Saleor itself is at the order for longer than we
            wait; nothing has changed.
    """
    config = active_config()
    if config is None:
        return
    with without_details(), transaction.atomic():
        record = OrderRecord.objects.select_for_update().filter(order_id=order_id).first()
        if record is None:
            # A draft holds nothing, and may be a copy of an order that does.
            host.drop_copied_serials([order_id])
            return
        lines = _shown(record, config) if config.expose_in_metadata else {}
        text = _order_text(record, lines) if lines else None
        if text is not None and len(text) > MAX_LENGTH:
            logger.warning("The serials of order %s are too long for its metadata.", order_id)
            text, lines = None, {}
        texts = {line_id: _text(_data(serials)) for line_id, serials in lines.items()}
        host.write_serials(order_id, text, texts)
        record.metadata_copy = (
            MetadataCopy.SHOWN if config.expose_in_metadata else MetadataCopy.ABSENT
        )
        record.save(update_fields=["metadata_copy"])


def _shown(record: OrderRecord, config: Config) -> dict[str, list[Serial]]:
    """Read what each line holds that customers are shown. One statement."""
    serials = Serial.objects.filter(
        assignment__order=record, status__in=config.shown_statuses
    ).select_related("assignment")
    return {
        line_id: list(held)
        for line_id, held in groupby(
            serials.order_by("assignment__line_id", "assignment_id", "position"),
            key=lambda serial: serial.assignment.line_id,
        )
    }


def _order_text(record: OrderRecord, lines: Mapping[str, Sequence[Serial]]) -> str:
    # Begins with the number: so a copy of the order that Saleor makes is told from it.
    return _text(
        {
            "number": record.number,
            "lines": [
                {
                    "id": host.line_global_id(line_id),
                    "product": held[0].assignment.product_name,
                    "variant": held[0].assignment.variant_name,
                    "sku": held[0].assignment.sku,
                    "serials": _data(held),
                }
                for line_id, held in lines.items()
            ],
        }
    )


def _data(serials: Sequence[Serial]) -> list[str]:
    return [serial.data for serial in serials]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
