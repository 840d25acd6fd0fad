"""Make what an order holds equal what it is entitled to. Start reading here.

Events never say what to do, only that an order may have changed. ``reconcile`` may be called by
any of them, twice, late, at the same time from two machines, or by the sweeper: the result is the
same. It is one transaction, under the lock of the order's own ``OrderRecord``.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from saleor_serials.assignments import allocation, release
from saleor_serials.assignments.lines import numbers, store
from saleor_serials.config import active_config
from saleor_serials.errors import without_details
from saleor_serials.host.shapes import OrderSnapshot
from saleor_serials.models import OrderRecord, Pack
from saleor_serials.orders import eligibility, lines, outcome, payment, records
from saleor_serials.orders.outcome import Outcome
from saleor_serials.run import Run

logger = logging.getLogger(__name__)


def reconcile(order_id: str, *, first_in_line: bool = False) -> Outcome | None:
    """Allocate what the order lacks and release what it has too much; None if nothing applies.

    Nothing applies to an order that does not exist, is still a draft, or was placed before the
    plugin was switched on, and to any order while the plugin is off. The number of statements
    depends on the order's lines and packs, never on how many serials move.

    ``first_in_line``: do not stand behind older shortfalls of other orders.

    Raises:
        StorageFailed: the database refused; nothing has changed.
    """
    config = active_config()
    if config is None:
        return None
    with without_details(), transaction.atomic():
        locked = records.lock_and_read(order_id)
        if locked is None:
            return None
        record, order = locked
        with records.saving(record):
            run = Run(config=config, now=timezone.now())
            return _reconcile(record, order, run=run, first_in_line=first_in_line)


def _reconcile(
    record: OrderRecord,
    order: OrderSnapshot,
    *,
    run: Run,
    first_in_line: bool,
) -> Outcome:
    records.freeze_terms([(record, order)])
    records.follow_customer(record, order)
    assignments = list(record.assignments.select_related("pack").order_by("id"))
    payment.record_payment(record, order, assignments, run=run)
    eligibility.find_closed_packs(record, order, assignments)
    stored = [numbers(assignment) for assignment in assignments]
    surplus = lines.set_entitled(record, order, assignments, run=run)
    freed = release.release(record, surplus, run=run)
    allocated = allocation.allocate(record, assignments, run=run, first_in_line=first_in_line)
    changed = [a for a, was in zip(assignments, stored, strict=True) if numbers(a) != was]
    store(changed)
    return outcome.conclude(
        record,
        serial_ids=allocated.serial_ids,
        unsettled=allocated.short_pack_ids | freed,
        changed=bool(changed),
        moved=frozenset(
            a.pack_id for a, (_, held, _) in zip(assignments, stored, strict=True) if a.held != held
        ),
        holds=any(a.held for a in assignments),
        run=run,
    )


def settle(pack_id: int) -> Iterator[Outcome]:
    """Serve a pack's open shortfalls, oldest first, while it has serials to hand out.

    One transaction per order. An order that fails is logged and left for the sweep.
    """
    config = active_config()
    pack = Pack.objects.filter(pk=pack_id).first()
    if config is None or pack is None:
        return
    looked_at: tuple[datetime | None, int] | None = None
    while True:
        short = allocation.servable(pack, config=config)
        if looked_at:
            since, pk = looked_at
            short = short.filter(Q(entitled_since__gt=since) | Q(entitled_since=since, pk__gt=pk))
        found = short.select_related("order").first()
        if found is None:
            return
        looked_at = (found.entitled_since, found.pk)
        done = try_reconcile(found.order.order_id, failed=[], first_in_line=True)
        if done is not None:
            yield done


def try_reconcile(
    order_id: str, *, failed: list[str], first_in_line: bool = False
) -> Outcome | None:
    """Reconcile for a caller who has more orders to look at.

    A failure is logged, and the order's id added to ``failed``; it is never raised.
    """
    try:
        return reconcile(order_id, first_in_line=first_in_line)
    except Exception:
        # Whatever is wrong with one order must not keep the others from their serials.
        logger.exception("Order %s could not be reconciled.", order_id)
        failed.append(order_id)
        return None
