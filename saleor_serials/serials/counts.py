"""Count a pack's serials by status, without reading them.

A trigger inserts a row for what each statement changed; inserts do not wait for each other, which
updates of a counter would. The sweep folds these rows into sums. Sums and rows together are exact.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from saleor_serials import config
from saleor_serials.models import SerialStatus

_STATUSES = """
SELECT pack_id, status, sum(quantity)::bigint FROM (
    SELECT pack_id, status, quantity FROM saleor_serials_packcount
    UNION ALL SELECT pack_id, status, change FROM saleor_serials_countchange
) AS counted
WHERE %(packs)s::bigint[] IS NULL OR pack_id = ANY(%(packs)s::bigint[])
GROUP BY pack_id, status
"""

_EXPIRED = """
SELECT pack_id, count(*) FROM saleor_serials_serial
WHERE pack_id = ANY(%(packs)s::bigint[]) AND status = 'free' AND expires_at <= %(now)s
GROUP BY pack_id
"""

# Only if the shop assigns them to any customer: there is no index for this.
_EXPIRED_UNASSIGNED = _EXPIRED.replace("'free'", "'unassigned'")

# One statement: it removes exactly what it reads, and a reader sees the state before or after.
_FOLD = """
WITH gone AS (DELETE FROM saleor_serials_countchange RETURNING pack_id, status, change)
INSERT INTO saleor_serials_packcount AS known (pack_id, status, quantity)
SELECT pack_id, status, sum(change) FROM gone
GROUP BY pack_id, status ORDER BY pack_id, status
ON CONFLICT (pack_id, status) DO UPDATE SET quantity = known.quantity + excluded.quantity
"""

# One statement sees a serial's new status together with the row that its trigger inserted.
_MISTAKES = """
SELECT pack_id, status, coalesce(counted, 0) AS counted, coalesce(there, 0) AS there FROM (
    SELECT pack_id, status, sum(quantity)::bigint AS counted FROM (
        SELECT pack_id, status, quantity FROM saleor_serials_packcount
        UNION ALL SELECT pack_id, status, change FROM saleor_serials_countchange
    ) AS known GROUP BY pack_id, status
) AS known
FULL JOIN (
    SELECT pack_id, status, count(*) AS there FROM saleor_serials_serial GROUP BY pack_id, status
) AS serials USING (pack_id, status)
WHERE coalesce(counted, 0) <> coalesce(there, 0)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CountMismatch:
    """A status in which a pack's count differs from the number of its serials."""

    pack_id: int
    status: str
    counted: int
    there: int


def by_status(pack_ids: Iterable[int] | None = None) -> dict[int, dict[SerialStatus, int]]:
    """Count the serials of packs (None: of all) in every status. One statement."""
    packs = None if pack_ids is None else list(pack_ids)
    found: dict[int, dict[SerialStatus, int]] = {pk: none() for pk in packs or ()}
    with connection.cursor() as cursor:
        cursor.execute(_STATUSES, {"packs": packs})
        for pack_id, status, quantity in cursor.fetchall():
            found.setdefault(pack_id, none())[SerialStatus(status)] = quantity
    return found


def none() -> dict[SerialStatus, int]:
    """The counts of a pack without serials."""
    return dict.fromkeys(SerialStatus, 0)


def left(pack_ids: Iterable[int]) -> Mapping[int, int]:
    """Count what packs can still assign to any customer: free, and not expired.

    Unassigned serials count if the shop assigns them to any customer. Three statements, or four.
    """
    counts = by_status(pack_ids)
    expired = {SerialStatus.FREE: _EXPIRED}
    if SerialStatus.UNASSIGNED in config.load_config().assignable_statuses:
        expired[SerialStatus.UNASSIGNED] = _EXPIRED_UNASSIGNED
    found = {
        pack_id: sum(of_pack[status] for status in expired) for pack_id, of_pack in counts.items()
    }
    with connection.cursor() as cursor:
        for statement in expired.values():
            cursor.execute(statement, {"packs": list(counts), "now": timezone.now()})
            for pack_id, quantity in cursor.fetchall():
                found[pack_id] -= quantity
    return found


def fold() -> None:
    """Fold the changes into the sums, so that there is less to read. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)


def mismatches() -> list[CountMismatch]:
    """Compare the counts with the serials: one statement, which reads all of them."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_MISTAKES} ORDER BY pack_id, status")
        return [
            CountMismatch(pack_id=pack_id, status=status, counted=counted, there=there)
            for pack_id, status, counted, there in cursor.fetchall()
        ]


def correct() -> None:
    """Correct the counts, also while serials change. One statement, which reads all of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO saleor_serials_countchange (pack_id, status, change)
            SELECT pack_id, status, there - counted FROM ({_MISTAKES}) AS mistakes
            """
        )
