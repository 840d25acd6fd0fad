"""All that runs behind the story: PostgreSQL, Redis, a mail server, Saleor and its worker."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import metadata
from io import StringIO
from pathlib import Path

import django
from celery import current_app
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from demo import broker, postgres
from demo.api import Api
from demo.inbox import Inbox, open_inbox
from demo.processes import Child, child
from demo.terminal import Step, Terminal

OWNER = "owner@example.com"
OWNER_PASSWORD = "orion-owner"

_START_SECONDS = 120
# In the owner's private metadata: the story was told to its end in this database.
_TOLD = "saleor-serials-demo"


class UnfitDatabaseError(Exception):
    """The story cannot be told in this database."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What is running. ``is_new``: the story has not been told here yet."""

    api: Api
    inbox: Inbox
    children: tuple[Child, ...]
    is_new: bool

    def check(self) -> None:
        """Raise ProcessError if a part has ended by itself."""
        for each in self.children:
            each.check()


@contextmanager
def set_up(terminal: Terminal, *, folder: Path, port: int) -> Iterator[Stage]:
    """Start everything on loopback, the tables and the owner included; stop it all in the end.

    Logs, mails and the private database go to ``folder``. With DATABASE_URL set, the database is
    that one, which must be empty, or have heard the story to its end.

    Raises:
        UnfitDatabaseError: the database holds something else; nothing was changed.
        ProcessError, postgres.ServerError: a part did not start.
    """
    log = log_of(folder)
    with ExitStack() as running:
        inbox = running.enter_context(open_inbox(folder / "mails"))
        with terminal.step("PostgreSQL and Redis run"):
            database = running.enter_context(
                postgres.database_url(durable=True, folder=folder / "postgres")
            )
            log.write_bytes(b"")  # only now: whoever has the database has the log
            redis = running.enter_context(broker.broker_url(folder=folder, log=log))
        with terminal.step(f"Saleor {metadata.version('saleor')} is loaded, with saleor-serials"):
            _load(folder, database=database, redis=redis, smtp=inbox.smtp_url)
            running.callback(connection.close)
            is_new = _is_new()
        with terminal.step("The database has the tables of both") as step:
            _migrate(step)
        if is_new:
            get_user_model().objects.create_superuser(OWNER, OWNER_PASSWORD)
        api = Api(url=f"http://127.0.0.1:{port}/graphql/")
        ping = current_app.control.ping
        with terminal.step("Saleor answers over HTTP, and its worker waits for tasks") as step:
            web = running.enter_context(child("Saleor", _web(port), log=log))
            worker = running.enter_context(child("Saleor's worker", _worker(folder), log=log))
            for _ in web.wait_for(lambda: _answers(api), seconds=_START_SECONDS):
                step.show()
            for _ in worker.wait_for(lambda: ping(timeout=0.5), seconds=_START_SECONDS):
                step.show()
        yield Stage(api=api, inbox=inbox, children=(web, worker), is_new=is_new)


def log_of(folder: Path) -> Path:
    """Where Saleor, its worker and Redis say what they do."""
    return folder / "saleor.log"


def remember_told() -> None:
    """Note in the database that the story was told to its end."""
    owner = get_user_model().objects.get(email=OWNER)
    owner.private_metadata[_TOLD] = "told"
    owner.save(update_fields=["private_metadata"])


def _load(folder: Path, *, database: str, redis: str, smtp: str) -> None:
    """Set the environment that Saleor and its worker inherit, and load Saleor here as well."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="demo.settings",
        DATABASE_URL=database,
        CELERY_BROKER_URL=redis,
        EMAIL_URL=smtp,
        MEDIA_ROOT=str(folder / "media"),
        SERIALS_LOG_FILE=str(log_of(folder)),
        DEBUG="False",
        ALLOWED_CLIENT_HOSTS="127.0.0.1",
        # 2.10.1: the wheel has no template for that mail, so nobody could ever log in.
        ENABLE_ACCOUNT_CONFIRMATION_BY_EMAIL="False",
    )
    warnings.simplefilter("ignore")  # Saleor's dependencies are as old as it is
    django.setup()


def _is_new() -> bool:
    if "account_user" not in connection.introspection.table_names():
        return True
    users = get_user_model().objects
    if not users.exists():
        return True
    owner = users.filter(email=OWNER).values("private_metadata").first()
    if owner is None:
        raise UnfitDatabaseError(
            "The database that DATABASE_URL names holds somebody's shop. Name an empty one, or "
            "unset it and the demo makes its own."
        )
    if _TOLD not in owner["private_metadata"]:
        raise UnfitDatabaseError(
            "This database holds a story that was stopped half-way. Remove it (its folder is "
            ".demo/, unless DATABASE_URL names another) and start again."
        )
    return False


def _migrate(step: Step) -> None:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        call_command("migrate", no_color=True, stdout=_Applied(step, total=len(plan)))


class _Applied(StringIO):
    """What `migrate` writes to: counts the migrations that it applies."""

    def __init__(self, step: Step, *, total: int) -> None:
        super().__init__()
        self._step, self._total, self._done = step, total, 0

    def write(self, text: str) -> int:
        if text.strip() == "OK":
            self._done += 1
            self._step.show(self._done, self._total)
        return len(text)


def _web(port: int) -> list[str]:
    return [sys.executable, "-m", "demo.manage", "runserver", "--noreload", f"127.0.0.1:{port}"]


def _worker(folder: Path) -> list[str]:
    """As in production, with Celery beat inside: it sweeps every minute."""
    return [
        *(sys.executable, "-m", "celery", "-A", "saleor.celeryconf:app", "worker", "--beat"),
        *("--pool", "solo", "--without-gossip", "--without-mingle"),
        *("--schedule", str(folder / "beat-schedule"), "--loglevel", "info"),
    ]


def _answers(api: Api) -> bool:
    try:
        return "data" in api.post("{ shop { name } }")
    except (OSError, ValueError):
        return False
