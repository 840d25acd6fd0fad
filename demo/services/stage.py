"""All that runs behind the story: PostgreSQL, Redis, a mail server, Saleor and its worker."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import Celery

from demo import prepare_database
from demo.api import Api
from demo.hosts import host
from demo.mail_server import Inbox, open_inbox
from demo.services import broker, postgres
from demo.services.processes import Child, child, lines_of
from demo.terminal import Terminal
from saleor_serials.host import installed_version

OWNER = "owner@example.com"
OWNER_PASSWORD = "orion-owner"

_START_SECONDS = 300
# The Python that runs Saleor, if it is another than ours.
PYTHON = os.environ.get("SALEOR_PYTHON", sys.executable)


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
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as running:
        inbox = running.enter_context(open_inbox(folder / "mails"))
        with terminal.step("PostgreSQL and Redis run"):
            database = running.enter_context(
                postgres.database_url(durable=True, folder=folder / "postgres")
            )
            log.write_bytes(b"")  # only now: whoever has the database has the log
            redis = running.enter_context(broker.broker_url(folder=folder, log=log))
        environment = host.environment(
            folder, database=database, redis=redis, smtp=inbox.smtp_url, address=address
        )

        def start(name: str, arguments: list[str]) -> Child:
            return running.enter_context(
                child(
                    name,
                    [PYTHON, *arguments],
                    log=log,
                    folder=host.FOLDER,
                    environment=environment,
                )
            )

        is_new = _prepare(terminal, environment, log=log)
        api = Api(url=f"{address}/graphql/", scheme=host.TOKEN_SCHEME)
        ping = Celery(broker=redis).control.ping
        with terminal.step("Saleor answers over HTTP, and its worker waits for tasks") as step:
            web = start("Saleor", host.web(port))
            worker = start("Saleor's worker", host.worker(folder))
            for _ in web.wait_for(lambda: answers(api), seconds=_START_SECONDS):
                step.show()
            for _ in worker.wait_for(lambda: ping(timeout=0.5), seconds=_START_SECONDS):
                step.show()
        yield Stage(api=api, inbox=inbox, children=(web, worker), is_new=is_new)


def log_of(folder: Path) -> Path:
    """Where Saleor, its worker and Redis say what they do."""
    return folder / "saleor.log"


def shown(path: Path) -> str:
    """A path as it is told: short, if it is below where we are."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def remember_told(stage: Stage) -> None:
    """Note in the database that the story was told to its end."""
    owner = stage.api.log_in(OWNER, OWNER_PASSWORD)
    owner.do(
        """mutation ($owner: ID!, $key: String!) {
          updatePrivateMetadata(id: $owner, input: [{key: $key, value: "told"}]) {
            errors { field message }
          }
        }""",
        owner=owner.ask("{ me { id } }")["me"]["id"],
        key=prepare_database.TOLD,
    )


def _prepare(terminal: Terminal, environment: Mapping[str, str], *, log: Path) -> bool:
    """Make the tables and the owner, unless they are there; tell whether the shop is new."""
    facts = facts_of(environment, log=log)
    with terminal.step(f"Saleor {installed_version()} is loaded, with saleor-serials"):
        plugin = Path(next(facts)["plugin"])
    terminal.done(f"It found the plugin in {shown(plugin)}")
    with terminal.step("The database has the tables of both") as step:
        shop = next(facts)["shop"]
        for fact in facts:
            step.show(fact["migrated"], fact["of"])
        if shop == "somebody's":
            raise UnfitDatabaseError(
                "The database that DATABASE_URL names holds somebody's shop. Name an empty one, "
                "or unset it and the demo makes its own."
            )
        if shop == "half-told":
            raise UnfitDatabaseError(
                "This database holds a story that was stopped half-way. Remove it (it is in "
                f"{shown(log.parent)}, unless DATABASE_URL names another) and start again."
            )
    return bool(shop == "none")


def facts_of(environment: Mapping[str, str], *, log: Path) -> Iterator[dict[str, Any]]:
    """Make the database ready and yield what ``backstage`` finds, as it finds it.

    Raises:
        ProcessError: it failed.
    """
    lines = lines_of(
        "Preparing the database",
        [PYTHON, "-P", prepare_database.__file__],
        log=log,
        folder=host.FOLDER,
        environment={
            **environment,
            "DJANGO_SUPERUSER_EMAIL": OWNER,
            "DJANGO_SUPERUSER_PASSWORD": OWNER_PASSWORD,
            "PYTHONWARNINGS": "ignore",  # Saleor's dependencies are as old as it is
        },
    )
    return map(json.loads, lines)


def answers(api: Api) -> bool:
    """Tell whether Saleor's web server is there yet."""
    try:
        return "data" in api.post("{ shop { name } }")
    except (OSError, ValueError):
        return False
