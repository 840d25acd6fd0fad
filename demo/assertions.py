"""Every number of the story is checked: the first wrong one ends it."""

import time
from collections.abc import Callable
from typing import Any

from demo.terminal import Terminal

_PATIENCE_SECONDS = 60


class WrongNumberError(Exception):
    """Something is not as the story says."""


class Checks:
    """Compares what is with what should be, tells it, and counts."""

    def __init__(self, terminal: Terminal, *, patience: float = _PATIENCE_SECONDS) -> None:
        self.number = 0
        self._terminal = terminal
        self._patience = patience

    def confirm(self, text: str, got: Any, expected: Any) -> None:
        """Report that it is so.

        Raises:
            WrongNumberError: it is not; the message says what was expected, and what is.
        """
        if got != expected:
            raise WrongNumberError(f"{text}: expected {_named(expected)}, got {_named(got)}")
        self.number += 1
        self._terminal.done(text)

    def confirm_soon(self, text: str, ask: Callable[[], Any], expected: Any) -> None:
        """Report that it comes to be so: the worker may still be at it.

        Raises:
            WrongNumberError: it does not within our patience.
        """
        deadline = time.monotonic() + self._patience
        while (got := ask()) != expected and time.monotonic() < deadline:
            time.sleep(0.1)
        self.confirm(text, got, expected)


def _named(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value))) or "none"
    return str(value)
