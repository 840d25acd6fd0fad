"""Serials out of files: what is read, what is refused, and what becomes of the rest."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from hashlib import sha256
from typing import Any
from unittest import mock
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from saleor_serials.access.packs import PackAccess, Right
from saleor_serials.errors import InvalidInput, Unreadable
from saleor_serials.import_export import plan, serials_writing, upload
from saleor_serials.import_export import rows as import_export_rows
from saleor_serials.import_export.columns import Column
from saleor_serials.import_export.readers import formats
from saleor_serials.import_export.readers.formats import Format
from saleor_serials.jobs import typed_json
from saleor_serials.models import Batch, Event, Job, JobPart, Pack, Serial, VendorGroup
from saleor_serials.packs import lifecycle
from saleor_serials.serials import add, writing
from saleor_serials.serials.text import normalised
from tests import import_files, making
from tests.import_files import complaints, imported, xlsx
from tests.making import statuses


def data_of(pack: Pack) -> list[str]:
    return list(pack.serials.order_by("position").values_list("data", flat=True))


def refusal(content: str | bytes | upload.ImportFile, pack: Pack | None, **values: Any) -> Any:
    """Have an import refused before it begins; return the field and the code."""
    with pytest.raises(InvalidInput) as refused:
        import_files.start(content, pack, **values)
    assert not Job.objects.exists()
    assert not Serial.objects.exists()
    return refused.value.field, refused.value.code.value


def test_rows_come_into_the_pack_in_their_order_as_one_batch_recorded_once() -> None:
    pack = making.make_pack()

    job = imported("data\nB-1\n A-2 \n\nÄ-3\n", pack, batch_name="Spring")

    assert data_of(pack) == ["B-1", "A-2", "Ä-3"]
    assert statuses(pack) == {"free": 3}
    assert (job.done, job.total, job.batch.name, job.batch.quantity) == (3, 3, "Spring", 3)
    [event] = Event.objects.all()
    assert (event.type, event.batch, event.quantity, event.actor, event.reason) == (
        *("created", job.batch, 3, "user:1", "imported"),
    )
    assert job.parts.count() == 0


def test_pasted_lines_are_serials_without_a_header() -> None:
    pack = making.make_pack()

    imported("A,1\n\nB;2\r\nC 3", pack)

    assert data_of(pack) == ["A,1", "B;2", "C 3"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(separator: str) -> None:
    pack = making.make_pack()

    imported(f'Batch{separator}Data\none{separator}"A{separator}1"\ntwo{separator}B\n', pack)

    assert data_of(pack) == [f"A{separator}1", "B"]
    assert set(Batch.objects.values_list("name", flat=True)) == {"one", "two"}


def test_the_separator_can_be_given() -> None:
    pack = making.make_pack()

    imported(
        import_files.import_file("data~batch\nA~one\n", separator="~", format=Format.CSV), pack
    )

    assert data_of(pack) == ["A"]


@pytest.mark.parametrize(
    ("encoding", "given"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-8-sig", "utf-8"),
        ("utf-16", None),
        ("utf-16-le", None),
        ("utf-16-be", None),
        ("utf-16-le", "utf-16-le"),
        ("utf-32", None),
        ("cp1252", None),
        ("cp1252", "windows-1252"),
        ("latin-1", "latin-1"),
        ("cp1251", "cp1251"),
        ("shift-jis", "shift-jis"),
    ],
)
def test_the_encoding_is_found_out_or_given(encoding: str, given: str | None) -> None:
    words = {"cp1251": ["Ключ-1", "ключ-2"], "shift-jis": ["鍵-1", "鍵-2"]}
    data = words.get(encoding, ["Clé-été-1", "Gruß-Größe-2", "señal-3"])
    pack = making.make_pack()

    imported(
        import_files.import_file("\n".join(["data", *data]).encode(encoding), encoding=given), pack
    )

    assert data_of(pack) == data


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("cp1251", ["Ключ-1", "ключ-2"]),
        ("cp1251", ["А-1", "В-2"]),
        ("koi8-r", ["Ключ-1"]),
        ("cp1250", ["Łukasz-1", "świat-2"]),
        ("shift-jis", ["鍵-1", "鍵-2"]),
        ("gb18030", ["密钥-1"]),
    ],
)
def test_an_encoding_that_cannot_be_told_is_asked_for(encoding: str, data: list[str]) -> None:
    pack = making.make_pack()
    content = "\n".join(["data", *data]).encode(encoding)

    with pytest.raises(Unreadable, match="Name its encoding") as asked:
        import_files.start(content, pack)
    assert asked.value.field == "file"
    imported(import_files.import_file(content, encoding=encoding), pack)

    assert data_of(pack) == data


def test_a_mark_stays_out_of_the_first_cell_where_the_encoding_is_named() -> None:
    pack = making.make_pack()

    content = "\ufeffdata\nA\n".encode("utf-16-le")
    imported(import_files.import_file(content, encoding="utf-16-le"), pack)

    assert data_of(pack) == ["A"]


def test_a_byte_far_behind_tells_the_encoding_as_well() -> None:
    pack = making.make_pack()
    lines = [f"S-{number}" for number in range(30_000)]

    imported(("\n".join(["data", *lines]) + "\nfiancé-été-hôtel\n").encode("cp1252"), pack)

    assert pack.serials.filter(data="fiancé-été-hôtel").exists()


def test_xlsx_gives_text_numbers_dates_and_what_formulas_came_to() -> None:
    pack = making.make_pack()
    content = xlsx(
        [
            ["Data", "Extra", "Expires at", None],
            ["00123", '{"edition": "gold"}', None, None],
            [456, None, "2030-01-02", None],
            [7.5, None, None, None],
            [None, None, None, None],
            ["Ä", None, None, None],
        ]
    )

    job = imported(import_files.import_file(content), pack)

    assert data_of(pack) == ["00123", "456", "7.5", "Ä"]
    assert (job.done, plan.file_input(job).file_format.format) == (4, "xlsx")
    assert pack.serials.get(data="00123").extra == {"edition": "gold"}
    expires_at = pack.serials.get(data="456").expires_at
    assert timezone.localtime(expires_at).isoformat()[:19] == "2030-01-02T00:00:00"


def test_a_workbook_complains_of_numbers_it_has_rounded_and_formulas_that_failed() -> None:
    pack = making.make_pack()

    rows: list[list[Any]] = [["data"], [12345678901234567], ["#REF!"], ["fine"]]

    assert complaints(xlsx(rows), pack) == [(2, "UNREADABLE"), (3, "UNREADABLE")]
    assert statuses(pack) == {}


def test_columns_have_any_case_and_other_names_that_are_given() -> None:
    pack = making.make_pack()
    columns = {"Key": Column.DATA, "Price": None, "Valid Until": Column.EXPIRES_AT}

    imported(
        import_files.import_file(
            "KEY,price,valid-until,Order Line,ASSIGNMENT DATE\nA,9,2030-01-01,,2020-01-01\n",
            columns=columns,
        ),
        pack,
    )

    [serial] = pack.serials.all()
    assert (serial.data, serial.expires_at.year, serial.assigned_at.year) == ("A", 2030, 2020)


def zipped(*, name: str = "xl/worksheets/sheet1.xml", content: bytes) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as package:
        package.writestr(name, content)
    return file.getvalue()


def with_document_type() -> bytes:
    """A workbook whose sheet declares entities."""
    was, file = io.BytesIO(xlsx([["data"], ["A"]])), io.BytesIO()
    with ZipFile(was) as package, ZipFile(file, "w") as other:
        for name in package.namelist():
            content = package.read(name)
            if name.endswith("sheet1.xml"):
                content = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + content
            other.writestr(name, content)
    return file.getvalue()


BROKEN_FROM_THE_START: dict[str, tuple[Any, tuple[str, str]]] = {
    "an empty file": (b"", ("file", "REQUIRED")),
    "a picture": (bytes(range(256)) * 20, ("file", "UNREADABLE")),
    "a picture called CSV": (
        import_files.import_file(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, name="a.csv"),
        ("file", "UNREADABLE"),
    ),
    "an encoding that is none": (
        import_files.import_file("data\nA", encoding="klingon"),
        ("encoding", "INVALID"),
    ),
    "an encoding of no text": (
        import_files.import_file("data\nA", encoding="zip"),
        ("encoding", "INVALID"),
    ),
    "a separator of two": (
        import_files.import_file("data,batch\nA,B", separator=",,"),
        ("separator", "INVALID"),
    ),
    "duplicate columns": ("data,batch,DATA\nA,B,C\n", ("columns", "DUPLICATE")),
    "two names of one column": ("data,expiry,expires at\nA,,\n", ("columns", "DUPLICATE")),
    "unknown columns": ("data,colour\nA,red\n", ("columns", "INVALID")),
    "no data column": ("status,batch\nfree,one\n", ("columns", "REQUIRED")),
    "a column that is not there": (
        import_files.import_file("data\nA", columns={"Key": Column.BATCH}),
        ("columns", "NOT_FOUND"),
    ),
    "a header of a million characters": ("data," + "x" * 1_000_001, ("file", "TOO_LONG")),
    "a workbook cut off": (xlsx([["data"], ["A"]])[:900], ("file", "UNREADABLE")),
    "text called a workbook": (
        import_files.import_file("data\nA", format=Format.XLSX),
        ("file", "UNREADABLE"),
    ),
    "a ZIP file of something else": (zipped(name="a.txt", content=b"A"), ("file", "UNREADABLE")),
    "a ZIP bomb": (zipped(content=b"0" * 20_000_000), ("file", "TOO_LONG")),
    "entities": (with_document_type(), ("file", "UNREADABLE")),
    "no pack": ("data\nA\n", ("pack", "REQUIRED")),
    "a NUL in the batch": ("data\nA\n", ("batch_name", "INVALID")),
}


@pytest.mark.parametrize("case", BROKEN_FROM_THE_START)
def test_a_file_whose_beginning_is_broken_is_refused_at_once(case: str) -> None:
    content, expected = BROKEN_FROM_THE_START[case]
    pack = None if case == "no pack" else making.make_pack()
    values = {"batch_name": "a\0b"} if "NUL" in case else {}

    assert refusal(content, pack, **values) == expected


def test_a_bomb_of_many_files_is_not_unpacked() -> None:
    file = io.BytesIO()
    with ZipFile(file, "w") as package:
        for number in range(1_001):
            package.writestr(f"{number}.xml", b"<a/>")

    with mock.patch.object(ZipFile, "open", side_effect=AssertionError("unpacked")):
        assert refusal(file.getvalue(), making.make_pack()) == ("file", "TOO_LONG")


WRONG_ROWS: dict[str, tuple[Any, list[tuple[int | None, str]]]] = {
    "nothing but a header": ("data\n\n", [(None, "REQUIRED")]),
    "no serial": ("data,batch\nA,one\n,two\n", [(3, "REQUIRED")]),
    "a NUL": ("data\nA\nB\0C\n", [(3, "INVALID")]),
    "bytes that are no UTF-8": (
        import_files.import_file(b"data\nA\nB\xff\nC\n", encoding="utf-8"),
        [(3, "UNREADABLE")],
    ),
    "half a character of UTF-16": (
        import_files.import_file(
            "data\nA\nB".encode("utf-16-le") + b"\x00\xd8C\x00", encoding="utf-16-le"
        ),
        [(3, "UNREADABLE")],
    ),
    "a million characters": ("data\nA\n" + "x" * 1_000_000 + "\nB\n", [(3, "TOO_LONG")]),
    "a cell of a million characters": (
        'data,extra\nA,\nB,"' + "x\n" * 500_000 + '"\n',
        [(3, "TOO_LONG")],
    ),
    "70,000 characters": (
        "data\nA\n" + "x" * 70_000 + "\nB\nB\n",
        [(3, "TOO_LONG"), (5, "DUPLICATE")],
    ),
    "a quotation mark that is not closed": (
        import_files.import_file('data\nA\n"B\nC\n', format=Format.CSV),
        [(3, "UNREADABLE")],
    ),
    "text behind a quotation": (
        import_files.import_file('data\nA\n"B"C\n', format=Format.CSV),
        [(3, "UNREADABLE")],
    ),
    "too many cells": ("data,batch\nA,b,c\nB,b,\n", [(2, "INVALID")]),
    "the same twice": ("data\nA\nB\n A\nA\n", [(4, "DUPLICATE"), (5, "DUPLICATE")]),
    "a status that is none": ("data,status\nA,Free\nB,sold\n", [(3, "INVALID")]),
    "extra fields that are no object": (
        'data,extra\nA,"[1]"\nB,"{""a"": 1}"\nC,{\nD,"{""a"": NaN}"\nE,"{""a"": ""\\u0000""}"\n',
        [(2, "INVALID"), (4, "INVALID"), (5, "INVALID"), (6, "INVALID")],
    ),
    "dates that are none": (
        "data,expires at\nA,31.12.2030\nB,2030-02-30\nC,0001-01-01\nD,2030-01-01T00:00:00Z\n",
        [(2, "INVALID"), (3, "INVALID"), (4, "OUT_OF_RANGE")],
    ),
    "a pack that is not there": ("data,pack\nA,\nB,nowhere\n", [(3, "NOT_FOUND")]),
    "free and with a customer": ("data,customer\nA,a@example.com\n", [(2, "INVALID")]),
    "reserved for nobody": ("data,status,customer\nA,reserved,\n", [(2, "REQUIRED")]),
    "given back by nobody": ("data,status,customer\nA,unassigned,\n", [(2, "REQUIRED")]),
    "held by nobody": (
        "data,status,customer\nA,used,\nB,assigned,\n",
        [(2, "REQUIRED"), (3, "REQUIRED")],
    ),
    "a customer that is none": (
        "data,status,customer\nA,used,nobody\nB,used,99999\n",
        [(2, "NOT_FOUND"), (3, "NOT_FOUND")],
    ),
    "an order that is none": (
        "data,status,order\nA,used,999999\nB,used,x\n",
        [(2, "NOT_FOUND"), (3, "NOT_FOUND")],
    ),
    "a line that is none": ("data,status,order line\nA,used,999999\n", [(2, "NOT_FOUND")]),
    "deleted and held": ("data,status,order\nA,deleted,1\n", [(2, "INVALID")]),
    "consumed and assigned": (
        "data,status,customer,consumed at\nA,assigned,a@example.com,2020-01-01\n",
        [(2, "INVALID")],
    ),
}


@pytest.mark.parametrize("case", WRONG_ROWS)
def test_every_wrong_row_is_named_and_nothing_is_changed(case: str) -> None:
    content, expected = WRONG_ROWS[case]
    pack = making.make_pack()

    assert complaints(content, pack) == expected
    assert not Serial.objects.exists()
    assert not Batch.objects.exists()
    assert not Event.objects.exists()
    assert Pack.objects.count() == 1


def test_a_sheet_that_claims_endless_rows_is_not_followed() -> None:
    was, file = io.BytesIO(xlsx([["data"], ["A"]])), io.BytesIO()
    with ZipFile(was) as package, ZipFile(file, "w") as other:
        for name in package.namelist():
            content = package.read(name).replace(b'<row r="2"', b'<row r="99999999999"')
            other.writestr(name, content)

    assert complaints(file.getvalue(), making.make_pack()) == [(1_048_577, "TOO_MANY")]


def test_no_complaint_quotes_a_serial() -> None:
    pack = making.make_pack()
    add.add_serials(pack, ["SECRET-1"], actor="user:1")
    content = (
        "data,status,extra,expires at,customer\nSECRET-1,,,,\nSECRET-2,SECRET-3,,,\nA,,SECRET-4,,\n"
        "B,,,SECRET-5,\nC,used,,,SECRET-6\nSECRET\0-7,,,,\nSECRET-8,,,,\nSECRET-8,,,,\n"
        f"{'SECRET' * 20_000},,,,\n"
    )

    job = import_files.finished(import_files.start(content, pack))

    assert len(job.problems) == 8
    assert "SECRET" not in json.dumps([job.problems, job.input, job.progress, job.file_name])


def test_a_header_that_is_a_serial_is_not_quoted_either() -> None:
    with pytest.raises(InvalidInput) as refused:
        import_files.start(
            import_files.import_file("SECRET-1\nSECRET-2\n", format=Format.CSV), making.make_pack()
        )

    assert "SECRET" not in refused.value.message


def test_what_the_pack_ever_had_is_not_taken_again() -> None:
    pack, other = making.make_pack(), making.make_pack()
    add.add_serials(pack, ["A", "B"], actor="user:1")
    add.add_serials(other, ["C"], actor="user:1")
    Serial.objects.filter(data="A").update(status="deleted")

    assert complaints("data\nC\nA\n B \n", pack) == [(3, "DUPLICATE"), (4, "DUPLICATE")]
    imported(f"data,pack\nC,{pack.slug}\nA,{other.slug}\nE,\nD,{other.slug}\n", pack)

    assert statuses(pack) == {"free": 3, "deleted": 1}
    assert statuses(other) == {"free": 3}


def test_of_many_complaints_the_first_hundred_are_stored_and_all_are_counted() -> None:
    pack = making.make_pack()
    rows = "".join(f"A{number % 200}\n" for number in range(500))

    job = import_files.finished(import_files.start(f"data\n{rows}", pack))

    assert [problem["row"] for problem in job.problems] == list(range(202, 302))
    assert job.problems[0]["message"].endswith("first in row 2.")
    assert job.problem_count == 300
    assert statuses(pack) == {}


def test_a_dry_run_says_all_that_is_wrong_and_changes_nothing() -> None:
    pack = making.make_pack()

    wrong = import_files.finished(import_files.start("data\nA\nA\n\0\nB\n", pack, dry_run=True))
    right = import_files.finished(import_files.start("data\nA\nB\n", pack, dry_run=True))

    assert (wrong.status, wrong.total, wrong.done) == ("done", 4, 0)
    assert [(problem["row"], problem["code"]) for problem in wrong.problems] == [
        (3, "DUPLICATE"),
        (4, "INVALID"),
    ]
    assert (right.status, right.total, right.done, right.problems) == ("done", 2, 0, [])
    assert not JobPart.objects.exists()
    assert not Serial.objects.exists()


def test_limits_are_told_before_anything_is_put_in() -> None:
    small = making.make_pack(size_limit=3)
    in_batches = making.make_pack(type="batch", batch_limit=2)
    archived = making.make_pack()
    add.add_serials(archived, ["S"], actor="user:1")
    lifecycle.delete(archived.pk)
    archived.refresh_from_db()

    assert complaints("data\nA\nB\nC\nD\n", small) == [(None, "LIMIT_REACHED")]
    assert complaints("data\nA\nB\nC\n", in_batches) == [(None, "LIMIT_REACHED")]
    assert complaints("data\nA\n", archived) == [(None, "INVALID")]
    # What is handed out already does not count, nor what goes into another batch.
    imported("data,status,customer\nA,used,a@example.com\nB,,\nC,,\nD,,\n", small)
    imported("data,batch\nA,one\nB,one\nC,two\n", in_batches)

    assert statuses(small) == {"used": 1, "free": 3}
    assert sorted(in_batches.batches.values_list("name", "quantity")) == [("one", 2), ("two", 1)]


def test_absent_packs_are_made_where_that_is_asked_for() -> None:
    there = making.make_pack(name="There")
    content = "data,pack\nA,Space Traders\nB,there\nC,space-traders\nD,Klänge\n"

    assert complaints(content) == [(row, "NOT_FOUND") for row in (2, 4, 5)]
    job = imported(content, create_packs=True)

    made = Pack.objects.exclude(pk=there.pk).order_by("pk")
    assert [(pack.name, pack.slug, data_of(pack)) for pack in made] == [
        ("Space Traders", "space-traders", ["A", "C"]),
        ("Klänge", "klänge", ["D"]),
    ]
    assert data_of(there) == ["B"]
    assert sorted(job.pack_ids) == sorted(Pack.objects.values_list("pk", flat=True))


def test_a_new_pack_has_the_shop_s_limit() -> None:
    rows = "".join(f"A{number},new\n" for number in range(1_001))

    assert complaints(f"data,pack\n{rows}", create_packs=True) == [(None, "LIMIT_REACHED")]
    assert not Pack.objects.exists()


def test_a_pack_of_others_is_as_absent() -> None:
    mine, theirs = making.make_pack(), making.make_pack()
    access = PackAccess(packs=frozenset({mine.pk}), rights={mine.pk: frozenset({Right.IMPORT})})
    content = f"data,pack\nA,{mine.slug}\nB,{theirs.slug}\n"

    assert complaints(content, access=access) == [(3, "NOT_FOUND")]
    assert complaints(content, access=PackAccess(packs=frozenset(), rights={})) == [
        (2, "NOT_FOUND"),
        (3, "NOT_FOUND"),
    ]
    with pytest.raises(InvalidInput, match="There is no such pack"):
        import_files.start("data\nA\n", theirs, access=access)
    with pytest.raises(InvalidInput, match="'assign'"):
        import_files.start("data,status,customer\nA,used,a@example.com\n", mine, access=access)


def test_a_vendor_s_new_pack_is_the_vendor_s() -> None:
    VendorGroup.objects.create(group_id=7, rights=["edit", "import"])
    rights = frozenset({Right.EDIT, Right.IMPORT})
    access = PackAccess(packs=frozenset(), rights={}, groups={7: rights})

    imported("data,pack\nA,Mine\nB,mine\n", access=access, create_packs=True)

    [pack] = Pack.objects.all()
    assert (pack.vendor_group_id, data_of(pack)) == (7, ["A", "B"])


def test_waiting_orders_are_served_by_an_import() -> None:
    link = making.make_link(making.make_pack())
    order_id = making.paid_order(link, units=2)

    imported("data\nA\nB\nC\n", link.pack)

    assert making.held(order_id) == ["A", "B"]


def test_columns_about_holders_take_the_right_to_see_them() -> None:
    content = "data,assignment date\nA,2020-01-01\n"

    assert refusal(content, making.make_pack(), sees_holders=False) == ("columns", "NOT_ALLOWED")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_export_rows, "CHUNK", 10)
    monkeypatch.setattr(serials_writing, "ALL_OR_NOTHING", 50)


def rows(number: int) -> str:
    return "data\n" + "".join(f"S-{each:05}\n" for each in range(number))


@pytest.mark.usefixtures("small_chunks")
def test_a_large_file_goes_in_chunk_by_chunk_as_one_batch() -> None:
    pack = making.make_pack()

    steps = [step.job.done for step in import_files.steps(import_files.start(rows(55), pack))]

    assert [done for done in steps if done] == [10, 20, 30, 40, 50, 55, 55]
    assert data_of(pack) == rows(55).split()[1:]
    [batch] = Batch.objects.all()
    assert batch.quantity == 55
    assert [event.quantity for event in Event.objects.all()] == [55]


@pytest.mark.usefixtures("small_chunks")
def test_a_file_that_is_not_large_goes_in_at_once_or_not_at_all() -> None:
    pack = making.make_pack()
    job = import_files.start(rows(50), pack)
    was = writing.write

    def fail_late(*arguments: Any, **named: Any) -> None:
        if pack.serials.count() == 40:
            raise KeyError("SECRET")
        was(*arguments, **named)

    with mock.patch.object(writing, "write", fail_late):
        stopped = [step.job.done for step in import_files.steps(job)]

    assert set(stopped) == {0}
    assert statuses(pack) == {}
    assert not Batch.objects.exists()
    assert import_files.finished(job).done == 50
    assert statuses(pack) == {"free": 50}


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("after", [1, 3, 5])
@pytest.mark.parametrize("committed", [True, False])
def test_an_import_that_is_killed_goes_on_without_loss_or_duplicates(
    after: int, committed: bool
) -> None:
    pack = making.make_pack()
    job = import_files.start(rows(77), pack)

    import_files.kill_at_chunk(job, after, committed=committed)

    job.refresh_from_db()
    assert (job.status, job.done) == ("running", 10 * (after if committed else after - 1))
    assert pack.serials.count() == job.done
    # The same file again is the same job, whoever was at it.
    again = import_files.start(rows(77), pack)
    assert again == job
    list(import_files.steps(again, at_once=True))
    job.refresh_from_db()
    assert (job.status, job.done, job.total) == ("done", 77, 77)
    assert data_of(pack) == rows(77).split()[1:]
    assert [(batch.quantity, batch.pk) for batch in Batch.objects.all()] == [(77, job.batch_id)]
    assert Event.objects.count() == 1


@pytest.mark.usefixtures("small_chunks")
def test_a_rival_s_serial_stops_a_large_import_which_the_same_file_goes_on_with() -> None:
    pack = making.make_pack()
    job = import_files.start(rows(60), pack)
    steps = import_files.steps(job)
    while next(steps).job.done < 20:
        pass

    add.add_serials(pack, ["S-00025"], actor="user:2")
    list(steps)

    job.refresh_from_db()
    assert (job.status, job.done) == ("failed", 20)
    assert [(problem["row"], problem["code"]) for problem in job.problems] == [(27, "DUPLICATE")]
    assert pack.serials.count() == 21
    assert job.parts.count() == 0
    Serial.objects.filter(batch__quantity=1).delete()
    again = import_files.start(rows(60), pack)
    assert again.pk == job.pk
    assert import_files.finished(again).status == "done"
    assert data_of(pack) == rows(60).split()[1:]


class CountedFile(io.BytesIO):
    """A file that counts the bytes that are read from it."""

    bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self.bytes_read += len(block)
        return block


@pytest.mark.parametrize(("encoding", "times"), [("utf-8", 1), (None, 2)])
def test_a_file_is_hashed_and_stored_in_one_pass(encoding: str | None, times: int) -> None:
    content = rows(300_000).encode()
    file = CountedFile(content)

    job = import_files.start(
        upload.ImportFile(file=file, encoding=encoding, format=Format.CSV), making.make_pack()
    )

    assert job.file_digest == sha256(content).hexdigest()
    assert b"".join(bytes(part.content) for part in job.parts.order_by("number")) == content
    # An encoding that is not named takes a pass of its own; the header a block.
    assert times * len(content) <= file.bytes_read < times * len(content) + 200_000


@pytest.mark.usefixtures("small_chunks")
def test_what_an_import_was_told_is_never_changed_and_its_plan_is_frozen() -> None:
    content = "data,pack,batch\n" + "".join(f"S-{each},new,one\n" for each in range(60))
    job = import_files.start(content, create_packs=True)
    told = job.input

    import_files.kill_at_chunk(job, 2, committed=True)
    job.refresh_from_db()
    [pack] = Pack.objects.all()
    [batch] = Batch.objects.all()
    progress = typed_json.load(plan.ImportProgress, job.progress)
    list(import_files.steps(job, at_once=True))

    assert progress.plan == plan.ImportPlan(
        packs=(plan.PlannedPack(slug="new", name="new", id=pack.pk),),
        batches=(plan.PlannedBatch(pack="new", name="one", quantity=60, id=batch.pk),),
    )
    with pytest.raises(FrozenInstanceError):
        progress.plan.packs = ()  # type: ignore[misc]
    job.refresh_from_db()
    assert (job.input, job.pack_ids, job.status) == (told, [pack.pk], "done")
    assert len(data_of(pack)) == batch.pack.batches.get().quantity == 60


@pytest.mark.usefixtures("small_chunks")
def test_a_customer_deleted_since_the_check_gets_no_serial() -> None:
    pack = making.make_pack()
    job = import_files.start("data,status,customer\nA,used,77\n", pack)
    shop_user = get_user_model().objects.create(pk=77, email="gone@example.com")
    steps = import_files.steps(job)
    next(steps)
    shop_user.delete()

    list(steps)

    job.refresh_from_db()
    assert [(each["row"], each["code"]) for each in job.problems] == [(2, "NOT_FOUND")]
    assert (job.status, statuses(pack)) == ("failed", {})


@pytest.mark.usefixtures("small_chunks")
def test_another_file_or_other_input_is_another_import() -> None:
    pack = making.make_pack()
    job = import_files.start(rows(60), pack)

    others = [
        import_files.start(rows(61), pack),
        import_files.start(rows(60), pack, batch_name="Other"),
        import_files.start(rows(60), pack, actor="user:2"),
        import_files.start(rows(60), pack, dry_run=True),
        import_files.start(rows(60), making.make_pack()),
    ]

    assert len({job.pk, *(other.pk for other in others)}) == 6
    assert import_files.start(rows(60), pack) == job


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
        min_size=1,
        unique_by=normalised,
    )
)
def test_whatever_text_csv_can_say_is_imported_as_it_is(texts: list[str]) -> None:
    texts = [text for text in texts if normalised(text)]
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerows([["data", "batch"], *([text, "x"] for text in texts)])
    found = [
        cells
        for _, cells in import_export_rows.rows_of_file(
            io.BytesIO(file.getvalue().encode()),
            formats.FileFormat(format=Format.CSV, encoding="utf-8", separator=","),
        )
        if cells
    ]

    assert found[1:] == [[text, "x"] for text in texts]


@pytest.mark.parametrize("make", [lambda: rows(200_000)])
def test_memory_stays_flat_over_200_000_rows(make: Callable[[], str]) -> None:
    pack = making.make_pack()
    job = import_files.start(make(), pack)

    grown = import_files.megabytes_grown(lambda: list(import_files.steps(job)))

    job.refresh_from_db()
    assert (job.status, job.done, pack.serials.count()) == ("done", 200_000, 200_000)
    assert grown < 80
