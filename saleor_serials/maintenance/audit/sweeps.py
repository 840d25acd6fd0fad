"""Whether the sweep runs, and what it could not do."""

from collections.abc import Sequence

from django.utils import timezone

from saleor_serials.config import active_config
from saleor_serials.maintenance.audit.rule import Check, Finding
from saleor_serials.maintenance.sweep import LATE_AFTER
from saleor_serials.models import OrderRecord, SweepState
from saleor_serials.orders.reconcile import try_reconcile


def _late() -> list[Finding]:
    state = SweepState.objects.first()
    if state is None or active_config() is None:
        return []
    # It is as late since the plugin was switched on, if it has never come.
    last = state.swept_at or state.active_since
    if last is None or timezone.now() - last < LATE_AFTER:
        return []
    return [Finding(about=None, text=f"the last sweep ended at {last:%Y-%m-%d %H:%M} UTC")]


def _failures() -> list[Finding]:
    failures = SweepState.objects.values_list("failures", flat=True).first() or {}
    numbers = OrderRecord.objects.filter(order_id__in=failures).values_list("order_id", "number")
    known = dict(numbers)
    return [
        Finding(
            about=order_id,
            text=f"order {known.get(order_id, '?')} (id {order_id}) failed {attempts} times"
            + ("" if due_at else ", and is not tried again by itself"),
        )
        for order_id, (attempts, due_at) in sorted(failures.items())
    ]


def _reconcile(findings: Sequence[Finding]) -> None:
    failed: list[str] = []
    for finding in findings:
        try_reconcile(finding.about, failed=failed)
    for state in SweepState.objects.all():
        state.failures = {pk: count for pk, count in state.failures.items() if pk in failed}
        state.save(update_fields=["failures"])


CHECKS = (
    Check(
        name="sweep",
        rule="the sweep has ended within the last ten minutes",
        advice="run Celery beat and a worker, or sweep_serials from cron",
        find=_late,
    ),
    Check(
        name="failures",
        rule="every order can be reconciled",
        advice="the log says why not; --repair tries again",
        find=_failures,
        repair=_reconcile,
    ),
)
