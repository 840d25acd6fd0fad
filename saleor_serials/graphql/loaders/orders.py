"""Read what orders and order lines have: owners, history, and the shop's settings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from saleor_serials import config, history
from saleor_serials.graphql.loaders.batching import batch_load
from saleor_serials.host import host
from saleor_serials.host.shapes import OrderOwner
from saleor_serials.models import Event

histories = batch_load(history.of_serials)


@batch_load
def notes(keys: Sequence[tuple[str, frozenset[int] | None]]) -> Mapping[Any, list[Event]]:
    """Read what happened to orders as a whole, as ``(order id, packs)``; None: of all packs.

    With packs given, only where the order, or the line, has to do with one of them.
    """
    found: dict[Any, list[Event]] = {}
    for packs, order_ids in _by_packs(keys):
        of_orders = history.of_orders(order_ids, packs=packs)
        found |= {(order_id, packs): of_orders[order_id] for order_id in order_ids}
    return found


def _by_packs(
    keys: Iterable[tuple[str, frozenset[int] | None]],
) -> Iterable[tuple[frozenset[int] | None, list[str]]]:
    groups: dict[frozenset[int] | None, list[str]] = defaultdict(list)
    for key, packs in keys:
        groups[packs].append(key)
    return groups.items()


@batch_load
def order_owners(order_ids: Sequence[str]) -> Mapping[str, OrderOwner]:
    owners: Mapping[str, OrderOwner] = host.order_owners(order_ids)
    return owners


@batch_load
def _settings(keys: Sequence[str]) -> Mapping[str, config.Config]:
    return dict.fromkeys(keys, config.load_config())


def shown_statuses(context: Any) -> Any:
    """Promise the statuses in which the shop shows serials to customers."""
    return _settings(context, "").then(lambda settings: settings.shown_statuses)


def preview_length(context: Any) -> Any:
    """Promise how many characters of a serial a preview shows."""
    return _settings(context, "").then(lambda settings: settings.preview_length)
