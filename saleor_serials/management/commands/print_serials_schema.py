from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from saleor_serials.graphql.sdl import print_added
from saleor_serials.host import api


class Command(BaseCommand):
    help = "Print what the plugin adds to Saleor's GraphQL schema."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, help="write it into this file instead")

    def handle(self, *args: Any, output: Path | None, **options: Any) -> None:
        sdl = print_added(api.schema())
        if output is None:
            self.stdout.write(sdl, ending="")
        else:
            output.write_text(sdl)
