"""Rows in bulk, by psycopg 2."""

from collections.abc import Iterable
from io import BufferedIOBase
from typing import Any

from django.db import connection


def copy_rows(statement: str, blocks: Iterable[bytes]) -> None:
    """Run a ``COPY … FROM STDIN`` on blocks of whole lines, in the caller's transaction."""
    # Django turns the errors of its own calls into its own alone.
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(statement, _Blocks(blocks))


class _Blocks(BufferedIOBase):
    """Blocks as a file that can only be read on; psycopg 2 takes no less."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = b""

    def read(self, size: int | None = -1, /) -> Any:
        if not self._rest:
            self._rest = next(self._blocks, b"")
        limit = len(self._rest) if size is None or size < 0 else size
        piece, self._rest = self._rest[:limit], self._rest[limit:]
        return piece
