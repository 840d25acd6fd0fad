from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from saleor_serials.history import SYSTEM
from saleor_serials.management.progress import pack_of, refusals, work
from saleor_serials.serials import generation_job


class Command(BaseCommand):
    help = (
        "Fill a pack with serials from its generator, as one batch. If it is interrupted, the "
        "sweep goes on: do not start it again for the same serials."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("pack", help="slug of the pack")
        parser.add_argument("quantity", type=int, help="how many")
        parser.add_argument("--batch", help="name of the batch; the date and time if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        pack = pack_of(options["pack"])
        assert pack is not None
        with refusals():
            job = generation_job.start(
                pack, options["quantity"], actor=SYSTEM, batch_name=options["batch"]
            )
        work(job, self.stderr)
        self.stdout.write(f"{job.done:,} serials generated.")
