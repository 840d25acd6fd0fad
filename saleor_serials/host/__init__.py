"""The one seam: everything that differs between the versions of Saleor.

``host`` and ``api`` are the two halves for the Saleor that is installed. The choice is made
here, once, by version. ``saleor2`` and ``saleor3``, file by file, and ``api2`` and ``api3``
define the same public names with the same parameters; a test compares them.
"""

import re
from importlib import import_module, metadata
from types import ModuleType
from typing import Any

from saleor_serials.errors import UnsupportedHost

# Saleor's (major, minor) versions and the halves of the seam that speak to them.
SUPPORTED = {
    (2, 10): ("saleor2", "api2"),
    (3, 21): ("saleor3", "api3"),
    (3, 22): ("saleor3", "api3"),
    (3, 23): ("saleor3", "api3"),
    (3, 24): ("saleor3", "api3"),
}


def choose(version: str) -> tuple[str, str]:
    """Name the two modules of the seam for a version of Saleor.

    Raises:
        UnsupportedHost: naming the version that was found and those that are supported.
    """
    numbers = re.match(r"(\d+)\.(\d+)", version)
    modules = SUPPORTED.get((int(numbers[1]), int(numbers[2]))) if numbers else None
    if modules is None:
        supported = ", ".join(f"{a}.{b}" for a, b in SUPPORTED)
        raise UnsupportedHost(
            f"saleor_serials does not support Saleor {version}; it supports {supported}."
        )
    return modules


def installed_version() -> str:
    """The version of the Saleor that is installed."""
    import saleor

    # 2.10.1's own wheel says "dev"; only its distribution knows better. Saleor 3 has none.
    return metadata.version("saleor") if saleor.__version__ == "dev" else saleor.__version__


def installed_modules() -> tuple[str, str]:
    """Name the two modules of the seam for the Saleor that is installed."""
    return choose(installed_version())


def _load(half: int) -> ModuleType:
    return import_module(f"{__name__}.{installed_modules()[half]}")


def __getattr__(name: str) -> Any:
    # Loaded at first use: models and settings must be readable before Django's apps are.
    if name not in ("host", "api"):
        raise AttributeError(name)
    module = _load(0 if name == "host" else 1)
    globals()[name] = module
    return module
