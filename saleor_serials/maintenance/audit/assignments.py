"""Whether assignments, serials and the counts of packs agree."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from saleor_serials.assignments import holders
from saleor_serials.maintenance.audit.rule import PLACE, Check, Finding, select
from saleor_serials.models import HOLDER, Assignment, OrderRecord, Serial
from saleor_serials.models.expiry import NOT_EXPIRED
from saleor_serials.orders.reconcile import settle, try_reconcile
from saleor_serials.serials import counts


def _held() -> list[Finding]:
    return select(
        f"""
        SELECT a.id, a.id, {PLACE}, a.held, coalesce(counted.number, 0)
        FROM saleor_serials_assignment AS a
        LEFT JOIN saleor_serials_orderrecord AS r ON r.id = a.order_id
        LEFT JOIN (
            SELECT assignment_id, count(*) AS number FROM saleor_serials_serial
            WHERE assignment_id IS NOT NULL GROUP BY assignment_id
        ) AS counted ON counted.assignment_id = a.id
        WHERE a.held <> coalesce(counted.number, 0) ORDER BY a.id
        """,
        "assignment {} ({}) says {}, and holds {}",
    )


def _count_again(findings: Sequence[Finding]) -> None:
    for finding in findings:
        with transaction.atomic(), connection.cursor() as cursor:
            order_id = _lock_order(finding.about)
            cursor.execute(
                """
                UPDATE saleor_serials_assignment AS a SET held = (
                    SELECT count(*) FROM saleor_serials_serial WHERE assignment_id = a.id
                ) WHERE id = %s
                """,
                [finding.about],
            )
        if order_id is not None:
            try_reconcile(order_id, failed=[])


def _lock_order(assignment_id: int) -> str | None:
    """Lock the order of an assignment, or the gift that it is; return the order's id."""
    records = OrderRecord.objects.filter(assignments=assignment_id)
    for pk, order_id in records.values_list("pk", "order_id"):
        list(OrderRecord.objects.select_for_update().filter(pk=pk))
        return str(order_id)
    list(Assignment.objects.select_for_update().filter(pk=assignment_id))
    return None


# A consumed serial is never taken back. While an order has a payment issue, staff have been told.
def _surplus() -> list[Finding]:
    return select(
        f"""
        SELECT r.order_id, a.id, {PLACE}, a.held, a.entitled
        FROM saleor_serials_assignment AS a
        LEFT JOIN saleor_serials_orderrecord AS r ON r.id = a.order_id
        WHERE a.held > a.entitled AND coalesce(r.payment_issue, '') = '' AND a.held > (
            SELECT count(*) FROM saleor_serials_serial
            WHERE assignment_id = a.id AND consumed_at IS NOT NULL
        ) ORDER BY a.id
        """,
        "assignment {} ({}) holds {}, and is owed {}",
    )


def _reconcile(findings: Sequence[Finding]) -> None:
    for order_id in dict.fromkeys(finding.about for finding in findings):
        if order_id is not None:
            try_reconcile(order_id, failed=[])


def _short() -> list[Finding]:
    return select(
        f"""
        SELECT a.pack_id, a.id, {PLACE}, a.entitled - a.held, a.pack_id
        FROM saleor_serials_assignment AS a
        JOIN saleor_serials_orderrecord AS r ON r.id = a.order_id
        WHERE a.entitled > a.held AND a.pack_id = ANY(ARRAY(
            SELECT pack.id FROM saleor_serials_pack AS pack
            WHERE pack.is_published AND pack.source = 'stock' AND EXISTS (
                SELECT FROM saleor_serials_serial AS s
                WHERE s.pack_id = pack.id AND s.status = 'free'
                    AND {NOT_EXPIRED}
            )
        )) ORDER BY a.pack_id, a.entitled_since, a.id
        """,
        "assignment {} ({}) is short of {}, and pack {} has free ones",
        {"now": timezone.now()},
    )


def _settle(findings: Sequence[Finding]) -> None:
    for pack_id in dict.fromkeys(finding.about for finding in findings):
        for _ in settle(pack_id):
            pass


def _holder() -> list[Finding]:
    rows = Serial.objects.exclude(HOLDER).order_by("pk")
    return [
        Finding(about=pk, text=f"serial {pk} (pack {pack}) is {status} {_whose(held, customer)}")
        for pk, pack, status, held, customer in rows.values_list(
            "pk", "pack", "status", "assignment", "customer"
        )
    ]


def _whose(assignment_id: int | None, customer: str) -> str:
    line = "on no line" if assignment_id is None else f"on assignment {assignment_id}"
    return f"{line}, {'with a' if customer else 'without a'} customer"


# Where a pack assigned no user, the serial has none; who consumed a serial may be another.
def _customer() -> list[Finding]:
    return select(
        f"""
        SELECT s.id, s.id, a.id, {PLACE}
        FROM saleor_serials_serial AS s
        JOIN saleor_serials_assignment AS a ON a.id = s.assignment_id
        JOIN saleor_serials_pack AS pack ON pack.id = a.pack_id AND pack.assigns_user
        LEFT JOIN saleor_serials_orderrecord AS r ON r.id = a.order_id
        WHERE s.consumed_at IS NULL AND s.customer NOT IN ('', a.customer) ORDER BY s.id
        """,
        "serial {} names another customer than its assignment {} ({})",
    )


def _name_customer(findings: Sequence[Finding]) -> None:
    holders.name_customers([finding.about for finding in findings])


def _pack() -> list[Finding]:
    return select(
        f"""
        SELECT s.id, s.id, s.pack_id, a.id, {PLACE}, a.pack_id
        FROM saleor_serials_serial AS s
        JOIN saleor_serials_assignment AS a ON a.id = s.assignment_id
        LEFT JOIN saleor_serials_orderrecord AS r ON r.id = a.order_id
        WHERE s.pack_id <> a.pack_id ORDER BY s.id
        """,
        "serial {} of pack {} is on assignment {} ({}) of pack {}",
    )


def _assignment() -> list[Finding]:
    return select(
        """
        SELECT s.id, s.id, s.assignment_id FROM saleor_serials_serial AS s
        LEFT JOIN saleor_serials_assignment AS a ON a.id = s.assignment_id
        WHERE s.assignment_id IS NOT NULL AND a.id IS NULL ORDER BY s.id
        """,
        "serial {} is on assignment {}, which does not exist",
    )


def _duplicates() -> list[Finding]:
    return select(
        """
        SELECT s.pack_id, s.pack_id, string_agg(s.id::text, ', ' ORDER BY s.id)
        FROM saleor_serials_serial AS s JOIN (
            SELECT pack_id, digest FROM saleor_serials_serial
            GROUP BY pack_id, digest HAVING count(*) > 1
        ) AS twice USING (pack_id, digest)
        GROUP BY s.pack_id, s.digest ORDER BY min(s.id)
        """,
        "pack {} has the same data in serials {}",
    )


def _digests() -> list[Finding]:
    return select(
        """
        SELECT id, id, pack_id FROM saleor_serials_serial
        WHERE digest <> sha256(convert_to(data, 'UTF8')) ORDER BY id
        """,
        "serial {} (pack {}) has other data than it was made with",
    )


def _counts() -> list[Finding]:
    return [
        Finding(
            about=each.pack_id,
            text=f"pack {each.pack_id} counts {each.counted} {each.status}, and has {each.there}",
        )
        for each in counts.mismatches()
    ]


def _correct(findings: Sequence[Finding]) -> None:
    counts.correct()


CHECKS = (
    Check(
        name="held",
        rule="each assignment holds as many serials as it says",
        advice="--repair counts them again, and reconciles the order",
        find=_held,
        repair=_count_again,
    ),
    Check(
        name="surplus",
        rule="nobody holds more than they are owed",
        advice="--repair reconciles the order; release a gift by hand",
        find=_surplus,
        repair=_reconcile,
    ),
    Check(
        name="short",
        rule="nobody is short of what their pack has",
        advice="--repair settles the pack, oldest shortfall first",
        find=_short,
        repair=_settle,
    ),
    Check(
        name="holder",
        rule="a serial's status fits who holds it",
        advice="read its history; then release, revoke or assign it by hand",
        find=_holder,
    ),
    Check(
        name="customer",
        rule="a held serial names its assignment's customer",
        advice="--repair writes the assignment's customer",
        find=_customer,
        repair=_name_customer,
    ),
    Check(
        name="pack",
        rule="a held serial is of its assignment's pack",
        advice="replace it by hand with one of the right pack",
        find=_pack,
    ),
    Check(
        name="assignment",
        rule="a held serial's assignment exists",
        advice="bring the assignment back from a backup, or clear the serial's assignment_id",
        find=_assignment,
    ),
    Check(
        name="duplicate",
        rule="no pack has the same data twice",
        advice="revoke all but one, replace what customers hold, and restore the unique index",
        find=_duplicates,
    ),
    Check(
        name="digest",
        rule="a serial's data is what it was made with",
        advice="bring its data back from a backup, or revoke it",
        find=_digests,
    ),
    Check(
        name="counts",
        rule="each pack counts the serials it has",
        advice="--repair corrects the count",
        find=_counts,
        repair=_correct,
    ),
)
