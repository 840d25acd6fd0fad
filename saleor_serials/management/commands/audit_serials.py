from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from saleor_serials.maintenance.audit import Result, audit


class Command(BaseCommand):
    help = (
        "Hold orders, assignments, serials, counts, stock and history against each other, and say "
        "what is wrong and what to do about it. Exits with 1 if something is left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="put right what is safe to")

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        left = 0
        for result in audit(repair=repair):
            self._print(result)
            left += len(result.left)
        if left:
            raise CommandError(f"{left} left to be put right.")
        self.stdout.write("Nothing is left to be put right.")

    def _print(self, result: Result) -> None:
        check = result.check
        repaired = len(result.found) - len(result.left)
        state = f"{len(result.left)} WRONG" if result.left else "ok"
        note = f" ({repaired} repaired)" if repaired > 0 else ""
        self.stdout.write(f"{check.name}: {state}{note}: {check.rule}")
        for finding in result.left:
            self.stdout.write(f"  {finding.text}")
        if result.left:
            self.stdout.write(f"  What to do: {check.advice}.")
