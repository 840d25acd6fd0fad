"""What a reconcile or a staff action did, and the effects to enqueue once it is committed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from saleor_serials.delivery import metadata, outbox
from saleor_serials.models import OrderRecord
from saleor_serials.orders import fulfillment
from saleor_serials.run import Run


class EffectKind(StrEnum):
    """What to do after commit; ``tasks`` has the Celery task for each.

    DELIVER sends a delivery. WRITE_METADATA and FULFILL look at an order: its metadata may be
    behind, its lines may be complete without a delivery. SETTLE serves those who wait for a pack in
    which an order stayed short or that got serials back. FOLLOW_STOCK compares a pack whose serials
    moved with Saleor's stock and the notice limit.
    """

    DELIVER = "deliver"
    WRITE_METADATA = "write metadata"
    FULFILL = "fulfill"
    SETTLE = "settle"
    FOLLOW_STOCK = "follow stock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One thing to do after commit: with a delivery or pack by number, an order by its text id."""

    kind: EffectKind
    id: int | str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How many serials an order got, and the effects to enqueue."""

    allocated: int
    effects: tuple[Effect, ...]


def pack_effects(*, settle: Iterable[int], moved: Iterable[int]) -> tuple[Effect, ...]:
    """Settle these packs; follow the stock of those whose serials moved."""
    return (
        *(Effect(kind=EffectKind.SETTLE, id=pack_id) for pack_id in settle),
        *(Effect(kind=EffectKind.FOLLOW_STOCK, id=pack_id) for pack_id in moved),
    )


def conclude(
    record: OrderRecord,
    *,
    serial_ids: Sequence[int],
    unsettled: Iterable[int],
    moved: frozenset[int],
    run: Run,
    changed: bool = True,
    holds: bool = True,
) -> Outcome:
    """Write the outbox row of an order's new serials, and set what is due on its locked record.

    The caller saves the record. ``unsettled`` packs are to be settled; the serials of ``moved``
    packs moved. ``changed``: what a line is entitled to or holds; ``holds``: the order holds some.
    """
    effects: list[Effect] = []
    delivery_id = outbox.enqueue(record, serial_ids, now=run.now) if run.config.send_email else None
    if delivery_id is not None:
        effects.append(Effect(kind=EffectKind.DELIVER, id=delivery_id))
    if metadata.mark_due(record, config=run.config, moved=bool(moved), holds=holds):
        effects.append(Effect(kind=EffectKind.WRITE_METADATA, id=record.order_id))
    if run.config.automatic_fulfillment and changed and delivery_id is None:
        fulfillment.mark_due(record, now=run.now)
        effects.append(Effect(kind=EffectKind.FULFILL, id=record.order_id))
    return Outcome(
        allocated=len(serial_ids),
        effects=(*effects, *pack_effects(settle=unsettled, moved=moved)),
    )
