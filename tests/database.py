"""The tests' database: migrated once and kept, cloned for each worker, emptied after each test."""

import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import django
from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.sites.models import Site
from django.core import mail
from django.core.cache import cache as django_cache
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from demo.services import postgres
from saleor_serials.host import installed_version

# Filled by `migrate`, and only read by tests.
_STATIC = {"django_migrations", "django_content_type", "auth_permission"}
_LOCK_TIMEOUT = "5s"
_KEPT_SECONDS = 30 * 24 * 60 * 60
_numbers = count(1)


class OpenTransactionError(AssertionError):
    """The test left a transaction open: whoever opens a connection in a thread closes it there."""


def ready_template(server_url: str, *, is_fresh: bool = False) -> str:
    """Return the name of a migrated database on the server, which it is made on unless it has it.

    It is restored from the dump that an earlier run kept in the user's cache folder. Where there is
    none, or if it must be fresh, it is migrated and then kept: Saleor's own migrations, which take
    minutes, from a dump of their own or from zero, then ours. The URL's user must be a superuser.
    Concurrent runs on one server wait for each other.
    """
    settings.DATABASES["default"].update(dj_database_url.parse(server_url))
    version = _server_version()
    digest = _digest(version, *apps.get_app_configs())
    template = f"serials_template_{digest[:12]}"
    building = f"{template}_building"
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [template])  # until it is closed
        if is_fresh:
            cursor.execute(f"DROP DATABASE IF EXISTS {template}")
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [template])
        if cursor.fetchone() is not None:
            return template
        cursor.execute(f"DROP DATABASE IF EXISTS {building}")
        cursor.execute(f"CREATE DATABASE {building}")
        _use(building)
        dumps = _Dumps(_url_of(building, server_url), server_version=version)
        if is_fresh or not dumps.restore(digest):
            saleors = _digest(version, *_saleors_apps())
            if is_fresh or not dumps.restore(saleors):
                _migrate_saleor()
                dumps.keep(saleors)
            call_command("migrate", verbosity=0)
            # Saleor 3's migrations leave one of their own models in it.
            Site.objects.clear_cache()
            dumps.keep(digest)
        _keep_seed()
        connections.close_all()
        cursor.execute(f"ALTER DATABASE {building} RENAME TO {template}")
    return template


class _Dumps:
    """A database's dumps in the user's cache folder, by digest; unused for a month, they go.

    Without PostgreSQL programs of the server's major version, which dumps need, none is there.
    """

    def __init__(self, url: str, *, server_version: str) -> None:
        cache_folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self._folder = Path(cache_folder, "saleor-serials")
        self._url = url
        try:
            said = subprocess.check_output([postgres.tool("pg_dump"), "--version"], text=True)
        except postgres.ServerError:
            said = "none of any 0"
        self._can_dump = said.split()[2].split(".")[0] == server_version.split(".")[0]

    def restore(self, digest: str) -> bool:
        """Fill the empty database, or return False where there is no such dump."""
        dump = self._path(digest)
        if not self._can_dump or not dump.exists():
            return False
        dump.touch()
        _run("pg_restore", f"--dbname={self._url}", "--no-owner", "--exit-on-error", str(dump))
        return True

    def keep(self, digest: str) -> None:
        """Dump the database beside the dump's place and move it there: nobody reads half of one."""
        if not self._can_dump:
            return
        dump = self._path(digest)
        dump.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=dump.parent) as folder:
            written = Path(folder, dump.name)
            _run("pg_dump", f"--dbname={self._url}", "--format=custom", f"--file={written}")
            written.replace(dump)
        for other in dump.parent.glob("*.dump"):
            if time.time() - other.stat().st_mtime > _KEPT_SECONDS:
                other.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / f"{installed_version()}-{digest}.dump"


@contextmanager
def cloned(server_url: str) -> Iterator[str]:
    """Point Django at a fresh database on the server, and yield its URL for child processes."""
    before = settings.DATABASES["default"]["NAME"]
    template = ready_template(server_url)
    name = f"serials_test_{os.getpid()}_{next(_numbers)}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    _use(name)
    try:
        yield _url_of(name, server_url)
    finally:
        _use(before)
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


def _server_version() -> str:
    with connection._nodb_cursor() as cursor:
        cursor.execute("SHOW server_version")
        version: str = cursor.fetchone()[0]
        return version


def _digest(server_version: str, *migrated: AppConfig) -> str:
    """Tell one migrated database from another: by the apps' migrations and all that ran them."""
    versions = installed_version(), django.__version__, server_version
    digest = hashlib.sha256(" ".join(versions).encode())
    for app in sorted(migrated, key=lambda app: app.label):
        for source in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(f"{app.label} {source.name} {source.stat().st_size} ".encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _saleors_apps() -> list[AppConfig]:
    return [app for app in apps.get_app_configs() if app.label != "saleor_serials"]


def _migrate_saleor() -> None:
    """Run all migrations but ours: Django's command can leave out none."""
    executor = MigrationExecutor(connection)
    labels = {app.label for app in _saleors_apps()}
    executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] in labels])


def _run(tool: str, *arguments: str) -> None:
    subprocess.run([postgres.tool(tool), *arguments], check=True)


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


def _url_of(name: str, server_url: str) -> str:
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def _use(name: str) -> None:
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = name
