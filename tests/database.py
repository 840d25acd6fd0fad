"""The tests' database: migrated once, cloned for each run, emptied after each test."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import django
from django.conf import settings
from django.contrib.sites.models import Site
from django.core import mail
from django.core.cache import cache as django_cache
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction

import saleor_serials
from saleor_serials.host import installed_version

# Filled by `migrate`, and only read by tests.
_STATIC = {"django_migrations", "django_content_type", "auth_permission"}
_LOCK_TIMEOUT = "5s"


class OpenTransactionError(AssertionError):
    """The test left a transaction open: whoever opens a connection in a thread closes it there."""


@contextmanager
def cloned(server_url: str) -> Iterator[str]:
    """Point Django at a fresh database on the server, and yield its URL for child processes.

    The migrated template that it is cloned from stays on the server, so that the next run on a
    long-living one need not migrate. The URL's user must be a superuser.
    """
    settings.DATABASES["default"].update(dj_database_url.parse(server_url))
    template = _template_name()
    name = f"serials_test_{os.getpid()}"
    _ensure(template)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    _use(name)
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        connections.close_all()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def empty_tables() -> None:
    """Bring the database back to what the migrations left; forget what was cached and mailed.

    Call it outside of transactions. Raises OpenTransactionError.
    """
    try:
        _run_emptying()
    except OperationalError as error:
        # Ended here, so that they fail this test and not all that follow. Where nobody has one,
        # the server itself was at the tables.
        sessions = _end_open_transactions()
        _run_emptying()
        if sessions:
            raise OpenTransactionError(f"{OpenTransactionError.__doc__}\n{sessions}") from error
    Site.objects.clear_cache()
    django_cache.clear()
    mail.outbox.clear()


def _run_emptying() -> None:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_emptying())


@cache
def _emptying() -> str:
    seeded = _tables("seed")
    return ";".join(
        [
            f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'",
            "SET LOCAL session_replication_role = replica",  # no foreign keys, no triggers
            *(f'DELETE FROM "{table}"' for table in _tables("public") - _STATIC),
            *(f'INSERT INTO "{table}" TABLE seed."{table}"' for table in seeded),
        ]
    )


def _end_open_transactions() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT query, pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
              AND xact_start IS NOT NULL AND backend_type = 'client backend'
            """
        )
        return "\n".join(f"last statement: {query}" for query, _ in cursor.fetchall())


def _template_name() -> str:
    digest = hashlib.sha256(f"{installed_version()} {django.__version__}".encode())
    migrations = Path(saleor_serials.__file__).parent / "migrations"
    for source in (*sorted(migrations.glob("*.py")), Path(__file__)):
        digest.update(source.read_bytes())
    return f"serials_template_{digest.hexdigest()[:12]}"


def _ensure(template: str) -> None:
    building = f"{template}_building"
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [template])  # until it is closed
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [template])
        if cursor.fetchone() is not None:
            return
        cursor.execute(f"DROP DATABASE IF EXISTS {building}")
        cursor.execute(f"CREATE DATABASE {building}")
        _use(building)
        call_command("migrate", verbosity=0)
        # Saleor 3's migrations leave one of their own models in it.
        Site.objects.clear_cache()
        _keep_seed()
        connections.close_all()
        cursor.execute(f"ALTER DATABASE {building} RENAME TO {template}")


def _keep_seed() -> None:
    """Copy the rows that migrations made and tests may change, such as the site's settings."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA seed")
        for table in _tables("public") - _STATIC:
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
            if cursor.fetchone()[0]:
                cursor.execute(f'CREATE TABLE seed."{table}" AS TABLE "{table}"')


def _tables(schema: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        return {table for (table,) in cursor.fetchall()}


def _use(name: str) -> None:
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = name
