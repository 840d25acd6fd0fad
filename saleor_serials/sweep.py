"""Find what nobody told us about: wishes, changed orders, shortfalls, jobs, stock, unsent, mail.

After a sweep no order is short while its pack holds a serial that it may take, whatever events
were lost. Sweeping twice, or twice at the same time, does no harm.
"""

import time
from dataclasses import dataclass, field

from django.db.models import F
from django.utils import timezone

from saleor_serials import (
    config,
    counting,
    delivery,
    fulfillment,
    jobs,
    links,
    mirror,
    stock,
    wishes,
)
from saleor_serials.host import host
from saleor_serials.models import Assignment, DeliveryStatus, OrderRecord, SweepState
from saleor_serials.reconcile import attempt, settle

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
    settings = config.current()
    if settings is None:
        return report
    state, _ = SweepState.objects.get_or_create(pk=1)
    wishes.grant_all()
    _look_at_orders(state, report)
    _do_jobs(report)
    _settle_packs(report)
    stock.follow_all()
    _send_deliveries(report)
    stock.tell_all_staff()
    mirror.show_due()
    counting.fold()
    if settings.automatic_fulfillment:
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
    mirror.drop_copies(changes.order_ids)
    known = OrderRecord.objects.order_by().values_list("order_id", flat=True)
    dead = known.filter(assignments__wanted__gt=0, order_id__in=host.dead_orders())
    claimed = known.exclude(customer__startswith="user:").filter(order_id__in=host.owned_orders())
    for order_id in dict.fromkeys([*state.retry, *changes.order_ids, *dead, *claimed]):
        report.looked_at += 1
        outcome = attempt(order_id, failed=report.failed)
        report.allocated += outcome.allocated if outcome else 0


def _do_jobs(report: Report) -> None:
    """Go on with the jobs that nobody works at; the packs that they fill are settled next."""
    jobs.forget_files(timezone.now())
    end = time.monotonic() + _SECONDS_TO_WORK
    for job_id in jobs.due(timezone.now()):
        for _ in jobs.run(job_id, seconds=end - time.monotonic()):
            pass
        if jobs.is_waiting(job_id):
            report.unfinished_jobs.append(job_id)
        if time.monotonic() > end:
            return


def _settle_packs(report: Report) -> None:
    short = Assignment.objects.filter(wanted__gt=F("held"), pack__is_published=True)
    for pack_id in short.order_by("pack").values_list("pack", flat=True).distinct():
        for outcome in settle(pack_id):
            report.allocated += outcome.allocated


def _send_deliveries(report: Report) -> None:
    end = time.monotonic() + _SECONDS_TO_SEND
    for delivery_id in delivery.due(timezone.now()):
        if delivery.deliver(delivery_id) is DeliveryStatus.SENT:
            report.sent += 1
        else:
            report.unsent += 1
        if time.monotonic() > end:
            return  # what is left is due for the next sweep


def _fulfill_orders(report: Report) -> None:
    for order_id in fulfillment.due(timezone.now()):
        report.fulfilled += fulfillment.fulfill(order_id)
