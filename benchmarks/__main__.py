"""Measure what serials cost: `python -m benchmarks`.

``allocation``: how fast they are allocated, beside the plainest update. ``supply``: how fast packs
are filled, beside a bare COPY. ``bulk``: 10,000 over GraphQL, beside what Saleor makes in bulk.
``finding``: searches and deep pages among a million. ``checkouts``: what the plugin adds to the
request that completes a checkout.
"""

import argparse
import os
from collections.abc import Callable
from typing import Any

import django

_KINDS = ("allocation", "supply", "bulk", "finding", "checkouts")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=_KINDS, help="leave out the others")
    parser.add_argument("--quick", action="store_true", help="on a small scale: does it still run?")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    from benchmarks import bulk, checkouts, finding, run, supply, table

    kinds: dict[str, tuple[Any, Callable[[Any], str]]] = {
        "allocation": (run, table.render),
        "supply": (supply, supply.render),
        "bulk": (bulk, bulk.render),
        "finding": (finding, finding.render),
        "checkouts": (checkouts, checkouts.render),
    }
    for kind in _KINDS if arguments.only is None else [arguments.only]:
        module, render = kinds[kind]
        scale = module.QUICK if arguments.quick else module.FULL
        print(f"{render(module.run(scale))}\n", flush=True)


if __name__ == "__main__":
    main()
