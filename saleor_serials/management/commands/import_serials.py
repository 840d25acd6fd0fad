import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from saleor_serials.access.packs import EVERYTHING
from saleor_serials.history import SYSTEM
from saleor_serials.import_export import links_import, serials_import
from saleor_serials.import_export.columns import Column
from saleor_serials.import_export.links_import import LinkColumn
from saleor_serials.import_export.readers.formats import Format
from saleor_serials.import_export.serials_writing import ALL_OR_NOTHING
from saleor_serials.import_export.upload import ImportFile
from saleor_serials.management.progress import choice, complaints, opened, pack_of, refusals, work


class Command(BaseCommand):
    help = (
        "Put the serials of a CSV or XLSX file, or of lines of text, into packs. All rows are "
        "checked first; complaints go to stderr, with exit status 1, and then nothing was changed. "
        f"Files of more than {ALL_OR_NOTHING:,} rows go in chunk by chunk: after an "
        "interruption, the same command goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file to read; - for standard input")
        parser.add_argument("--pack", help="slug of the pack, for rows that name none")
        parser.add_argument("--links", action="store_true", help="it holds links: sku, quantity")
        parser.add_argument("--dry-run", action="store_true", help="only check, and change nothing")
        parser.add_argument("--format", help="found out if left out", **choice(Format))
        parser.add_argument("--encoding", help="found out if left out")
        parser.add_argument("--separator", help="found out if left out; a tab is \\t")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            type=_pair,
            metavar="NAME=COLUMN",
            help="what the file calls a column; NAME= leaves it out. Can be given several times",
        )
        parser.add_argument(
            "--create-packs", action="store_true", help="make packs that do not exist"
        )
        parser.add_argument("--batch", help="name of the batch, for rows that name none")

    def handle(self, *args: Any, **options: Any) -> None:
        pack = pack_of(options["pack"])
        with _opened(options["file"]) as file, refusals():
            import_file = ImportFile(
                file=file,
                name="" if options["file"] == "-" else Path(options["file"]).name,
                format=options["format"] and Format(options["format"]),
                encoding=options["encoding"],
                separator=(options["separator"] or "").replace("\\t", "\t") or None,
                columns=_mapping(options["column"], LinkColumn if options["links"] else Column),
            )
            common: dict[str, Any] = {
                "pack": pack,
                "actor": SYSTEM,
                "access": EVERYTHING,
                "dry_run": options["dry_run"],
            }
            if options["links"]:
                job = links_import.start_links(import_file, **common)
            else:
                job = serials_import.start(
                    import_file,
                    **common,
                    sees_holders=True,
                    batch_name=options["batch"],
                    create_packs=options["create_packs"],
                )
        work(job, self.stderr)
        if options["dry_run"]:
            if job.problem_count:
                raise CommandError(f"{complaints(job)}; nothing was changed.")
            self.stdout.write(f"{job.total:,} rows can be imported.")
        else:
            self.stdout.write(f"{job.done:,} rows imported.")


def _pair(text: str) -> tuple[str, str]:
    name, equals, column = text.partition("=")
    if not equals:
        raise ArgumentTypeError("write NAME=COLUMN")
    return name, column


def _mapping(pairs: list[tuple[str, str]], columns: Any) -> dict[str, Any] | None:
    try:
        return {name: columns(column) if column else None for name, column in pairs} or None
    except ValueError:
        raise CommandError(f"Columns are: {', '.join(columns)}.") from None


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name != "-":
        with opened(name, "rb") as file:
            yield file
        return
    with TemporaryFile() as copy:
        while block := sys.stdin.buffer.read(1_000_000):
            copy.write(block)
        yield copy
