"""What a reconcile or a staff action did, and which tasks follow from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from saleor_serials import config
from saleor_serials.delivery import metadata
from saleor_serials.delivery.outbox import enqueue
from saleor_serials.models import OrderRecord
from saleor_serials.orders import fulfillment


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a reconcile did, and what is left for others to do once it is committed.

    ``delivery_id``: new serials wait to be sent. ``unsettled_pack_ids``: in these packs the order
    stayed short, or freed serials that others may be waiting for. ``metadata_order_id``: this
    order's metadata may be behind. ``order_id_to_fulfill``: lines of this order may be complete
    without a delivery. ``moved_pack_ids``: serials left these packs, or came back.
    """

    allocated: int
    delivery_id: int | None
    unsettled_pack_ids: frozenset[int]
    metadata_order_id: str | None
    order_id_to_fulfill: str | None
    moved_pack_ids: frozenset[int]

    @classmethod
    def of_packs(cls, pack_ids: Iterable[int], *, moved: Iterable[int]) -> "Outcome":
        """Say that packs have serials for somebody again, of no order in particular."""
        return cls(
            allocated=0,
            delivery_id=None,
            unsettled_pack_ids=frozenset(pack_ids),
            metadata_order_id=None,
            order_id_to_fulfill=None,
            moved_pack_ids=frozenset(moved),
        )


def conclude(
    record: OrderRecord,
    *,
    serial_ids: Sequence[int],
    unsettled: frozenset[int],
    moved: frozenset[int],
    settings: config.Config,
    now: datetime,
    changed: bool = True,
    holds: bool = True,
) -> Outcome:
    """Enter, in the caller's transaction, what follows from what an order got or gave back.

    ``serial_ids`` are new to it. ``moved``: the packs whose serials moved. ``changed``: what a line
    is owed or holds; ``holds``: the order holds some.
    """
    outbox = enqueue(record, serial_ids, now=now) if settings.send_email else None
    exposes = metadata.enqueue(record, settings=settings, moved=bool(moved), holds=holds)
    to_fulfill = settings.automatic_fulfillment and changed and outbox is None
    if to_fulfill:
        fulfillment.enqueue(record, now=now)
    return Outcome(
        allocated=len(serial_ids),
        delivery_id=outbox,
        unsettled_pack_ids=unsettled,
        metadata_order_id=record.order_id if exposes else None,
        order_id_to_fulfill=record.order_id if to_fulfill else None,
        moved_pack_ids=moved,
    )
