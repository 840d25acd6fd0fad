"""Whether what we keep agrees with Saleor: its orders, its stock, its metadata, its customers."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from saleor_serials.config import active_config, load_config
from saleor_serials.delivery import metadata, outbox
from saleor_serials.host import host
from saleor_serials.maintenance.audit.rule import Check, Finding, select
from saleor_serials.models import Delivery, DeliveryStatus, MetadataCopy, OrderRecord, Pack
from saleor_serials.orders.reconcile import try_reconcile
from saleor_serials.packs import stock_sync

# Nobody tries, or everybody who tries fails.
_OVERDUE = timedelta(hours=1)
_FAILING = timedelta(days=1)


def _deleted_orders() -> list[Finding]:
    return select(
        f"""
        SELECT r.order_id, r.number, r.order_id, sum(a.held), sum(a.entitled)
        FROM saleor_serials_orderrecord AS r
        JOIN saleor_serials_assignment AS a ON a.order_id = r.id AND (a.held > 0 OR a.entitled > 0)
        WHERE NOT EXISTS (SELECT FROM ({host.ORDERS}) AS o WHERE o.id = r.order_id)
        GROUP BY r.id ORDER BY r.id
        """,
        "order {} (id {}) is gone, holds {} and is owed {}",
    )


def _unpaid() -> list[Finding]:
    if load_config().assign_on != "paid":
        return []
    return select(
        f"""
        SELECT r.order_id, r.number, r.order_id
        FROM saleor_serials_orderrecord AS r
        JOIN ({host.UNPAID_ORDERS}) AS o ON o.id = r.order_id
        WHERE r.entitled_at IS NOT NULL AND r.payment_issue = ''
            AND EXISTS (
                SELECT FROM saleor_serials_assignment WHERE order_id = r.id AND held > 0
            )
        ORDER BY r.id
        """,
        "order {} (id {}) counts as paid, and Saleor has no payment",
    )


def _reconcile(findings: Sequence[Finding]) -> None:
    for finding in findings:
        try_reconcile(finding.about, failed=[])


def _warehouse() -> list[Finding]:
    config = load_config()
    if not config.stock_link or host.has_warehouse(config.stock_warehouse):
        return []
    slug = config.stock_warehouse
    return [Finding(about=slug, text=f"there is no warehouse with the slug '{slug}'")]


def _stock() -> list[Finding]:
    config = active_config()
    if config is None or not config.stock_link or _warehouse():
        return []
    return [
        Finding(
            about=mismatch.variant_id,
            text=f"variant {mismatch.variant_id} has {mismatch.quantity or 0} in stock, and should "
            f"have {mismatch.expected}",
        )
        for mismatch in stock_sync.mismatches(config)
    ]


def _follow(findings: Sequence[Finding]) -> None:
    stock_sync.sync_all()


def _archived() -> list[Finding]:
    rows = Pack.objects.filter(archived_at__isnull=False, is_published=True).order_by("pk")
    return [
        Finding(about=pk, text=f"pack {pk} is archived, and published")
        for pk in rows.values_list("pk", flat=True)
    ]


def _unpublish(findings: Sequence[Finding]) -> None:
    archived = Pack.objects.filter(archived_at__isnull=False)
    archived.filter(pk__in=[finding.about for finding in findings]).update(is_published=False)


def _deliveries() -> list[Finding]:
    now = timezone.now()
    pending = Delivery.objects.filter(status=DeliveryStatus.PENDING)
    late = pending.filter(due_at__lt=now - _OVERDUE) | pending.filter(created_at__lt=now - _FAILING)
    rows = late.order_by("pk").values_list("pk", "order__number", "attempts", "problem")
    return [
        Finding(
            about=pk,
            text=f"delivery {pk} (order {number}) is not sent after {attempts} attempts"
            + (f": {problem}" if problem else ""),
        )
        for pk, number, attempts, problem in rows
    ]


def _deliver(findings: Sequence[Finding]) -> None:
    for finding in findings:
        outbox.deliver(finding.about)


def _metadata() -> list[Finding]:
    due = OrderRecord.objects.filter(metadata_copy=MetadataCopy.DUE).order_by("pk")
    return [
        Finding(about=order_id, text=f"order {number} (id {order_id}) shows other serials")
        for order_id, number in due.values_list("order_id", "number")
    ]


def _show(findings: Sequence[Finding]) -> None:
    for order_id in metadata.due().values():
        metadata.try_write(order_id)


CHECKS = (
    Check(
        name="gone",
        rule="Saleor has the orders that hold serials",
        advice="release or revoke their serials by hand, or leave them to the customer",
        find=_deleted_orders,
    ),
    Check(
        name="unpaid",
        rule="Saleor has a payment of each order that was served as paid",
        advice="--repair reconciles the order: it keeps its serials, and its history tells staff",
        find=_unpaid,
        repair=_reconcile,
    ),
    Check(
        name="warehouse",
        rule="there is a warehouse for the stock that follows the serials",
        advice="correct stock_warehouse in the plugin's settings",
        find=_warehouse,
    ),
    Check(
        name="stock",
        rule="Saleor's stock is what the packs have left",
        advice="--repair writes it",
        find=_stock,
        repair=_follow,
    ),
    Check(
        name="archived",
        rule="no archived pack is published",
        advice="--repair unpublishes it",
        find=_archived,
        repair=_unpublish,
    ),
    Check(
        name="deliveries",
        rule="no delivery waits for an hour, or fails for a day",
        advice="see to the mail server and to the sweep; --repair tries those that are due",
        find=_deliveries,
        repair=_deliver,
    ),
    Check(
        name="metadata_copy",
        rule="the metadata of orders shows what they hold",
        advice="--repair writes it",
        find=_metadata,
        repair=_show,
    ),
)
