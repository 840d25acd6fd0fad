"""Find serials, in pages that cost the same on the first and on the thousandth.

A page starts behind the place where the one before ended, and its statement walks an index that
is in the order of the list until the page is full. Where the filter lets too few through for that,
what it lets through is gathered by the narrowest index instead, and sorted.
"""

from saleor_serials.serials.search.batches import (
    BatchFilter,
    count_batches_of,
    count_in_batches,
    find_batches,
    find_batches_of,
)
from saleor_serials.serials.search.by_filter import COUNT_LIMIT, condition, count, counts, find
from saleor_serials.serials.search.by_holder import Holder, count_held, find_held
from saleor_serials.serials.search.filters import (
    BY_ID,
    NEWEST_FIRST,
    Filter,
    Moment,
    Sort,
    searchable,
)
from saleor_serials.serials.search.keyset import read_page
from saleor_serials.serials.search.pages import MAX_ID, Cursor, Page, PageResult

__all__ = [
    "BY_ID",
    "COUNT_LIMIT",
    "MAX_ID",
    "NEWEST_FIRST",
    "BatchFilter",
    "Cursor",
    "Filter",
    "Holder",
    "Moment",
    "Page",
    "PageResult",
    "Sort",
    "condition",
    "count",
    "count_batches_of",
    "count_held",
    "count_in_batches",
    "counts",
    "find",
    "find_batches",
    "find_batches_of",
    "find_held",
    "read_page",
    "searchable",
]
