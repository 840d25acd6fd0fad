"""The tests' half of the seam: what happens to an order, as each host does it."""

from importlib import import_module
from types import ModuleType

from saleor_serials.host import installed_modules

shop = import_module(f"tests.hosts.{installed_modules()[0]}")


def part(name: str) -> ModuleType:
    """Return one module of the package's own half for this host, to patch what it uses."""
    return import_module(f"saleor_serials.host.{installed_modules()[0]}.{name}")


__all__ = ["part", "shop"]
