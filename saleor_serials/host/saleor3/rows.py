"""Rows in bulk, by psycopg 3."""

from collections.abc import Iterable

from django.db import connection


def copy_rows(statement: str, blocks: Iterable[bytes]) -> None:
    """Run a ``COPY … FROM STDIN`` on blocks of whole lines, in the caller's transaction."""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in blocks:
            copy.write(block)
