"""Rows in bulk, by psycopg 3."""

from collections.abc import Iterable

from django.db import connection


def copy_rows(statement: str, blocks: Iterable[bytes]) -> None:
    """Run a ``COPY … FROM STDIN`` on blocks of whole lines, in the caller's transaction."""
    # Django turns the errors of its own calls into its own alone.
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        for block in blocks:
            copy.write(block)
