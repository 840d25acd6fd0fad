"""Every test works on committed data, so that `on_commit` fires and threads see what it wrote."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from demo import postgres
from tests import database


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
