"""Every test works on committed data, so that `on_commit` fires and threads see what it wrote."""

from collections.abc import Callable, Iterator
from typing import Any

import django
import hypothesis
import pytest
from pytest_django import DjangoDbBlocker

from demo.services import postgres
from demo.services.processes import free_port
from saleor_serials import dispatch
from saleor_serials.host import host, installed_version
from tests import database

# A machine that is busy is no failure.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")


def pytest_report_header() -> str:
    return f"Saleor {installed_version()}, Django {django.__version__}"


@pytest.fixture(scope="session")
def database_url(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The URL of this run's database, for child processes."""
    with (
        django_db_blocker.unblock(),
        postgres.database_url(durable=False) as server,
        database.cloned(server) as url,
    ):
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
def smtp_port(settings: Any) -> int:
    """Have mail sent over SMTP, to a port where nobody listens yet."""
    port = free_port()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    return port
