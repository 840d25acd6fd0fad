import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandParser

from saleor_serials.access.packs import EVERYTHING
from saleor_serials.history import SYSTEM
from saleor_serials.import_export import export
from saleor_serials.import_export.export import Format
from saleor_serials.jobs import files
from saleor_serials.management.progress import choice, opened, pack_of, work
from saleor_serials.models import SerialStatus
from saleor_serials.serials.search import Filter


class Command(BaseCommand):
    help = (
        "Write serials into a CSV or XLSX file, which import_serials can read. What a spreadsheet "
        "would take for a formula gets an apostrophe before it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file to write; - for standard output")
        parser.add_argument(
            "--format", default=Format.CSV.value, help="csv if left out", **choice(Format)
        )
        parser.add_argument(
            "--pack", action="append", help="slug of a pack; can be given several times"
        )
        parser.add_argument(
            "--status",
            action="append",
            help="all but deleted if left out; can be given several times",
            **choice(SerialStatus),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        packs = [pack_of(slug) for slug in options["pack"] or []]
        statuses = options["status"]
        criteria = Filter(
            pack_ids=tuple(pack.pk for pack in packs if pack) or None,
            statuses=frozenset(map(SerialStatus, statuses)) if statuses else None,
        )
        with _opened(options["file"]) as file:
            job = export.start_export(
                criteria,
                format=Format(options["format"]),
                actor=SYSTEM,
                access=EVERYTHING,
                sees_holders=True,
            )
            work(job, self.stderr)
            for block in export.blocks(job):
                file.write(block)
        files.drop_file(job)
        if options["file"] != "-":
            self.stdout.write(f"{job.done:,} serials exported.")


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
        yield sys.stdout.buffer
        return
    with opened(name, "wb") as file:
        yield file
