"""Django's commands on the demo's settings: `python -m demo.manage migrate`."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
