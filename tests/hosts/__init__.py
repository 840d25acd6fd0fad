"""The tests' half of the seam: what happens to an order, as each host does it."""

from importlib import import_module

from saleor_serials.host import installed_modules

shop = import_module(f"tests.hosts.{installed_modules()[0]}")

__all__ = ["shop"]
