"""Serials into files: what stands in them, and that an import gives back what was exported."""

import csv
import io
import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from saleor_serials.access.packs import EVERYTHING, PackAccess, Right
from saleor_serials.import_export import export
from saleor_serials.import_export.columns import neutralised, restored
from saleor_serials.import_export.export import Format
from saleor_serials.jobs import files, typed_json
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Job, JobPart, Pack, Serial, SerialStatus
from saleor_serials.serials import add, writing
from saleor_serials.serials.search import Filter, Moment, Sort
from saleor_serials.serials.text import normalised
from saleor_serials.serials.writing import Draft
from tests import import_files, making
from tests.hosts import shop
from tests.import_files import cells_of, content_of, imported

FORMATS = pytest.mark.parametrize("format", list(Format))
# What a spreadsheet would run, or take for something else.
DANGEROUS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''=1", "'", "'a", "=", "#N/A", "'#REF!", "#NAME?"),
    *("＝1", "00123", "1e5", "TRUE", "2020-01-01", 'a"b,c;d', "a\nb", "a\r\nb\rc", "a\tb", "\\N"),
    *("_x000D_", "_x005F_x000D_", "_x0041_", "a\x01b\x1f", "\ufffe", "null", "'\t=1", "Ä 鍵 🎟"),
]


def start(criteria: Filter | None = None, **values: Any) -> Job:
    values = {"actor": "user:1", "access": EVERYTHING, "sees_holders": True, **values}
    values.setdefault("format", Format.CSV)
    return export.start_export(criteria or Filter(), **values)


def exported(criteria: Filter | None = None, **values: Any) -> Job:
    job = import_files.finished(start(criteria, **values))
    assert (job.status, job.problems) == ("done", [])
    assert job.done == job.total
    return job


def rows_of(job: Job) -> list[list[str]]:
    content = content_of(job)
    if job.file_name == "serials.xlsx":
        return [[cell or "" for cell in row] for row in cells_of(content)]
    assert content.startswith("\ufeff".encode())
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def column(job: Job, name: str) -> list[str]:
    header, *rows = rows_of(job)
    return [row[header.index(name)] for row in rows]


@FORMATS
def test_a_file_says_all_that_is_known_of_a_serial(format: Format) -> None:
    user = shop.make_user(email="ada@example.com")
    order_id = shop.place_order([(shop.make_variant(), 1)], user=user)
    [line_id] = shop.line_ids(order_id)
    pack = making.make_pack(name="Space", is_consumable=True)
    imported(
        "data,status,extra,order,assigned at,delivered at,consumed at,expires at\n"
        f'A,used,"{{""edition"": ""gold""}}",{order_id},2020-01-01T00:00:00Z,'
        "2020-01-02T00:00:00Z,2020-01-03T00:00:00Z,2030-01-04T00:00:00Z\n",
        pack,
        batch_name="Spring",
    )

    header, row = rows_of(exported(format=format))

    created = Serial.objects.get().created_at.isoformat()
    assert dict(zip(header, row, strict=True)) == {
        "data": "A",
        "status": "used",
        "extra": '{"edition": "gold"}',
        "customer": "ada@example.com",
        "order": shop.number(order_id),
        "order_line": line_id,
        "assigned_at": "2020-01-01T00:00:00+00:00",
        "delivered_at": "2020-01-02T00:00:00+00:00",
        "consumed_at": "2020-01-03T00:00:00+00:00",
        "expires_at": "2030-01-04T00:00:00+00:00",
        "pack": "space",
        "batch": "Spring",
        "created_at": created,
    }


def test_who_holds_serials_is_left_out_for_those_who_may_not_see_it() -> None:
    making.make_serials(making.make_pack(), 1)

    [header, _] = rows_of(exported(sees_holders=False))

    assert header == ["data", "status", "extra", "expires_at", "pack", "batch", "created_at"]


@FORMATS
def test_no_cell_is_a_formula(format: Format) -> None:
    pack = making.make_pack()
    add.add_serials(pack, DANGEROUS, actor="user:1", batch_name="=cmd()")

    job = exported(format=format)

    _, *rows = rows_of(job)
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell]
    assert column(job, "batch") == ["'=cmd()"] * len(DANGEROUS)


@FORMATS
def test_an_import_gives_back_what_was_exported(format: Format) -> None:
    user = shop.make_user()
    order_id = shop.place_order([(shop.make_variant(), 1)])
    pack = making.make_pack(is_consumable=True)
    add.add_serials(pack, DANGEROUS, actor="user:1", batch_name="Dangerous")
    imported(
        "data,status,order,customer,consumed at,extra,expires at\n"
        f"H1,assigned,{order_id},,,,\nH2,used,,{user.email},2020-01-01,,\n"
        f"H3,reserved,,guest@example.com,,,\nH4,unassigned,,{user.pk},,,\nH5,deleted,,,,,\n"
        'H6,free,,,,"{""x"": [1, 2.5, null, ""é""]}",2030-01-01\n',
        pack,
    )
    columns = ["data", "status", "extra", "customer", "assigned_at", "consumed_at", "expires_at"]
    before = list(pack.serials.order_by("pk").values_list(*columns, "batch__name"))
    content = content_of(exported(Filter(statuses=frozenset(SerialStatus)), format=format))

    other = making.make_pack(is_consumable=True)
    columns_of_file = {"pack": None}
    imported(import_files.import_file(content, columns=columns_of_file), other)

    assert list(other.serials.order_by("pk").values_list(*columns, "batch__name")) == before
    assert sorted(making.held(order_id)) == ["H1", "H1"]


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'=+-@#\t\r\nN/A!?")))
def test_what_is_neutralised_is_restored_and_begins_with_no_formula(text: str) -> None:
    safe = neutralised(text)

    assert restored(safe) == text
    assert safe[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}


_TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("'=+-@#_x05F\r\n"),
    min_size=1,
    max_size=50,
)


# Each example costs four jobs, so a few have many texts.
@settings(max_examples=25)
@given(st.lists(_TEXTS, min_size=20, max_size=60, unique_by=normalised))
def test_whatever_a_serial_is_both_formats_say_it(texts: list[str]) -> None:
    data = [normalised(text) for text in texts if normalised(text)]
    if not data:
        return
    pack = making.make_pack()
    writing.write(pack, None, [Draft(data=each) for each in data], now=timezone.now())
    criteria = Filter(pack_ids=(pack.pk,))

    for format in Format:
        other = making.make_pack()
        job = exported(criteria, format=format, sees_holders=False)
        imported(import_files.import_file(content_of(job), columns={"pack": None}), other)
        assert list(other.serials.order_by("pk").values_list("data", flat=True)) == data


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_CHUNK", 10)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("sort", [Sort(), Sort(moment=Moment.CREATED_AT, descending=True)])
def test_a_long_list_is_written_in_its_order_part_by_part(sort: Sort) -> None:
    pack, other = making.make_pack(), making.make_pack()
    for _ in range(3):
        making.make_serials(pack, 14)
        making.make_serials(other, 5)
    data = list(pack.serials.order_by("pk").values_list("data", flat=True))

    job = exported(Filter(pack_ids=(pack.pk,), sort=sort))

    assert column(job, "data") == (data[::-1] if sort.descending else data)
    assert sorted(job.parts.values_list("number", flat=True)) == [1, 2, 3, 4, 5]


@FORMATS
def test_an_empty_list_is_a_header(format: Format) -> None:
    [header] = rows_of(exported(format=format))

    assert header[0] == "data"


@pytest.mark.usefixtures("small_chunks")
@FORMATS
@pytest.mark.parametrize("committed", [True, False])
def test_an_export_that_is_killed_is_whole_in_the_end(format: Format, committed: bool) -> None:
    pack = making.make_pack()
    data = [serial.data for serial in making.make_serials(pack, 45)]
    job = start(format=format)

    import_files.kill_at_chunk(job, 4, committed=committed)
    list(run_job(job.pk, at_once=True))

    job.refresh_from_db()
    assert (job.status, job.done) == ("done", 45)
    assert column(job, "data") == data


def test_a_workbook_takes_no_cell_that_excel_would_cut_off() -> None:
    pack = making.make_pack()
    add.add_serials(pack, ["x" * 40_000], actor="user:1")

    job = import_files.finished(start(format=Format.XLSX))

    assert (job.status, [problem["code"] for problem in job.problems]) == ("failed", ["TOO_LONG"])
    assert not JobPart.objects.exists()
    assert column(exported(), "data") == ["x" * 40_000]


def test_a_workbook_takes_no_more_rows_than_excel(monkeypatch: pytest.MonkeyPatch) -> None:
    making.make_serials(making.make_pack(), 3)
    monkeypatch.setattr(export, "_MAX_XLSX_ROWS", 2)

    job = import_files.finished(start(format=Format.XLSX))

    assert (job.status, [problem["code"] for problem in job.problems]) == ("failed", ["TOO_MANY"])


@pytest.mark.parametrize("created_from", [None, datetime(2020, 1, 1, tzinfo=UTC)])
def test_whether_an_export_is_small_is_counted_without_reading_serials(
    monkeypatch: pytest.MonkeyPatch, created_from: datetime | None
) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 3)
    pack = making.make_pack()
    criteria = Filter(pack_ids=(pack.pk,), created_from=created_from)
    making.make_serials(pack, 3)

    with CaptureQueriesContext(connection) as asked:
        exactly = export.is_small(criteria)
    making.make_serials(pack, 1)

    assert (exactly, export.is_small(criteria)) == (True, False)
    assert not [each["sql"] for each in asked if "data" in each["sql"]]


def test_nothing_of_others_is_exported() -> None:
    mine, theirs = making.make_pack(), making.make_pack()
    serials = making.make_serials(mine, 2)
    making.make_serials(theirs, 2)
    access = PackAccess(packs=frozenset({mine.pk}), rights={mine.pk: frozenset({Right.SEE})})

    all_of_it = exported(access=access)
    named = exported(Filter(pack_ids=(mine.pk, theirs.pk)), access=access)
    nothing = exported(Filter(pack_ids=(theirs.pk,)), access=access)

    assert column(all_of_it, "data") == column(named, "data") == [each.data for each in serials]
    assert column(nothing, "data") == []
    assert all_of_it.pack_ids == [mine.pk]


# A value for each field of a filter: whoever adds one says here how it is kept.
EVERY_FIELD: dict[str, Any] = {
    "pack_ids": (1, 2),
    "batch_ids": (3,),
    "statuses": frozenset({SerialStatus.FREE, SerialStatus.USED}),
    "order_id": "7",
    "user_id": 8,
    "email": "ada@example.com",
    "product_id": 9,
    "variant_id": 10,
    "created_from": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
    "created_to": datetime(2021, 1, 2, tzinfo=UTC),
    "assigned_from": datetime(2022, 1, 2, tzinfo=UTC),
    "assigned_to": datetime(2023, 1, 2, tzinfo=UTC),
    "search": "SECRET",
    "sort": Sort(moment=Moment.ASSIGNED_AT, descending=True),
}


def test_a_filter_is_stored_whole_and_out_of_the_columns() -> None:
    assert {each.name for each in fields(Filter)} == set(EVERY_FIELD), (
        "Filter has another field: give it a value in EVERY_FIELD, and see that it is kept."
    )
    criteria = Filter(**EVERY_FIELD)

    job = start(criteria)

    assert typed_json.load(Filter, json.loads(files.part(job.pk, 0) or b"")) == criteria
    assert typed_json.load(Filter, json.loads(json.dumps(typed_json.dump(Filter())))) == Filter()
    stored = [getattr(job, each.name) for each in Job._meta.concrete_fields]
    assert "SECRET" not in repr(stored)
    assert "ada@" not in repr(stored)


def test_a_file_is_removed_after_a_day() -> None:
    making.make_serials(making.make_pack(), 1)
    old, new = exported(), exported()
    Job.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(hours=25))

    files.forget_files(timezone.now())

    assert (old.parts.count(), new.parts.count()) == (0, 1)
    assert Pack.objects.count() == 1
