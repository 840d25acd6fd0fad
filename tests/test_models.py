"""What the database itself refuses, whatever the code does."""

from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from saleor_serials.errors import StorageFailed, without_details
from saleor_serials.models import Assignment, Serial
from tests import making
from tests.hosts import shop

NOW = timezone.now()


@pytest.mark.parametrize(
    "values",
    [
        {"status": "free", "customer": "user:1"},
        {"status": "free", "consumed_at": NOW},
        {"status": "reserved", "customer": ""},
        {"status": "reserved", "customer": "user:1", "consumed_at": NOW},
        {"status": "assigned", "customer": ""},
        {"status": "assigned", "customer": "user:1", "consumed_at": NOW},
        {"status": "used", "customer": ""},
        {"status": "lost", "customer": "user:1"},
    ],
)
def test_a_status_that_does_not_fit_its_holder_is_refused(values: dict[str, Any]) -> None:
    making.make_serials(making.make_pack(), 1)

    with pytest.raises(IntegrityError, match="serials_serial_status"):
        Serial.objects.update(**values)


def test_a_serial_that_was_given_back_has_a_customer() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    making.paid_order(making.make_link(pack))

    with pytest.raises(IntegrityError, match="serials_serial_status"):
        Serial.objects.update(status="unassigned", customer="", assignment=None)


@pytest.mark.parametrize("status", ["free", "reserved", "unassigned", "deleted"])
def test_only_an_assigned_or_used_serial_can_be_on_a_line(status: str) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    making.paid_order(making.make_link(pack))

    with pytest.raises(IntegrityError, match="serials_serial_status"):
        Serial.objects.update(status=status)


def test_the_same_data_twice_in_a_pack_is_refused() -> None:
    first, second = making.make_serials(making.make_pack(), 2)

    with pytest.raises(IntegrityError, match="serials_serial_once_per_pack"):
        Serial.objects.filter(pk=second.pk).update(digest=first.digest)


def test_a_second_assignment_for_the_same_line_and_pack_is_refused() -> None:
    pack = making.make_pack()
    making.paid_order(making.make_link(pack))
    [row] = Assignment.objects.all()
    row.pk = None

    with pytest.raises(IntegrityError, match="serials_assignment_once_per_line"):
        row.save()


def test_a_database_error_is_passed_on_without_the_row_that_postgresql_prints() -> None:
    [serial] = making.make_serials(making.make_pack(), 1)

    with pytest.raises(StorageFailed) as failed, without_details():
        Serial.objects.update(status="lost")

    assert serial.data not in str(failed.value)
    assert "IntegrityError, 23514" in str(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


def test_a_customer_can_be_deleted_and_their_serials_stay_on_record() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    user = shop.make_user()
    order_id = making.paid_order(making.make_link(pack), user=user)

    user.delete()

    assert len(making.held(order_id)) == 1


def test_the_claim_walks_the_index_of_free_serials_on_a_large_pack() -> None:
    from saleor_serials.assignments.claims import CLAIM_FREE

    pack = making.make_pack()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO saleor_serials_serial
                (pack_id, data, digest, extra, status, position, customer, created_at)
            SELECT %s, n, sha256(n::text::bytea), '{}', 'free', n, '', now()
            FROM generate_series(1, 50000) AS n
            """,
            [pack.pk],
        )
        cursor.execute("ANALYZE saleor_serials_serial")
        for limit in (1, 5_000):
            cursor.execute(
                f"EXPLAIN {CLAIM_FREE}",
                {
                    "status": "used",
                    "assignment": 1,
                    "holder": "user:1",
                    "now": NOW,
                    "pack": pack.pk,
                    "head": 0,
                    "limit": limit,
                },
            )
            plan = "\n".join(line for (line,) in cursor.fetchall())

            assert "Index Scan using serials_serial_free" in plan
            assert "Seq Scan" not in plan
            assert "Sort" not in plan
