"""The lists that there are, each read only as far as somebody asks."""

from typing import Any

from saleor_serials.graphql import loaders
from saleor_serials.graphql.pagination import Listing
from saleor_serials.serials.search import BatchFilter, Filter, Sort


def serials(info: Any, arguments: dict[str, Any], wanted: Filter | loaders.Held) -> Listing:
    """List serials by a filter, or those of a holder."""
    return Listing(
        info,
        arguments,
        page=lambda page: loaders.pages(info.context, (wanted, page)),
        count=lambda: loaders.counts(info.context, wanted),
        sort=wanted.sort if isinstance(wanted, Filter) else Sort(),
    )


def packs(info: Any, arguments: dict[str, Any], wanted: loaders.PackFilter) -> Listing:
    """List packs by a filter."""
    return Listing(
        info,
        arguments,
        page=lambda page: loaders.pages_of_packs(info.context, (wanted, page)),
        count=lambda: loaders.counts_of_packs(info.context, wanted),
    )


def batches(
    info: Any, arguments: dict[str, Any], wanted: BatchFilter | loaders.BatchesOf
) -> Listing:
    """List batches by a filter, or those of a pack."""
    return Listing(
        info,
        arguments,
        page=lambda page: loaders.pages_of_batches(info.context, (wanted, page)),
        count=lambda: loaders.counts_of_batches(info.context, wanted),
    )
