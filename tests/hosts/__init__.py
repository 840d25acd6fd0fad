"""The tests' half of the seam: what happens to an order, as each host does it."""

from tests.hosts import saleor2 as shop

__all__ = ["shop"]
