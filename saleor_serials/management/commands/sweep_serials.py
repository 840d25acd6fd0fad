from typing import Any

from django.core.management.base import BaseCommand, CommandError

from saleor_serials.maintenance.sweep import sweep


class Command(BaseCommand):
    help = (
        "Look at every order that may have changed, serve open shortfalls and send what is unsent. "
        "Celery beat does the same every minute; without beat, run this from cron."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        report = sweep()
        if report.is_other_busy:
            self.stdout.write("Another sweep is at it; nothing was done.")
            return
        self.stdout.write(
            f"{report.looked_at} orders looked at, {report.allocated} serials assigned, "
            f"{report.sent} e-mails sent, {report.unsent} not sent, "
            f"{report.fulfilled} orders fulfilled."
        )
        if report.failed_steps:
            raise CommandError(
                f"These steps failed; the log says why: {', '.join(report.failed_steps)}"
            )
        if report.failed:
            raise CommandError(
                f"{len(report.failed)} orders failed and are tried again; "
                f"the log says why: {', '.join(report.failed)}"
            )
