"""Customers who come all at once: processes with a connection each, which start together."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any

from django.db import connection, connections

_START_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """``number`` processes; each takes every ``number``-th item of what is to be done."""

    number: int
    pool: ProcessPoolExecutor

    def rate(self, act: Callable[[Any], None], items: Sequence[Any]) -> float:
        """Do ``act`` with each item, once; return how many a second, from first start to last end.

        ``act`` must be a module's function, and raise where it could not do its work.
        """
        shares = [items[client :: self.number] for client in range(self.number)]
        spans = list(self.pool.map(_work, [act] * self.number, shares))
        return len(items) / (max(end for _, end in spans) - min(start for start, _ in spans))


@contextmanager
def crowd(number: int) -> Iterator[Crowd]:
    """Fork the processes now, so that they share what is imported and no connection."""
    connections.close_all()
    context = get_context("fork")
    with ProcessPoolExecutor(
        number, mp_context=context, initializer=_enter, initargs=(context.Barrier(number),)
    ) as pool:
        started = Crowd(number=number, pool=pool)
        started.rate(_nothing, range(number))
        yield started


_barrier: Barrier


def _enter(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _work(act: Callable[[Any], None], share: Sequence[Any]) -> tuple[float, float]:
    connection.ensure_connection()
    _barrier.wait(_START_SECONDS)
    start = time.monotonic()
    for item in share:
        act(item)
    return start, time.monotonic()


def _nothing(item: int) -> None:
    pass
