"""Every test works on committed data, so that `on_commit` fires and threads see what it wrote."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

from demo.services import postgres
from demo.services.processes import free_port
from saleor_serials import dispatch
from saleor_serials.host import host, installed_version
from tests import database
from tests.queues import Queue

# A machine that is busy is no failure.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")

_SERVER_URL = pytest.StashKey[str]()


# What asks only us and the database, and is alike on every Saleor. All other tests touch the host.
OURS_ALONE = [
    *("docs/test_examples.py", "docs/test_pages.py", "docs/test_tables.py"),
    *("mutants/test_table.py", "test_words.py"),
    *("graphql/test_deletion.py", "graphql/test_extensions.py", "graphql/test_jobs.py"),
    *("graphql/test_pack_rules.py", "graphql/test_packs.py", "graphql/test_search.py"),
    *("graphql/test_sorting.py", "graphql/test_staff_actions.py"),
    *("races/test_allocation.py", "races/test_deletion.py", "races/test_jobs.py"),
    *("races/test_sequences.py", "races/test_staff_actions.py", "races/test_supply.py"),
    *("test_benchmarks.py", "test_check_characters.py", "test_commands.py", "test_counts.py"),
    *("test_crypto.py", "test_described.py", "test_export.py", "test_extensions.py"),
    *("test_generation.py", "test_generation_job.py", "test_generators.py", "test_jobs.py"),
    *("test_models.py", "test_packs.py", "test_renderers.py", "test_retry.py", "test_search.py"),
    *("test_serials_import.py", "test_statuses.py", "test_storable.py", "test_structure.py"),
    *("test_translations.py", "test_visibility.py"),
]
# Begun first, so that no core waits for the last of them.
LONGEST = ["test_benchmarks.py", "test_story.py", "test_demo.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not _lives_in(item, OURS_ALONE):
            item.add_marker("host")
    items.sort(key=lambda item: not _lives_in(item, LONGEST))


def _lives_in(item: pytest.Item, names: list[str]) -> bool:
    return item.path.relative_to(Path(__file__).parent).as_posix() in names


def pytest_report_header() -> str:
    return f"Saleor {installed_version()}, Django {django.__version__}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the run's one server is: this process keeps it."""
    node.workerinput["server_url"] = _server_url(node.config)


def _server_url(config: pytest.Config) -> str:
    """Start a server with a migrated database on it, which every worker clones."""
    if _SERVER_URL not in config.stash:
        running = ExitStack()
        config.add_cleanup(running.close)
        url = running.enter_context(postgres.database_url(durable=False))
        with config.stash[blocking_manager_key].unblock():
            database.ready_template(url, is_fresh=bool(os.environ.get("FRESH")))
        config.stash[_SERVER_URL] = url
    return config.stash[_SERVER_URL]


@pytest.fixture(scope="session")
def database_url(pytestconfig: pytest.Config, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The URL of this process's own database, for child processes."""
    told: dict[str, Any] = getattr(pytestconfig, "workerinput", {})
    server_url = told.get("server_url") or _server_url(pytestconfig)
    with django_db_blocker.unblock(), database.cloned(server_url) as url:
        yield url


@pytest.fixture(scope="session")
def django_db_setup(database_url: str) -> None:
    """Take the place of pytest-django's own database."""


@pytest.fixture(autouse=True)
def committed_data(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
        database.empty_tables()


@pytest.fixture
def real_broker(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Callable[[str], None]]:
    """Give Celery a broker in place of running tasks inline; called with the broker's URL."""
    conf = host.celery_app.conf
    before = {name: conf[name] for name in ("task_always_eager", "broker_url")}

    def use(url: str) -> None:
        # Celery reads some names from Django's settings as they are now, others it keeps.
        settings.CELERY_TASK_ALWAYS_EAGER, settings.CELERY_BROKER_URL = False, url
        conf.update(task_always_eager=False, broker_url=url)
        monkeypatch.setattr(dispatch, "_broker_rests_until", 0.0)
        _forget_connections()

    yield use
    conf.update(before)
    _forget_connections()


def _forget_connections() -> None:
    dispatch._broker.cache_clear()
    # Saleor's own tasks keep theirs in the app's pools.
    host.celery_app._after_fork()


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    """Take what is enqueued after commit, and run nothing."""
    queue = Queue()
    monkeypatch.setattr(dispatch, "_enqueue", queue.enqueue)
    return queue


@pytest.fixture
def smtp_port(settings: Any) -> int:
    """Have mail sent over SMTP, to a port where nobody listens yet."""
    port = free_port()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    return port
