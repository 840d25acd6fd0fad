"""Threads that start together, and what a race is made of: a meeting point, and locks taken out.

A race and its negative control share their arrangement, which lets two rivals meet between reading
and writing. The test shows that they do not: one waits, or takes something else. The control runs
the same with one thing taken out of the statements, and shows the harm. No thread ever sleeps.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial, wraps
from threading import Barrier, Condition, Event, local
from time import monotonic
from typing import Any
from unittest import mock

from django.db import connection
from django.db.backends.utils import CursorWrapper

PATIENCE = 30

# Sessions of this database that wait for another's transaction or advisory lock.
_WAITING = """
SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND locktype IN ('transactionid', 'tuple', 'advisory')
    AND datname = current_database()
"""


def together(actions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run every action in a thread of its own, all let loose at once; raise what they raised."""
    start = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE)
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [future.result() for future in [pool.submit(run, action) for action in actions]]


class Crossing:
    """A point at which rivals meet, unless a lock keeps them apart.

    The first to come waits until each rival is here as well, waits for a lock, or has ended. Then
    the way is open for all, for good.
    """

    def __init__(self, rivals: int = 2) -> None:
        self._rivals = rivals
        self._here = self._ended = 0
        self._is_open = False
        self._changed = Condition()
        self._reached = Event()
        self._passes = local()

    def together(self, actions: Sequence[Callable[[], Any]]) -> list[Any]:
        """Run the rivals' actions as ``together`` does."""
        assert len(actions) == self._rivals

        def run(action: Callable[[], Any]) -> Any:
            try:
                return action()
            finally:
                self._reached.set()
                with self._changed:
                    self._ended += 1
                    self._changed.notify_all()

        return together([partial(run, action) for action in actions])

    def meet(self) -> None:
        """Wait for the rivals."""
        if hasattr(self._passes, "freely"):
            return
        self._reached.set()
        end = monotonic() + PATIENCE
        with self._changed:
            self._here += 1
            self._changed.notify_all()
            while not self._is_open:
                self._is_open = self._here + self._ended + self._waiting() >= self._rivals
                assert monotonic() < end, "the rivals neither came, nor wait, nor have ended"
                if not self._is_open:
                    self._changed.wait(0.01)

    def once_reached(self, action: Callable[[], Any]) -> Callable[[], Any]:
        """Let an action begin when somebody has come to the crossing; it waits for nobody there."""

        def run() -> Any:
            self._passes.freely = True
            assert self._reached.wait(PATIENCE)
            return action()

        return run

    def before(self, owner: Any, name: str) -> AbstractContextManager[Any]:
        """Let all who call a function meet before it does anything."""
        function = getattr(owner, name)

        @wraps(function)
        def meet_first(*args: Any, **kwargs: Any) -> Any:
            self.meet()
            return function(*args, **kwargs)

        return mock.patch.object(owner, name, meet_first)

    def after(self, owner: Any, name: str) -> AbstractContextManager[Any]:
        """Let all who call a function, and get something from it, meet afterwards."""
        function = getattr(owner, name)

        @wraps(function)
        def meet_last(*args: Any, **kwargs: Any) -> Any:
            found = function(*args, **kwargs)
            if found:
                self.meet()
            return found

        return mock.patch.object(owner, name, meet_last)

    @staticmethod
    def _waiting() -> int:
        with connection.cursor() as cursor:
            cursor.execute(_WAITING)
            [number] = cursor.fetchone()
        return int(number)


@contextmanager
def without(clause: str, *, of: str = "", instead: str = "") -> Iterator[None]:
    """Take a clause out of every statement that has ``of`` in it, in all threads.

    Both are regular expressions. Fails where no statement has them: then nothing was taken out.
    """
    execute = CursorWrapper._execute
    taken_out = 0

    def execute_without(self: CursorWrapper, sql: Any, *args: Any) -> Any:
        nonlocal taken_out
        if isinstance(sql, str) and re.search(of, sql):
            sql, number = re.subn(clause, instead, sql)
            taken_out += number
        return execute(self, sql, *args)

    with mock.patch.object(CursorWrapper, "_execute", execute_without):
        yield
    assert taken_out, f"no statement has the clause {clause!r}"


def without_row_locks(table: str = "") -> AbstractContextManager[None]:
    """Have no row locked by statements that read a table; by none at all if none is named."""
    return without(
        r"FOR (NO KEY )?UPDATE( OF [\w\".]+)?( SKIP LOCKED)?",
        of=rf"FROM \"?{table}\"?\s" if table else "",
    )


def without_advisory_lock(name: str) -> AbstractContextManager[None]:
    """Have everybody get the advisory lock with this name at once."""
    lock = rf"pg_(try_)?advisory_xact_lock\(hashtext\('{re.escape(name)}'\), %s\)"
    return without(lock, instead="%s >= 0")
