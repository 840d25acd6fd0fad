"""Find what no event reported: metadata links, orders, shortfalls, jobs, stock, unsent mail.

After a sweep no order is short while its pack holds a serial that it may take, whatever events
were lost. Of two sweeps at the same time one does nothing.

Each step fails by itself, and so does each item of a step. Steps that go through orders, packs,
deliveries and jobs have so much time; what they do not come to, the next sweep does first.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from saleor_serials.config import Config, active_config
from saleor_serials.customers import ACCOUNT_PREFIX
from saleor_serials.delivery import metadata, outbox
from saleor_serials.failures import described
from saleor_serials.host import host
from saleor_serials.jobs import files, work
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Assignment, DeliveryStatus, OrderRecord, SweepState
from saleor_serials.orders import fulfillment
from saleor_serials.orders.reconcile import settle, try_reconcile
from saleor_serials.packs import links, low_stock, metadata_links, stock_sync
from saleor_serials.retry import Retry
from saleor_serials.serials import counts

logger = logging.getLogger(__name__)

# What such a step may take: no step, and no mail server that never answers, keeps the others from
# their turn, nor with every next sweep one more worker.
SECONDS_PER_STEP = 45.0
# The workers do the jobs, and each sweep a little where there are none.
_SECONDS_TO_WORK = 20.0
# Nearly all of these addresses are what they were.
_SECONDS_TO_READDRESS = 2.0
# Longer than a step takes: after a crash the next sweep begins so much later.
LEASE = timedelta(minutes=5)
# Ten times what beat waits between two sweeps: then none seems to run.
LATE_AFTER = timedelta(minutes=10)
# An order that cannot be reconciled; then it is named by the audit, and looked at when it changes.
RETRY = Retry(first=timedelta(minutes=1), longest=timedelta(hours=6), attempts=20)


@dataclass(kw_only=True, slots=True)
class Report:
    """What a sweep did. ``failed`` names the orders that could not be reconciled.

    ``failed_steps`` names the steps that ended with an error; ``is_other_busy``: it did nothing,
    because another sweep is at it. ``unfinished_jobs`` are those that it has worked at, and that
    somebody should go on with.
    """

    looked_at: int = 0
    allocated: int = 0
    sent: int = 0
    unsent: int = 0
    fulfilled: int = 0
    failed: list[str] = field(default_factory=list)
    failed_steps: list[str] = field(default_factory=list)
    is_other_busy: bool = False
    unfinished_jobs: list[int] = field(default_factory=list)


def sweep() -> Report:
    """Sweep once; does nothing while the plugin is off, or another sweep is at it."""
    report = Report()
    config = active_config()
    if config is None:
        return report
    if not _begin():
        report.is_other_busy = True
        return report
    try:
        state = SweepState.objects.get(pk=1)
        for name, step in _steps(config, state, report):
            SweepState.objects.filter(pk=1).update(busy_until=timezone.now() + LEASE)
            try:
                step()
            except Exception as error:
                logger.error("The sweep's step '%s' failed: %s", name, described(error))
                report.failed_steps.append(name)
        state.save(update_fields=["cursor", "waiting", "failures", "places"])
    finally:
        SweepState.objects.filter(pk=1).update(busy_until=None, swept_at=timezone.now())
    return report


def _begin() -> bool:
    """Take the lease; False while another sweep has it."""
    SweepState.objects.get_or_create(pk=1)
    now = timezone.now()
    free = SweepState.objects.filter(Q(busy_until=None) | Q(busy_until__lte=now), pk=1)
    return bool(free.update(busy_until=now + LEASE))


def _steps(
    config: Config, state: SweepState, report: Report
) -> Iterator[tuple[str, Callable[[], None]]]:
    yield "metadata links", metadata_links.sync_all
    yield "orders", lambda: _look_at_orders(state, report)
    yield "jobs", lambda: _do_jobs(report)
    yield "shortfalls", lambda: _settle_packs(state, report)
    yield "stock", stock_sync.sync_all
    yield "refused addresses", lambda: _readdress(state)
    yield "deliveries", lambda: _send_deliveries(report)
    yield "notices", low_stock.notify_staff_of_all
    yield "metadata", lambda: _write_metadata(state)
    yield "counts", counts.fold
    if config.automatic_fulfillment:
        yield "fulfilments", lambda: _fulfill_orders(report)


def _look_at_orders(state: SweepState, report: Report) -> None:
    not_before = links.first_since()
    if not_before is None:
        return
    changes = host.changed_orders(state.cursor, not_before=not_before)
    metadata.drop_copies(changes.order_ids)
    known = OrderRecord.objects.order_by().values_list("order_id", flat=True)
    dead = known.filter(assignments__entitled__gt=0, order_id__in=host.dead_orders())
    claimed = known.exclude(customer__startswith=ACCOUNT_PREFIX).filter(
        order_id__in=host.owned_orders()
    )
    now = timezone.now()
    found = [*_due(state, now), *state.waiting, *changes.order_ids, *dead, *claimed]
    order_ids = list(dict.fromkeys(found))
    end = time.monotonic() + SECONDS_PER_STEP
    for order_id in order_ids:
        report.looked_at += 1
        failed: list[str] = []
        outcome = try_reconcile(order_id, failed=failed)
        report.allocated += outcome.allocated if outcome else 0
        _count_failure(state, order_id, has_failed=bool(failed), now=now)
        report.failed += failed
        if time.monotonic() > end:
            break
    # Together and last: a step that fails on the way goes on from where the one before stopped.
    state.cursor, state.waiting = dict(changes.cursor), order_ids[report.looked_at :]


def _due(state: SweepState, now: datetime) -> list[str]:
    """The orders that failed before, and are to be tried again now."""
    due = {order_id: parse_datetime(at) for order_id, (_, at) in state.failures.items() if at}
    return [order_id for order_id, at in due.items() if at is not None and at <= now]


def _count_failure(state: SweepState, order_id: str, *, has_failed: bool, now: datetime) -> None:
    attempts, _ = state.failures.pop(order_id, (0, None))
    if has_failed:
        pause = RETRY.pause_after(attempts + 1)
        due_at = None if pause is None else (now + pause).isoformat()
        state.failures[order_id] = attempts + 1, due_at


def _do_jobs(report: Report) -> None:
    """Go on with the jobs that nobody works at; the packs that they fill are settled next."""
    files.forget_files(timezone.now())
    end = time.monotonic() + _SECONDS_TO_WORK
    for job_id in work.due(timezone.now()):
        for _ in run_job(job_id, seconds=end - time.monotonic()):
            pass
        if work.is_waiting(job_id):
            report.unfinished_jobs.append(job_id)
        if time.monotonic() > end:
            return


def _settle_packs(state: SweepState, report: Report) -> None:
    short = Assignment.objects.filter(entitled__gt=F("held"), pack__is_published=True)
    packs = short.order_by("pack").values_list("pack", flat=True).distinct()
    end = time.monotonic() + SECONDS_PER_STEP
    for pack_id in _from(state, "shortfalls", list(packs)):
        for outcome in settle(pack_id):
            report.allocated += outcome.allocated
            if time.monotonic() > end:
                return


def _from(state: SweepState, step: str, ids: Sequence[int]) -> Iterator[int]:
    """Go through ids in their order, from behind where the step got to the last time."""
    last = state.places.pop(step, 0)
    for pk in [*(pk for pk in ids if pk > last), *(pk for pk in ids if pk <= last)]:
        state.places[step] = pk
        yield pk
    state.places.pop(step, None)


def _readdress(state: SweepState) -> None:
    end = time.monotonic() + _SECONDS_TO_READDRESS
    for delivery_id in _from(state, "refused addresses", outbox.refused()):
        outbox.readdress(delivery_id)
        if time.monotonic() > end:
            return


def _send_deliveries(report: Report) -> None:
    end = time.monotonic() + SECONDS_PER_STEP
    for delivery_id in outbox.due(timezone.now()):
        if outbox.deliver(delivery_id) is DeliveryStatus.SENT:
            report.sent += 1
        else:
            report.unsent += 1
        if time.monotonic() > end:
            return  # what is left is due for the next sweep


def _write_metadata(state: SweepState) -> None:
    end = time.monotonic() + SECONDS_PER_STEP
    orders = metadata.due()
    for record_id in _from(state, "metadata", list(orders)):
        metadata.try_write(orders[record_id])
        if time.monotonic() > end:
            return


def _fulfill_orders(report: Report) -> None:
    end = time.monotonic() + SECONDS_PER_STEP
    for order_id in fulfillment.due(timezone.now()):
        report.fulfilled += fulfillment.fulfill(order_id)
        if time.monotonic() > end:
            return
