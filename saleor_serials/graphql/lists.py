"""The lists that there are, each read only as far as somebody asks."""

from typing import Any

from saleor_serials.graphql.loaders import lists
from saleor_serials.graphql.pagination import Listing
from saleor_serials.serials.search import BatchFilter, Filter, Sort


def serials(info: Any, arguments: dict[str, Any], criteria: Filter | lists.Held) -> Listing:
    """List serials by a filter, or those of a holder."""
    return Listing(
        info,
        arguments,
        page=lambda page: lists.pages(info.context, (criteria, page)),
        count=lambda: lists.counts(info.context, criteria),
        sort=criteria.sort if isinstance(criteria, Filter) else Sort(),
    )


def packs(info: Any, arguments: dict[str, Any], criteria: lists.PackFilter) -> Listing:
    """List packs by a filter."""
    return Listing(
        info,
        arguments,
        page=lambda page: lists.pages_of_packs(info.context, (criteria, page)),
        count=lambda: lists.counts_of_packs(info.context, criteria),
    )


def batches(
    info: Any, arguments: dict[str, Any], criteria: BatchFilter | lists.BatchesOf
) -> Listing:
    """List batches by a filter, or those of a pack."""
    return Listing(
        info,
        arguments,
        page=lambda page: lists.pages_of_batches(info.context, (criteria, page)),
        count=lambda: lists.counts_of_batches(info.context, criteria),
    )
