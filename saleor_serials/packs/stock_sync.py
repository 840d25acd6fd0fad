"""Follow what packs have left: tell staff when it runs low, and keep Saleor's stock in line.

Nobody counts while serials are handed out. Whoever moved some asks afterwards for their pack to be
followed; what is found then is compared with what should be, so that any number of times, late or
at the same time, comes to the same, and the sweep finds what nobody asked for.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from saleor_serials.config import Config, active_config
from saleor_serials.errors import without_details
from saleor_serials.host import host
from saleor_serials.packs.low_stock import notify_staff, watched
from saleor_serials.serials import counts

logger = logging.getLogger(__name__)


def is_needed(pack_id: int) -> bool:
    """Tell whether anything is to follow what a pack has left. Two statements."""
    config = active_config()
    if config is None:
        return False
    return config.stock_link or watched().filter(pk=pack_id).exists()


def sync(pack_id: int) -> None:
    """Bring in line what depends on what a pack has left. A constant number of statements.

    Raises:
        StorageFailed: the database refused, or Saleor itself is at the stock for longer than we
            wait; no stock has changed.
    """
    config = active_config()
    if config is None:
        return
    # First: a mail server may take its time.
    if config.stock_link:
        _sync([limit.variant_id for limit in _limits(pack_id=pack_id)], config)
    notify_staff([pack_id], config)


def sync_all() -> None:
    """Bring all of Saleor's stock in line that packs limit. A failure is logged, never raised.

    Where all is well nothing is locked, and the number of statements does not depend on how many
    packs and variants there are.
    """
    config = active_config()
    if config is None or not config.stock_link:
        return
    try:
        _sync([mismatch.variant_id for mismatch in mismatches(config)], config)
    except Exception:
        logger.exception("The stock does not follow the serials.")


@dataclass(frozen=True, kw_only=True, slots=True)
class StockMismatch:
    """A variant whose stock is not what it should be; ``quantity`` is None where it has none."""

    variant_id: int
    quantity: int | None
    expected: int


def mismatches(config: Config) -> list[StockMismatch]:
    """Find where Saleor's stock is not what packs have left. Five statements, no lock."""
    if not host.has_warehouse(config.stock_warehouse):
        _miss_warehouse(config)
        return []
    expected = _quantities(_limits(), config)
    there = host.stock_in(config.stock_warehouse, expected)
    return [
        StockMismatch(variant_id=pk, quantity=there.get(pk), expected=quantity)
        for pk, quantity in expected.items()
        if there.get(pk) != quantity
    ]


def _sync(variant_ids: Iterable[int], config: Config) -> None:
    variants = set(variant_ids)
    if not variants:
        return
    with without_details(), transaction.atomic():
        if not host.lock_stock(config.stock_warehouse, variants):
            _miss_warehouse(config)
            return
        # All that is counted is read after the lock: whoever comes later has counted later.
        host.write_stock(config.stock_warehouse, _quantities(_limits_of(variants), config))


def _miss_warehouse(config: Config) -> None:
    logger.error(
        "There is no warehouse with the slug '%s': no stock follows the serials.",
        config.stock_warehouse,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Limit:
    """A variant takes so many serials per unit of this pack, which has no others to hand out.

    ``since`` is when the two were first linked.
    """

    variant_id: int
    pack_id: int
    per_unit: int
    since: datetime
    is_archived: bool


# The variant's own link replaces the product's for the same pack.
_LIMITS = """
WITH touched AS ({touched})
SELECT touched.id, link.pack_id,
    (array_agg(link.quantity ORDER BY variant_id IS NULL) FILTER (WHERE until IS NULL))[1],
    min(link.since), pack.archived_at IS NOT NULL
FROM touched
CROSS JOIN LATERAL (
    SELECT * FROM saleor_serials_packlink WHERE variant_id = touched.id
    UNION ALL SELECT * FROM saleor_serials_packlink WHERE product_id = touched.product_id
) AS link
JOIN saleor_serials_pack AS pack ON pack.id = link.pack_id
WHERE pack.generator = '' AND NOT pack.is_unlimited
GROUP BY touched.id, link.pack_id, pack.id HAVING bool_or(link.until IS NULL)
"""

_EVER_LINKED = """
SELECT v.id, v.product_id FROM saleor_serials_packlink AS l
JOIN ({variants}) AS v ON v.id = l.variant_id
WHERE %(pack)s::bigint IS NULL OR l.pack_id = %(pack)s::bigint
UNION
SELECT v.id, v.product_id FROM saleor_serials_packlink AS l
JOIN ({variants}) AS v ON v.product_id = l.product_id
WHERE %(pack)s::bigint IS NULL OR l.pack_id = %(pack)s::bigint
"""

_NAMED = "SELECT id, product_id FROM ({variants}) AS v WHERE id = ANY(%(variants)s)"


def _limits(*, pack_id: int | None = None) -> list[_Limit]:
    """Read what limits the variants that ever took from a pack; None: from any. One statement."""
    return _read_limits(_EVER_LINKED, {"pack": pack_id})


def _limits_of(variant_ids: Iterable[int]) -> list[_Limit]:
    return _read_limits(_NAMED, {"variants": list(variant_ids)})


def _read_limits(touched: str, values: Mapping[str, Any]) -> list[_Limit]:
    sql = _LIMITS.replace("{touched}", touched).replace("{variants}", host.VARIANTS)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [
            _Limit(
                variant_id=variant_id,
                pack_id=pack_id,
                per_unit=per_unit,
                since=since,
                is_archived=is_archived,
            )
            for variant_id, pack_id, per_unit, since, is_archived in cursor.fetchall()
        ]


def _quantities(limits: Iterable[_Limit], config: Config) -> dict[int, int]:
    """Reckon the stock of variants: the units that can still be served, and those that were."""
    of_variant: dict[int, list[_Limit]] = defaultdict(list)
    for limit in limits:
        of_variant[limit.variant_id].append(limit)
    left = counts.left({each.pack_id for group in of_variant.values() for each in group})
    served = _served(of_variant, config) if of_variant else {}
    return {
        variant_id: served.get(variant_id, 0)
        + min(
            0 if each.is_archived else max(0, left[each.pack_id]) // each.per_unit for each in group
        )
        for variant_id, group in of_variant.items()
    }


# What Saleor has allocated to a line takes nothing from the packs any more if the line holds it,
# or if it takes nothing from them at all: bought before they were linked, or on other terms. Of an
# order that we have not looked at yet, all is still to be taken.
_SERVED = """
WITH limits AS (
    SELECT * FROM unnest(%(variant_ids)s::int[], %(pack_ids)s::bigint[], %(since)s::timestamptz[])
        AS t(variant_id, pack_id, since)
),
variants AS (
    SELECT variant_id, greatest(
        min(since), (SELECT max(active_since) FROM saleor_serials_sweepstate)
    ) AS since
    FROM limits GROUP BY variant_id
),
allocated AS ({allocated})
SELECT variant_id, sum(least(allocated.units, CASE
    WHEN held.units IS NOT NULL THEN held.units
    WHEN record.lines ? allocated.line_id OR allocated.placed_at < variants.since
        THEN allocated.units
    ELSE 0
END))::bigint
FROM allocated
JOIN variants USING (variant_id)
LEFT JOIN saleor_serials_orderrecord AS record ON record.order_id = allocated.order_id
CROSS JOIN LATERAL (
    SELECT min(line.held / line.per_unit) AS units
    FROM saleor_serials_assignment AS line JOIN limits ON limits.pack_id = line.pack_id
    WHERE line.line_id = allocated.line_id AND line.line_id <> '' AND line.per_unit > 0
        AND limits.variant_id = allocated.variant_id
) AS held
GROUP BY variant_id
"""


def _served(limits: Mapping[int, list[_Limit]], config: Config) -> dict[int, int]:
    """Count the units, still allocated in Saleor, that packs need not be asked for. One statement.

    A line's are as many as it holds the serials of, of each pack that limits its variant.
    """
    rows = [each for group in limits.values() for each in group]
    with connection.cursor() as cursor:
        cursor.execute(
            _SERVED.replace("{allocated}", host.ALLOCATED_UNITS),
            {
                "variant_ids": [each.variant_id for each in rows],
                "pack_ids": [each.pack_id for each in rows],
                "since": [each.since for each in rows],
                "warehouse": config.stock_warehouse,
                "variants": list(limits),
            },
        )
        return dict(cursor.fetchall())
