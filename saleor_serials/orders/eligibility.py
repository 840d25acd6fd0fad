"""Which packs do not serve an order's customer or channel."""

from collections.abc import Sequence

from saleor_serials import history
from saleor_serials.host import host
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import Assignment, EventType, OrderRecord, Pack


def find_closed_packs(
    record: OrderRecord, order: OrderSnapshot, assignments: Sequence[Assignment]
) -> None:
    """Store on the record which packs do not serve this order's customer or channel.

    Each new one is recorded in the history. One statement more where a pack asks for groups.
    Leaving a group takes nothing back.
    """
    packs = {each.pack_id: each.pack for each in assignments}.values()
    groups: frozenset[str] = frozenset()
    if order.user_id is not None and any(pack.customer_groups for pack in packs):
        groups = host.customer_groups(order.user_id)
    reasons = {pack.pk: _why_closed(pack, order, groups) for pack in packs}
    closed = {pk: reason for pk, reason in reasons.items() if reason}
    for pk in sorted(closed.keys() - set(record.closed_pack_ids)):
        history.record_order(EventType.NOT_SERVED, record, reason=closed[pk])
    record.closed_pack_ids = sorted(closed)


def _why_closed(pack: Pack, order: OrderSnapshot, groups: frozenset[str]) -> str:
    # Without the pack's name: staff with access to another pack of the order read this as well.
    if pack.channels and order.channel not in pack.channels:
        return "A pack that it was to take from serves other channels"
    if pack.customer_groups and not groups.intersection(pack.customer_groups):
        return "A pack that it was to take from serves customers of other groups"
    return ""
