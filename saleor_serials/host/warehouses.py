"""What both hosts' warehouses have alike: where units are taken, and how many there are."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from saleor.warehouse.models import Stock, Warehouse

from saleor_serials.host.private_metadata import give_way

# The largest number of an integer column.
_MAX_QUANTITY = 2**31 - 1


def by_warehouse(
    lines: Iterable[Any], units: Mapping[str, int], *, stocks: QuerySet[Any]
) -> dict[Any, list[dict[str, Any]]]:
    """Say what to take from which warehouse, in the form that Saleor's own actions want.

    Units are taken where they are allocated to their line, the rest where most of the variant is
    left of ``stocks``. The key is None where there are none.
    """
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        for warehouse, quantity in _places(line, units[str(line.pk)], stocks).items():
            found[warehouse].append({"order_line": line, "quantity": quantity})
    return dict(found)


def _places(line: Any, units: int, stocks: QuerySet[Any]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    allocations = line.allocations.filter(quantity_allocated__gt=0).order_by("stock")
    for warehouse, allocated in allocations.values_list("stock__warehouse", "quantity_allocated"):
        found[warehouse] += min(units - found.total(), allocated)
    if rest := units - found.total():
        left = stocks.filter(product_variant=line.variant_id).annotate_available_quantity()
        most = left.order_by("-available_quantity").first()
        found[most.warehouse_id if most else None] += rest
    return +found


def allocated_units(*, placed_at: str) -> str:
    """The query for the units that order lines have allocated of ``%(variants)s``.

    In the warehouse with the slug ``%(warehouse)s``. ``placed_at`` is the host's column.
    """
    return f"""
        SELECT s.product_variant_id AS variant_id, l.id::text AS line_id, o.id::text AS order_id,
            o.{placed_at} AS placed_at, a.quantity_allocated AS units
        FROM warehouse_warehouse AS w
        JOIN warehouse_stock AS s ON s.warehouse_id = w.id
        JOIN warehouse_allocation AS a ON a.stock_id = s.id AND a.quantity_allocated > 0
        JOIN order_orderline AS l ON l.id = a.order_line_id
        JOIN order_order AS o ON o.id = l.order_id
        WHERE w.slug = %(warehouse)s AND s.product_variant_id = ANY(%(variants)s)
    """


def has_warehouse(slug: str) -> bool:
    """Tell whether there is a warehouse with this slug. One statement."""
    return bool(Warehouse.objects.filter(slug=slug).exists())


def stock_in(slug: str, variant_ids: Iterable[int]) -> dict[int, int]:
    """Read how many of each variant are in a warehouse; without those it does not keep."""
    rows = Stock.objects.filter(warehouse__slug=slug, product_variant__in=list(variant_ids))
    return dict(rows.values_list("product_variant", "quantity"))


def lock_stock(slug: str, variant_ids: Iterable[int]) -> bool:
    """Keep others from the stock of variants in a warehouse until the transaction ends.

    What it does not keep, it keeps none of from now on. False if there is no such warehouse.
    Waits for nobody longer than half a second.
    """
    warehouse = Warehouse.objects.filter(slug=slug).first()
    if warehouse is None:
        return False
    expected = set(variant_ids)
    rows = Stock.objects.filter(warehouse=warehouse, product_variant__in=expected)
    # In Saleor's own order.
    locked = rows.order_by("pk").select_for_update().values_list("product_variant", flat=True)
    give_way()
    if missing := expected.difference(locked.all()):
        Stock.objects.bulk_create(
            [Stock(warehouse=warehouse, product_variant_id=pk, quantity=0) for pk in missing],
            ignore_conflicts=True,
        )
        list(locked.all())  # somebody else may have made them
    return True


def write_stock(slug: str, quantities: Mapping[int, int]) -> None:
    """Write how many of each variant are in a warehouse, where it says otherwise. One statement.

    Saleor tells nobody of it: what it has for that differs from version to version.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE warehouse_stock AS s SET quantity = t.quantity
            FROM warehouse_warehouse AS w, unnest(%s::int[], %s::int[]) AS t(variant_id, quantity)
            WHERE w.slug = %s AND s.warehouse_id = w.id AND s.product_variant_id = t.variant_id
                AND s.quantity <> t.quantity
            """,
            [
                list(quantities),
                [min(quantity, _MAX_QUANTITY) for quantity in quantities.values()],
                slug,
            ],
        )
