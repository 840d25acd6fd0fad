"""The one seam: everything that differs between the versions of Saleor.

``host`` and ``api`` are the two halves for the Saleor that is installed; ``contract`` says what
each offers. The choice is made here, once, by version.
"""

import re
from importlib import import_module, metadata
from types import ModuleType
from typing import TYPE_CHECKING

from saleor_serials.errors import UnsupportedHost

if TYPE_CHECKING:
    from saleor_serials.host import api2, api3, saleor2, saleor3
    from saleor_serials.host.contract import Api, Host

    # Both are held against the contract, whichever is installed.
    host: Host = saleor2
    host = saleor3
    api: Api = api2
    api = api3

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
    return SUPPORTED[_release(version)]


def installed_version() -> str:
    """The version of the Saleor that is installed."""
    import saleor

    # 2.10.1's own wheel says "dev"; only its distribution knows better. Saleor 3 has none.
    version = metadata.version("saleor") if saleor.__version__ == "dev" else saleor.__version__
    return str(version)


def installed_release() -> tuple[int, int]:
    """The (major, minor) version of the Saleor that is installed.

    Raises:
        UnsupportedHost: it is none of those that are supported.
    """
    return _release(installed_version())


def installed_modules() -> tuple[str, str]:
    """Name the two modules of the seam for the Saleor that is installed."""
    return choose(installed_version())


def _release(version: str) -> tuple[int, int]:
    numbers = re.match(r"(\d+)\.(\d+)", version)
    release = (int(numbers[1]), int(numbers[2])) if numbers else None
    if release not in SUPPORTED:
        supported = ", ".join(f"{a}.{b}" for a, b in SUPPORTED)
        raise UnsupportedHost(
            f"saleor_serials does not support Saleor {version}; it supports {supported}."
        )
    return release


def _load(half: int) -> ModuleType:
    return import_module(f"{__name__}.{installed_modules()[half]}")


if not TYPE_CHECKING:  # where any name would be taken for one of the two

    def __getattr__(name: str) -> ModuleType:
        # Loaded at first use: models and settings must be readable before Django's apps are.
        if name not in ("host", "api"):
            raise AttributeError(name)
        module = _load(0 if name == "host" else 1)
        globals()[name] = module
        return module
