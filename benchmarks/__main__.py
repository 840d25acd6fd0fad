"""Measure how fast serials are allocated, beside the plainest update: `python -m benchmarks`."""

import argparse
import os

import django


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small packs: does it still run?")
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    from benchmarks import run, table

    print(table.render(run.run(run.QUICK if arguments.quick else run.FULL)))


if __name__ == "__main__":
    main()
