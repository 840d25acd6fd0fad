"""Child processes that stop when their owner stops, however it ends."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 10
_TAIL_LINES = 25


class ProcessError(RuntimeError):
    """A child process did not start, or ended by itself."""


class Child:
    """A running child process."""

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        self.name = name
        self._process = process

    def check(self) -> None:
        """Raise ProcessError if the process has ended."""
        if self._process.poll() is not None:
            raise ProcessError(f"{self.name} ended by itself.")

    def wait_for(self, ready: Callable[[], bool], *, seconds: float) -> Iterator[None]:
        """Yield until it is ready, so that the caller can show that time passes.

        Raises:
            ProcessError: it ended, or the seconds are over.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise ProcessError(f"{self.name} did not answer within {seconds:.0f} seconds.")
            yield
            time.sleep(0.1)


@contextmanager
def child(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Child]:
    """Run a command beside us, in our folder and environment; what it prints goes to ``log``.

    It has a session of its own: Ctrl-C is for its owner, who stops it. Enter it in the main thread,
    as it lives no longer than the thread that started it.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,
            preexec_fn=die_with_owner(signal.SIGTERM),
        )
    try:
        yield Child(name, process)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with what it started
            process.wait()


def lines_of(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    folder: Path,
    environment: Mapping[str, str],
) -> Iterator[str]:
    """Run a command to its end and yield each line it prints; its errors go to ``log``.

    Raises:
        ProcessError: it failed.
    """
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=environment,
            text=True,
            preexec_fn=die_with_owner(signal.SIGTERM),
        ) as process,
    ):
        assert process.stdout is not None
        yield from process.stdout
    if process.returncode:
        raise ProcessError(f"{name} failed.")


def die_with_owner(signal_number: signal.Signals) -> Callable[[], None] | None:
    """Return what a child process calls to be sent this signal when its parent is gone."""
    if sys.platform != "linux":
        return None
    return partial(_ask_for_death_signal, ctypes.CDLL(None), signal_number, os.getpid())


def _ask_for_death_signal(libc: ctypes.CDLL, signal_number: signal.Signals, owner: int) -> None:
    libc.prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != owner:  # gone before we asked
        os._exit(1)


def free_port(*, preferred: int = 0) -> int:
    """Find a free loopback port: the first from ``preferred`` upwards, or any."""
    while True:
        with socket.socket() as probe:
            # As servers do: a port that somebody has just left is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", preferred))
            except OSError:
                preferred += 1
                continue
            port: int = probe.getsockname()[1]
            return port


def tail(log: Path) -> str:
    """The last lines of a log."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
