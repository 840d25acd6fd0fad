"""Serials in the private metadata of Saleor 3's orders and order lines."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import connection, transaction

from saleor_serials.host.private_metadata import KEY, give_way, write_order_serials

_DROP_COPIED = f"""
WITH copied AS (
    UPDATE order_order SET private_metadata = private_metadata - '{KEY}'
    WHERE id = ANY(%s::uuid[]) AND private_metadata ? '{KEY}'
        AND starts_with(private_metadata ->> '{KEY}', '{{"number": "')
        AND NOT starts_with(private_metadata ->> '{KEY}', '{{"number": "' || number || '"')
    RETURNING id
)
UPDATE order_orderline SET private_metadata = private_metadata - '{KEY}'
WHERE order_id IN (SELECT id FROM copied) AND private_metadata ? '{KEY}'
"""

_WRITE_LINES = f"""
UPDATE order_orderline AS line
SET private_metadata = CASE
    WHEN expected.text IS NULL THEN line.private_metadata - '{KEY}'
    ELSE coalesce(line.private_metadata, '{{}}') || jsonb_build_object('{KEY}', expected.text)
END
FROM order_orderline AS each
LEFT JOIN unnest(%s::uuid[], %s::text[]) AS expected(id, text) ON expected.id = each.id
WHERE each.order_id = %s AND line.id = each.id
    AND line.private_metadata ->> '{KEY}' IS DISTINCT FROM expected.text
"""


def write_serials(order_id: str, text: str | None, lines: Mapping[str, str]) -> None:
    """Write serials into the metadata of an order and its lines, and remove all others there.

    Three statements, in the caller's transaction.
    """
    give_way()
    write_order_serials(UUID(order_id), text)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_LINES, [list(map(UUID, lines)), list(lines.values()), UUID(order_id)])


def drop_copied_serials(order_ids: Iterable[str]) -> None:
    """Remove from orders the serials that Saleor copied out of another one. Two statements.

    Replacing lines of an order makes a draft with the metadata of the order and of its lines.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        give_way()
        cursor.execute(_DROP_COPIED, [list(map(UUID, order_ids))])
