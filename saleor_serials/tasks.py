"""The door for Celery: requests that are made after commit, and the tasks behind them.

Requesting never raises and never waits: a broker that cannot be reached is tried once, then left
in peace for a while, and the sweep does the work.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction
from kombu.pools import producers

from saleor_serials import config, jobs, links, mirror, stock, wishes
from saleor_serials.delivery import deliver
from saleor_serials.fulfillment import fulfill
from saleor_serials.host import host
from saleor_serials.host.shapes import Target
from saleor_serials.models import OrderRecord
from saleor_serials.reconcile import Outcome, reconcile, settle
from saleor_serials.records import freeze_terms_with
from saleor_serials.sweep import sweep

logger = logging.getLogger(__name__)

SWEEP_EVERY = timedelta(minutes=1)
# How long a job keeps a worker from others.
JOB_SECONDS = 20.0
# A customer waits for this once at most: then nobody knocks for a while.
BROKER_TIMEOUT = 1.0
BROKER_REST = 30.0


def request_reconcile(order_id: str) -> None:
    """Have an order reconciled once the current transaction is committed. Never raises."""
    _after_commit(_Request(task="reconcile_order", argument=order_id))


def request_settle(pack_id: int) -> None:
    """Have a pack's open shortfalls served after commit, oldest first. Never raises."""
    _after_commit(_Request(task="settle_pack", argument=pack_id))


def request_delivery(delivery_id: int) -> None:
    """Have a delivery sent after commit. Never raises."""
    _after_commit(_Request(task="send_delivery", argument=delivery_id))


def request_mirror(order_id: str) -> None:
    """Have an order's metadata show what it holds, after commit. Never raises."""
    _after_commit(_Request(task="show_serials", argument=order_id))


def request_job(job_id: int) -> None:
    """Have a job worked at after commit. Never raises."""
    _after_commit(_Request(task="run_job", argument=job_id))


def request_links(target: Target) -> None:
    """Have the links of a variant or product follow its metadata after commit. Never raises.

    Variants are saved often: there is a task only where the metadata says something new.
    """
    _after_commit(_Request(task="grant_wish", argument=target.key, needless=_is_granted))


def _is_granted(key: str) -> bool:
    return wishes.is_granted(Target.of(key))


def request_fulfillment(order_id: str) -> None:
    """Have an order's lines looked at after commit: some may need no shipping. Never raises."""
    _after_commit(_Request(task="fulfill_order", argument=order_id))


def request_stock(pack_id: int) -> None:
    """Have followed, after commit, what a pack has left. Never raises.

    There is a task only where something is to follow it.
    """
    _after_commit(_Request(task="follow_stock", argument=pack_id, needless=_is_not_followed))


def _is_not_followed(pack_id: int) -> bool:
    return not stock.matters(pack_id)


def variant_leaves(variant_id: int) -> None:
    """Freeze what orders take through a variant that is about to be deleted. Never raises."""
    try:
        with transaction.atomic():
            if config.current() is not None:
                freeze_terms_with(variant_id)
            links.end(variant_id=variant_id)
    except Exception:
        logger.exception("Orders with variant %s may lose their terms.", variant_id)


def product_leaves(product_id: int) -> None:
    """End the links of a product that is about to be deleted. Never raises."""
    try:
        with transaction.atomic():
            links.end(product_id=product_id)
    except Exception:
        logger.exception("The links of product %s stay in force.", product_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Request:
    """A task to enqueue, unless it is ``needless``. Tasks take ids, never data."""

    task: str
    argument: Any
    needless: Callable[[Any], bool] = lambda _: False

    def __call__(self) -> None:
        batch = _batch.get()
        if batch is not None and self in batch:
            return
        with self._or_the_sweep():
            if config.current() is None or self.needless(self.argument):
                return
            if batch is None or host.celery_app.conf.task_always_eager:
                self.enqueue()
            else:
                batch[self] = None

    def enqueue(self) -> None:
        with self._or_the_sweep():
            _enqueue(globals()[self.task], self.argument)

    @contextmanager
    def _or_the_sweep(self) -> Iterator[None]:
        """Raise nothing: it would reach the customer for an order that exists."""
        try:
            yield
        except Exception:
            logger.exception("%s(%s) is left to the sweep.", self.task, self.argument)


# The requests that are held back, in the order they came; None where nobody holds them back.
_batch: ContextVar[dict[_Request, None] | None] = ContextVar("saleor_serials_batch", default=None)


@contextmanager
def batch() -> Iterator[None]:
    """Hold requests back until the block ends, then enqueue each of them once. Never raises.

    One checkout brings five events of its order, and only after the last is the order as it is to
    be: a task for the first comes too early, and one for each is waste. Where tasks run inline
    nothing is held back, since what they do is part of the answer.
    """
    held_back: dict[_Request, None] = {}
    token = _batch.set(held_back)
    try:
        yield
    finally:
        _batch.reset(token)
        for request in held_back:
            request.enqueue()


def _after_commit(request: _Request) -> None:
    try:
        open_savepoints = set(connection.savepoint_ids)
        # Django forgets callbacks of a savepoint that is rolled back; a twin counts only if it
        # cannot be forgotten before this one would be.
        if any(
            entry[1] == request and entry[0] <= open_savepoints
            for entry in connection.run_on_commit
        ):
            return
        transaction.on_commit(request)
    except Exception:
        logger.exception("%s(%s) is left to the sweep.", request.task, request.argument)


_broker_rests_until = 0.0


def _enqueue(task: Any, argument: str | int) -> None:
    global _broker_rests_until
    if host.celery_app.conf.task_always_eager:
        task.apply((argument,))
        return
    if time.monotonic() < _broker_rests_until:
        return
    try:
        with producers[_broker()].acquire(block=True, timeout=BROKER_TIMEOUT) as producer:
            task.apply_async((argument,), producer=producer, retry=False)
    except Exception:
        _broker_rests_until = time.monotonic() + BROKER_REST
        raise


@cache
def _broker() -> Any:
    """The shop's broker with our patience: one attempt, one second."""
    app = host.celery_app
    patience = {
        "max_retries": 0,
        "socket_connect_timeout": BROKER_TIMEOUT,
        "socket_timeout": BROKER_TIMEOUT,
    }
    return app.connection_for_write(
        connect_timeout=BROKER_TIMEOUT,
        transport_options={**app.conf.broker_transport_options, **patience},
    )


@host.task("saleor_serials.reconcile_order")
def reconcile_order(order_id: str) -> None:
    """Make what an order holds equal what it is owed."""
    outcome = reconcile(order_id)
    if outcome is not None:
        follow(outcome)


def follow(outcome: Outcome) -> None:
    """Have done after commit what an order's, or staff's, moves have led to. Never raises."""
    _tell(outcome)
    for pack_id in outcome.unsettled_pack_ids:
        request_settle(pack_id)
    for pack_id in outcome.moved_pack_ids:
        request_stock(pack_id)


@host.task("saleor_serials.settle_pack")
def settle_pack(pack_id: int) -> None:
    """Serve a pack's open shortfalls, oldest first; then see what is left."""
    moved = {pack_id}
    for outcome in settle(pack_id):
        _tell(outcome)
        moved |= outcome.moved_pack_ids
    for each in moved:
        request_stock(each)


def _tell(outcome: Outcome) -> None:
    if outcome.delivery_id is not None:
        request_delivery(outcome.delivery_id)
    if outcome.mirrored_order_id is not None:
        request_mirror(outcome.mirrored_order_id)
    if outcome.order_id_to_fulfill is not None:
        request_fulfillment(outcome.order_id_to_fulfill)


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


@host.task("saleor_serials.show_serials")
def show_serials(order_id: str) -> None:
    """Show in an order's metadata what it holds."""
    mirror.show(order_id)


@host.task("saleor_serials.grant_wish")
def grant_wish(key: str) -> None:
    """Have the links of a variant or product follow its metadata."""
    target = Target.of(key)
    wishes.grant(target)
    for pack_id in links.packs_of(target):
        request_stock(pack_id)


@host.task("saleor_serials.follow_stock")
def follow_stock(pack_id: int) -> None:
    """Tell staff of a pack that has run low, and keep the stock of what it limits in line."""
    stock.follow(pack_id)


@host.task("saleor_serials.run_job")
def run_job(job_id: int) -> None:
    """Work at a job for a while, then let others have the worker, and ask for the rest."""
    work_at(job_id, seconds=JOB_SECONDS)
    if jobs.is_waiting(job_id):
        request_job(job_id)


def work_at(job_id: int, *, seconds: float | None = None) -> None:
    """Work at a job here and now, and have served whoever waits for what it brings."""
    for step in jobs.run(job_id, seconds=seconds):
        tell_of(step)


def tell_of(step: jobs.Step) -> None:
    """Have done what follows from a job's chunk. Never raises."""
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
