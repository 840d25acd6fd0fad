"""Enqueue Celery tasks after commit, each once per web request.

Requesting a task never raises and never waits: a broker that cannot be reached is tried once, then
not again for ``BROKER_REST`` seconds, and the sweep does the work.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection, transaction
from kombu.pools import producers

from saleor_serials import config
from saleor_serials.host import host

logger = logging.getLogger(__name__)

# Seconds that a customer waits for the broker, once; for BROKER_REST seconds nobody tries it again.
BROKER_TIMEOUT = 1.0
BROKER_REST = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A Celery task to enqueue, unless it is ``needless``. ``argument`` is an id, never data."""

    task: Any
    argument: Any
    needless: Callable[[Any], bool] = lambda _: False

    def __call__(self) -> None:
        batch = _batch.get()
        if batch is not None and self in batch:
            return
        with self._or_the_sweep():
            if config.active_config() is None or self.needless(self.argument):
                return
            if batch is None or host.celery_app.conf.task_always_eager:
                self.enqueue()
            else:
                batch[self] = None

    def enqueue(self) -> None:
        with self._or_the_sweep():
            _enqueue(self.task, self.argument)

    @contextmanager
    def _or_the_sweep(self) -> Iterator[None]:
        """Raise nothing: it would reach the customer for an order that exists."""
        try:
            yield
        except Exception:
            logger.exception("%s(%s) is left to the sweep.", self.task.name, self.argument)


# The requests that are held back, in the order they came; None where nobody holds them back.
_batch: ContextVar[dict[Request, None] | None] = ContextVar("saleor_serials_batch", default=None)


@contextmanager
def batch() -> Iterator[None]:
    """Hold requests back until the block ends, then enqueue each of them once. Never raises.

    One checkout brings five events of its order, and only after the last is the order as it is to
    be: a task for the first comes too early, and one for each is waste. Where tasks run inline
    nothing is held back, since what they do is part of the answer.
    """
    held_back: dict[Request, None] = {}
    token = _batch.set(held_back)
    try:
        yield
    finally:
        _batch.reset(token)
        for request in held_back:
            request.enqueue()


def after_commit(request: Request) -> None:
    """Enqueue a task once the current transaction is committed. Never raises."""
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
        logger.exception("%s(%s) is left to the sweep.", request.task.name, request.argument)


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
