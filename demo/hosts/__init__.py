"""The demo's half of the seam: how each Saleor is run, and how a shop is opened and sells there.

Of each pair, both modules have the same public names; a test compares them.
"""

from importlib import import_module

from saleor_serials.host import installed_modules

host, api = (import_module(f"demo.hosts.{name}") for name in installed_modules())

__all__ = ["api", "host"]
