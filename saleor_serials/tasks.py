"""The Celery tasks, and the functions that enqueue them after commit."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from saleor_serials.delivery import metadata
from saleor_serials.delivery.outbox import deliver
from saleor_serials.dispatch import Request, after_commit
from saleor_serials.host import host
from saleor_serials.host.shapes import Target
from saleor_serials.jobs import work
from saleor_serials.maintenance import job_kinds
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import OrderRecord
from saleor_serials.orders.fulfillment import fulfill
from saleor_serials.orders.outcome import Effect, EffectKind, pack_effects
from saleor_serials.orders.reconcile import reconcile, settle
from saleor_serials.packs import links, metadata_links, stock_sync

logger = logging.getLogger(__name__)

SWEEP_EVERY = timedelta(minutes=1)
# How long a job keeps a worker from others.
JOB_SECONDS = 20.0


def request_reconcile(order_id: str) -> None:
    """Enqueue the reconcile of an order after commit. Never raises."""
    after_commit(Request(task=reconcile_order, argument=order_id))


def request_settle(pack_id: int) -> None:
    """Enqueue the settlement of a pack's shortfalls after commit. Never raises."""
    after_commit(Request(task=settle_pack, argument=pack_id))


def request_delivery(delivery_id: int) -> None:
    """Enqueue the sending of a delivery after commit. Never raises."""
    after_commit(Request(task=send_delivery, argument=delivery_id))


def request_metadata(order_id: str) -> None:
    """Enqueue the writing of an order's metadata after commit. Never raises."""
    after_commit(Request(task=write_metadata, argument=order_id))


def request_job(job_id: int) -> None:
    """Enqueue a job after commit. Never raises."""
    after_commit(Request(task=run_job, argument=job_id))


def request_links(target: Target) -> None:
    """Enqueue the sync of a variant's or product's links with its metadata. Never raises.

    Variants are saved often: there is a task only where the metadata says something new.
    """
    after_commit(Request(task=sync_metadata_links, argument=target.key, needless=_is_in_sync))


def _is_in_sync(key: str) -> bool:
    return metadata_links.is_in_sync(Target.of(key))


def request_fulfillment(order_id: str) -> None:
    """Enqueue the fulfilment of an order's complete lines after commit. Never raises."""
    after_commit(Request(task=fulfill_order, argument=order_id))


def request_stock(pack_id: int) -> None:
    """Enqueue the check of a pack's stock and notice limit after commit. Never raises.

    There is a task only where something is to follow it.
    """
    after_commit(Request(task=follow_stock, argument=pack_id, needless=_is_not_followed))


def _is_not_followed(pack_id: int) -> bool:
    return not stock_sync.is_needed(pack_id)


@host.task("saleor_serials.reconcile_order")
def reconcile_order(order_id: str) -> None:
    """Make what an order holds equal what it is entitled to."""
    outcome = reconcile(order_id)
    if outcome is not None:
        enqueue_effects(outcome.effects)


# The function that enqueues each kind of effect. None of them raises.
_REQUESTS: Mapping[EffectKind, Callable[[Any], None]] = {
    EffectKind.DELIVER: request_delivery,
    EffectKind.WRITE_METADATA: request_metadata,
    EffectKind.FULFILL: request_fulfillment,
    EffectKind.SETTLE: request_settle,
    EffectKind.FOLLOW_STOCK: request_stock,
}


def enqueue_effects(effects: Iterable[Effect]) -> None:
    """Enqueue after commit the task for each effect. Never raises."""
    for effect in effects:
        _REQUESTS[effect.kind](effect.id)


@host.task("saleor_serials.settle_pack")
def settle_pack(pack_id: int) -> None:
    """Serve a pack's open shortfalls, oldest first; then follow the stock of what moved."""
    followed = dict.fromkeys(pack_effects(settle=(), moved=[pack_id]))
    for outcome in settle(pack_id):
        for effect in outcome.effects:
            if effect.kind is EffectKind.FOLLOW_STOCK:
                followed[effect] = None
            elif effect.kind is not EffectKind.SETTLE:  # settling it would ask for itself for ever
                enqueue_effects([effect])
    enqueue_effects(followed)


@host.task("saleor_serials.send_delivery")
def send_delivery(delivery_id: int) -> None:
    """Send a delivery to its customer."""
    deliver(delivery_id)
    told = OrderRecord.objects.filter(deliveries=delivery_id, fulfill_at__isnull=False)
    for order_id in told.values_list("order_id", flat=True):
        request_fulfillment(order_id)


@host.task("saleor_serials.fulfill_order")
def fulfill_order(order_id: str) -> None:
    """Fulfil the lines of an order that consist of nothing but delivered serials."""
    fulfill(order_id)


@host.task("saleor_serials.write_metadata")
def write_metadata(order_id: str) -> None:
    """Show in an order's metadata what it holds."""
    metadata.write(order_id)


@host.task("saleor_serials.sync_metadata_links")
def sync_metadata_links(key: str) -> None:
    """Sync the links of a variant or product with its metadata."""
    target = Target.of(key)
    metadata_links.sync(target)
    for pack_id in links.packs_of(target):
        request_stock(pack_id)


@host.task("saleor_serials.follow_stock")
def follow_stock(pack_id: int) -> None:
    """Tell staff of a pack that has run low, and keep the stock of what it limits in line."""
    stock_sync.sync(pack_id)


@host.task("saleor_serials.run_job")
def run_job(job_id: int) -> None:
    """Work at a job for a while, then let others have the worker, and ask for the rest."""
    work_at(job_id, seconds=JOB_SECONDS)
    if work.is_waiting(job_id):
        request_job(job_id)


def work_at(job_id: int, *, seconds: float | None = None) -> None:
    """Work at a job here and now, and enqueue what its chunks lead to."""
    for step in job_kinds.run_job(job_id, seconds=seconds):
        enqueue_step_effects(step)


def enqueue_step_effects(step: work.Step) -> None:
    """Enqueue settlement, stock and link tasks for what a chunk changed. Never raises."""
    for pack_id in sorted(step.filled):
        request_settle(pack_id)
    for pack_id in sorted(step.linked):
        request_stock(pack_id)
    for target in step.relinked:
        request_links(target)


@host.task("saleor_serials.sweep")
def sweep_orders() -> None:
    """Find what nobody told us about."""
    for job_id in sweep().unfinished_jobs:
        request_job(job_id)


def schedule_sweep() -> None:
    """Enter the sweep into Celery beat's schedule."""
    host.schedule("saleor-serials-sweep", task_name=sweep_orders.name, every=SWEEP_EVERY)
