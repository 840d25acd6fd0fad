"""From where both hosts take the units of an order line that is fulfilled."""

from collections import Counter
from typing import Any

from django.db.models import QuerySet


def places(line: Any, units: int, *, stocks: QuerySet[Any]) -> dict[Any, int]:
    """Say how many units of a line to take from which warehouse, by its key.

    They are taken where they are allocated to the line, the rest where most of its variant is left
    of ``stocks``. The key is None where there are none.
    """
    found: Counter[Any] = Counter()
    allocations = line.allocations.filter(quantity_allocated__gt=0).order_by("stock")
    for warehouse, allocated in allocations.values_list("stock__warehouse", "quantity_allocated"):
        found[warehouse] += min(units - found.total(), allocated)
    if rest := units - found.total():
        left = stocks.filter(product_variant=line.variant_id).annotate_available_quantity()
        found[left.order_by("-available_quantity").values_list("warehouse", flat=True).first()] += (
            rest
        )
    return dict(+found)
