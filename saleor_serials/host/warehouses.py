"""From where both hosts take the units of order lines that are fulfilled."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet


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
