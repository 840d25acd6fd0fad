"""Find what no event reported: metadata links, orders, shortfalls, jobs, stock, unsent mail.

After a sweep no order is short while its pack holds a serial that it may take, whatever events
were lost. Sweeping twice, or twice at the same time, does no harm.
"""

import time
from dataclasses import dataclass, field

from django.db.models import F
from django.utils import timezone

from saleor_serials.config import active_config
from saleor_serials.customers import ACCOUNT_PREFIX
from saleor_serials.delivery import metadata, outbox
from saleor_serials.host import host
from saleor_serials.jobs import files, work
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Assignment, DeliveryStatus, OrderRecord, SweepState
from saleor_serials.orders import fulfillment
from saleor_serials.orders.reconcile import settle, try_reconcile
from saleor_serials.packs import links, low_stock, metadata_links, stock_sync
from saleor_serials.serials import counts

# A mail server that never answers must not keep this sweep, and with every next one a worker.
_SECONDS_TO_SEND = 45
# Nor must jobs: the workers do them, and each sweep a little where there are none.
_SECONDS_TO_WORK = 20


@dataclass(kw_only=True, slots=True)
class Report:
    """What a sweep did; ``failed`` names the orders that the next one tries again.

    ``unfinished_jobs`` are those that it has worked at, and that somebody should go on with.
    """

    looked_at: int = 0
    allocated: int = 0
    sent: int = 0
    unsent: int = 0
    fulfilled: int = 0
    failed: list[str] = field(default_factory=list)
    unfinished_jobs: list[int] = field(default_factory=list)


def sweep() -> Report:
    """Sweep once; does nothing while the plugin is off."""
    report = Report()
    config = active_config()
    if config is None:
        return report
    state, _ = SweepState.objects.get_or_create(pk=1)
    metadata_links.sync_all()
    _look_at_orders(state, report)
    _do_jobs(report)
    _settle_packs(report)
    stock_sync.sync_all()
    _send_deliveries(report)
    low_stock.notify_staff_of_all()
    metadata.write_due()
    counts.fold()
    if config.automatic_fulfillment:
        _fulfill_orders(report)
    SweepState.objects.filter(pk=state.pk).update(
        cursor=state.cursor, retry=report.failed, swept_at=timezone.now()
    )
    return report


def _look_at_orders(state: SweepState, report: Report) -> None:
    not_before = links.first_since()
    if not_before is None:
        return
    changes = host.changed_orders(state.cursor, not_before=not_before)
    state.cursor = dict(changes.cursor)
    metadata.drop_copies(changes.order_ids)
    known = OrderRecord.objects.order_by().values_list("order_id", flat=True)
    dead = known.filter(assignments__entitled__gt=0, order_id__in=host.dead_orders())
    claimed = known.exclude(customer__startswith=ACCOUNT_PREFIX).filter(
        order_id__in=host.owned_orders()
    )
    for order_id in dict.fromkeys([*state.retry, *changes.order_ids, *dead, *claimed]):
        report.looked_at += 1
        outcome = try_reconcile(order_id, failed=report.failed)
        report.allocated += outcome.allocated if outcome else 0


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


def _settle_packs(report: Report) -> None:
    short = Assignment.objects.filter(entitled__gt=F("held"), pack__is_published=True)
    for pack_id in short.order_by("pack").values_list("pack", flat=True).distinct():
        for outcome in settle(pack_id):
            report.allocated += outcome.allocated


def _send_deliveries(report: Report) -> None:
    end = time.monotonic() + _SECONDS_TO_SEND
    for delivery_id in outbox.due(timezone.now()):
        if outbox.deliver(delivery_id) is DeliveryStatus.SENT:
            report.sent += 1
        else:
            report.unsent += 1
        if time.monotonic() > end:
            return  # what is left is due for the next sweep


def _fulfill_orders(report: Report) -> None:
    for order_id in fulfillment.due(timezone.now()):
        report.fulfilled += fulfillment.fulfill(order_id)
