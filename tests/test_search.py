"""Which index the database takes for which list, on a table of 100,000; and what it costs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from saleor_serials.models import Pack, Serial, SerialStatus
from saleor_serials.serials import search
from saleor_serials.serials.search import Filter, Moment, Page, Sort
from tests import database, making

ROWS = 100_000
START = datetime(2025, 1, 1, tzinfo=UTC)
BY_AGE = Sort(moment=Moment.CREATED_AT)
BY_ASSIGNMENT = Sort(moment=Moment.ASSIGNED_AT, descending=True)
BY_DATA = Sort(text="data")
BY_STATUS = Sort(text="status", descending=True)
RARE = frozenset({SerialStatus.RESERVED})


@pytest.fixture(scope="module")
def packs(database_url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[list[Pack]]:
    """A pack with 90,000 serials, and after it one with 10,000; every 2,000th is reserved.

    They are made once, in a database of this module's own, as its tests only read.
    """
    with django_db_blocker.unblock(), database.cloned(database_url):
        yield _fill()


@pytest.fixture(autouse=True)
def committed_data(packs: list[Pack], django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Take the place of what empties the tables after each test."""
    with django_db_blocker.unblock():
        yield


def _fill() -> list[Pack]:
    made = [making.make_pack() for _ in range(2)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO saleor_serials_serial
                (pack_id, data, digest, extra, status, position, customer, created_at, assigned_at)
            SELECT CASE WHEN n <= 90000 THEN %(first)s ELSE %(second)s END,
                CASE WHEN n <= 90000 THEN 'ACME-' ELSE 'LATE-' END || upper(md5(n::text)),
                sha256(n::text::bytea), '{}', status, n,
                CASE WHEN status = 'free' THEN '' ELSE 'user:' || n %% 100 END,
                %(start)s + n * interval '1 second',
                CASE WHEN status = 'used' THEN %(start)s + n * interval '2 seconds' END
            FROM (
                SELECT n, CASE
                    WHEN n %% 2000 = 0 THEN 'reserved' WHEN n %% 2 = 0 THEN 'used' ELSE 'free'
                END AS status
                FROM generate_series(1, %(rows)s) AS n
            ) AS numbered
            """,
            {"first": made[0].pk, "second": made[1].pk, "start": START, "rows": ROWS},
        )
        cursor.execute("VACUUM ANALYZE saleor_serials_serial")
    return made


def plans(criteria: Filter, page: Page | None = None) -> list[str]:
    """How the database reads a page, statement by statement."""
    with CaptureQueriesContext(connection) as captured:
        search.find(criteria, page or Page(limit=20))
    found = []
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            if "saleor_serials_serial " in query["sql"]:
                cursor.execute(f"EXPLAIN {query['sql']}")
                found.append("\n".join(line for (line,) in cursor.fetchall()))
    return found


def test_each_list_walks_the_index_of_its_own_order(packs: list[Pack]) -> None:
    first, second = (pack.pk for pack in packs)
    for criteria, index in (
        (Filter(), "saleor_serials_serial_pkey"),
        (Filter(pack_ids=(second,)), "serials_serial_page"),
        (Filter(pack_ids=(first, second), statuses=RARE), "serials_serial_page"),
        (Filter(user_id=4), "serials_serial_customer"),
        (Filter(email="someone@example.com"), "serials_serial_customer"),
        (Filter(batch_ids=(1, 2)), "serials_serial_batch"),
        (Filter(sort=BY_AGE), "serials_serial_created"),
        (Filter(created_from=START + timedelta(hours=20), sort=BY_AGE), "serials_serial_created"),
        (Filter(created_to=START + timedelta(hours=1), sort=BY_AGE), "serials_serial_created"),
        (Filter(pack_ids=(first,), sort=BY_AGE), "serials_serial_created"),
        (Filter(sort=BY_ASSIGNMENT), "serials_serial_assigned"),
        (Filter(user_id=4, sort=BY_ASSIGNMENT), "serials_serial_assigned"),
        (Filter(sort=BY_DATA), "serials_serial_data"),
        (Filter(pack_ids=(first,), sort=BY_DATA), "serials_serial_data"),
        (Filter(sort=BY_STATUS), "serials_serial_page"),
        (Filter(pack_ids=(second,), sort=BY_STATUS), "serials_serial_page"),
    ):
        for page in (Page(limit=20), Page(limit=20, backward=True)):
            walk = plans(criteria, page)[0]

            assert f"using {index} on saleor_serials_serial" in walk, walk
            assert "Seq Scan on saleor_serials_serial" not in walk


def test_what_few_fulfil_is_gathered_by_the_narrowest_index(packs: list[Pack]) -> None:
    first, second = (pack.pk for pack in packs)
    for criteria, index in (
        (Filter(search="C4CA"), "serials_serial_search"),
        (Filter(search="C4CA", sort=BY_AGE), "serials_serial_search"),
        (Filter(search="C4CA", pack_ids=(first, second)), "serials_serial_search"),
        (Filter(search="LATE-", statuses=RARE), "serials_serial_page"),
        (Filter(statuses=RARE), "serials_serial_page"),
        (Filter(statuses=RARE, sort=BY_AGE), "serials_serial_page"),
        (Filter(pack_ids=(second,), sort=BY_AGE), "serials_serial_page"),
        (Filter(order_id="17"), "serials_serial_held"),
    ):
        batch_load = plans(criteria)[-1]

        assert index in batch_load, batch_load
        assert "Seq Scan on saleor_serials_serial" not in batch_load
        assert "saleor_serials_serial_pkey on saleor_serials_serial s " not in batch_load


def test_a_search_that_many_fulfil_ends_when_the_page_is_full(packs: list[Pack]) -> None:
    for criteria in (
        Filter(search="ACME"),
        Filter(search="me-"),
        Filter(search="e-1", sort=BY_AGE),
    ):
        assert len(plans(criteria)) == 1


def test_every_way_finds_the_same(packs: list[Pack]) -> None:
    late = list(Serial.objects.filter(pack=packs[1]).order_by("id"))
    by_data = sorted(late, key=lambda serial: (serial.data, serial.pk))
    by_status = sorted(late, key=lambda serial: (serial.status, serial.pk), reverse=True)
    reserved = [serial for serial in late if serial.status == "reserved"]

    for criteria, expected in (
        (Filter(search="late-"), late),
        (Filter(search="LATE", sort=BY_AGE), late),
        (Filter(search="LATE", statuses=RARE), reserved),
        (Filter(pack_ids=(packs[1].pk,), statuses=RARE, sort=BY_AGE), reserved),
        (Filter(pack_ids=(packs[1].pk,), created_from=START, sort=BY_AGE), late),
        (Filter(pack_ids=(packs[1].pk,), sort=BY_DATA), by_data),
        (Filter(search="LATE", sort=BY_DATA), by_data),
        (Filter(pack_ids=(packs[1].pk,), sort=BY_STATUS), by_status),
        (Filter(search="LATE", sort=BY_STATUS), by_status),
    ):
        first = search.find(criteria, Page(limit=3))
        after = criteria.sort.position(first.rows[-1])
        second = search.find(criteria, Page(limit=1, after=after))

        assert [*first.rows, *second.rows] == expected[:4]
        assert first.more is second.more is (len(expected) > 4)
        assert search.count(criteria) == len(expected)


def test_counting_ends_at_its_limit(packs: list[Pack]) -> None:
    many, few = Filter(search="ACME"), Filter(search="LATE")

    assert search.counts([many, few], limit=10_000) == {many: None, few: 10_000}
    assert search.count(many) == 90_000
