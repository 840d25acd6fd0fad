"""Measure what serials cost: `python -m benchmarks`.

``allocation``: how fast they are allocated, beside the plainest update. ``supply``: how fast packs
are filled, beside a bare COPY. ``checkouts``: what the plugin adds to the request that completes a
checkout.
"""

import argparse
import os

import django

_KINDS = ("allocation", "supply", "checkouts")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=_KINDS, help="leave out the others")
    parser.add_argument("--quick", action="store_true", help="on a small scale: does it still run?")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    from benchmarks import checkouts, run, supply, table

    if arguments.only in (None, "allocation"):
        print(table.render(run.run(run.QUICK if arguments.quick else run.FULL)))
    if arguments.only in (None, "supply"):
        filled = supply.run(supply.QUICK if arguments.quick else supply.FULL)
        print(f"\n{supply.render(filled)}")
    if arguments.only in (None, "checkouts"):
        scale = checkouts.QUICK if arguments.quick else checkouts.FULL
        print(f"\n{checkouts.render(checkouts.run(scale))}")


if __name__ == "__main__":
    main()
