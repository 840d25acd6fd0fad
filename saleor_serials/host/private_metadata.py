"""What both hosts do alike with private metadata: they keep it in columns of the same name.

Keys of ours are written one by one and in place: no edit of another key is lost, and no hook, no
signal and no time of last change tells of it, so that our own writing leads to nothing.
"""

import re
from typing import Any

from django.db import connection, transaction

from saleor_serials.host.shapes import Target

# The packs that variants and products are to take from; the serials held on orders and their lines.
KEY = "serials"
PROBLEM_KEY = "serials.error"

# The groups that a customer is in, and the points that they have, on their account.
GROUPS_KEY = "serials.groups"
POINTS_KEY = "serials.points"

_TABLES = {"product": "product_product", "variant": "product_productvariant"}


def mentions_serials(row: Any) -> bool:
    """Tell whether a row's private metadata, as it was loaded, has a key of ours. No statement."""
    metadata = row.__dict__.get("private_metadata")
    return isinstance(metadata, dict) and (KEY in metadata or PROBLEM_KEY in metadata)


def metadata_links_text(target: Target, *, length: int) -> str | None:
    """Read what a variant or product says of its links: JSON, cut off after ``length``.

    None where it says nothing, or is no more.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT left((private_metadata -> '{KEY}')::text, %s)"
            f" FROM {_TABLES[target.kind]} WHERE id = %s",
            [length, target.id],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def out_of_sync_targets(*, length: int, most: int) -> list[Target]:
    """Find variants and products that say something else than when last read. Two statements."""
    return [
        Target(kind=kind, id=pk) for kind in _TABLES for pk in _out_of_sync(kind, length, most=most)
    ]


def is_out_of_sync(target: Target, *, length: int) -> bool:
    """Tell whether a variant or product says something else than when last read. One statement."""
    return bool(_out_of_sync(target.kind, length, pk=target.id))


def _out_of_sync(kind: str, length: int, *, pk: int | None = None, most: int = 1) -> list[int]:
    # The first half walks the index on private metadata that Saleor 3 has.
    sql = f"""
        SELECT id FROM (
            SELECT target.id FROM {_TABLES[kind]} AS target
            LEFT JOIN saleor_serials_metadatalinks AS known
                ON known.kind = '{kind}' AND known.target_id = target.id
            WHERE target.private_metadata ?| ARRAY['{KEY}', '{PROBLEM_KEY}'] AND (
                left((target.private_metadata -> '{KEY}')::text, %(length)s)
                    IS DISTINCT FROM known.text
                OR target.private_metadata ->> '{PROBLEM_KEY}'
                    IS DISTINCT FROM nullif(known.problem, '')
            )
            UNION ALL
            SELECT known.target_id FROM saleor_serials_metadatalinks AS known
            LEFT JOIN {_TABLES[kind]} AS target ON target.id = known.target_id
            WHERE known.kind = '{kind}' AND (target.private_metadata ? '{KEY}') IS NOT TRUE
        ) AS out_of_sync
        WHERE {"id = %(id)s" if pk is not None else "TRUE"} LIMIT %(most)s
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"length": length, "id": pk, "most": most})
        return [found for (found,) in cursor.fetchall()]


def write_metadata_links_problem(target: Target) -> None:
    """Write beside the text why its links cannot be made, or remove that. One statement."""
    sql = f"""
        UPDATE {_TABLES[target.kind]} AS target
        SET private_metadata = CASE
            WHEN known.problem IS NULL THEN target.private_metadata - '{PROBLEM_KEY}'
            ELSE target.private_metadata || jsonb_build_object('{PROBLEM_KEY}', known.problem)
        END
        FROM (
            SELECT (
                SELECT nullif(problem, '') FROM saleor_serials_metadatalinks
                WHERE kind = %(kind)s AND target_id = %(id)s
            ) AS problem
        ) AS known
        WHERE target.id = %(id)s
            AND target.private_metadata ->> '{PROBLEM_KEY}' IS DISTINCT FROM known.problem
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"kind": target.kind, "id": target.id})


def give_way() -> None:
    """Wait for nobody longer than half a second in the rest of the transaction. One statement.

    PostgreSQL looks for deadlocks after a second: so it is never Saleor whose work is ended.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '500ms'")


def write_order_serials(order_pk: Any, text: str | None) -> None:
    """Write serials into an order's metadata, None: remove them. One statement."""
    sql = f"""
        UPDATE order_order
        SET private_metadata = CASE
            WHEN %(text)s::text IS NULL THEN private_metadata - '{KEY}'
            ELSE coalesce(private_metadata, '{{}}')
                || jsonb_build_object('{KEY}', %(text)s::text)
        END
        WHERE id = %(order)s AND private_metadata ->> '{KEY}' IS DISTINCT FROM %(text)s::text
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"order": order_pk, "text": text})


def customer_groups(user_id: int) -> frozenset[str]:
    """Read the groups that a customer is in: what staff wrote, by commas. One statement."""
    return _groups(_customer_text(user_id, GROUPS_KEY))


# Whoever changes what stands in a customer's metadata reads it so.
_LOCK = "FOR NO KEY UPDATE"


def join_customer_group(user_id: int, group: str) -> None:
    """Add a group to those that a customer is in, unless it is there."""
    with transaction.atomic():
        groups = _groups(_customer_text(user_id, GROUPS_KEY, lock=_LOCK))
        if group not in groups:
            _write_to_customer(user_id, GROUPS_KEY, ", ".join(sorted({*groups, group})))


def add_customer_points(user_id: int, points: int) -> None:
    """Add points to those that a customer has; what is no whole number counts as none."""
    with transaction.atomic():
        text = _customer_text(user_id, POINTS_KEY, lock=_LOCK)
        before = int(text) if re.fullmatch("[0-9]{1,18}", text) else 0
        _write_to_customer(user_id, POINTS_KEY, str(before + points))


def _groups(text: str) -> frozenset[str]:
    return frozenset(group.strip() for group in text.split(",") if group.strip())


def _customer_text(user_id: int, key: str, *, lock: str = "") -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT private_metadata ->> %s::text FROM account_user WHERE id = %s {lock}",
            [key, user_id],
        )
        row = cursor.fetchone()
    return (row[0] if row else None) or ""


def _write_to_customer(user_id: int, key: str, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE account_user SET private_metadata = coalesce(private_metadata, '{}')"
            " || jsonb_build_object(%s::text, %s::text) WHERE id = %s",
            [key, text, user_id],
        )
