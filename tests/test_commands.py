"""The commands for long work, as an operator calls them."""

import csv
import io
import re
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import CommandError, call_command

from saleor_serials.import_export import rows, serials_writing
from saleor_serials.jobs import work
from saleor_serials.models import Batch, Job, Pack
from saleor_serials.serials import add, generation_job
from tests import import_files, making
from tests.hosts import shop
from tests.making import exit_status, statuses


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "serials.csv"


@pytest.fixture
def pack() -> Pack:
    return making.make_pack(name="Space", generator="uuid")


class Terminal(io.StringIO):
    """Something that shows a bar."""

    def isatty(self) -> bool:
        return True


def test_a_file_is_imported(file: Path, pack: Pack, capsys: pytest.CaptureFixture[str]) -> None:
    link = making.make_link(making.make_pack(name="Other"))
    order_id = making.paid_order(link)
    file.write_text("Key;pack\nA;\nB;other\n")

    options = ["--pack", "space", "--column", "Key=data", "--batch", "May"]
    call_command("import_serials", str(file), *options)

    assert capsys.readouterr().out == "2 rows imported.\n"
    assert statuses(pack) == {"free": 1}
    assert making.held(order_id) == ["B"]
    assert set(Batch.objects.values_list("name", flat=True)) == {"May"}


def test_complaints_go_to_stderr_and_nothing_is_changed(
    file: Path, pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("data\nSECRET\nSECRET\n" + "B\n" * 200)

    for options in ([], ["--dry-run"]):
        with pytest.raises(CommandError, match=r"^200 complaints; nothing was changed\.$"):
            call_command("import_serials", str(file), "--pack", "space", *options)

        out, err = capsys.readouterr()
        lines = err.splitlines()
        assert lines[0] == (
            "row 3: This serial stands in the file twice; first in row 2. (DUPLICATE)"
        )
        assert (len(lines), lines[-1]) == (101, "... and 100 more.")
        assert "SECRET" not in out + err
    assert statuses(pack) == {}


def test_a_dry_run_says_that_all_is_well(
    file: Path, pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("data\nA\nB\n")

    call_command("import_serials", str(file), "--pack", "space", "--dry-run")

    assert capsys.readouterr().out == "2 rows can be imported.\n"
    assert statuses(pack) == {}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--pack", "nowhere"], "There is no pack with the slug 'nowhere'."),
        ([], "Name a pack, or have a column called pack."),
        (["--pack", "space", "--encoding", "klingon"], "There is no such encoding"),
        (["--pack", "space", "--column", "a=colour"], "Columns are: data, status"),
        (["--pack", "space", "--column", "colour"], "write NAME=COLUMN"),
        (["--pack", "space", "--format", "pdf"], "invalid choice"),
        (["--links", "--pack", "space"], "columns: sku, product, pack, quantity"),
    ],
)
def test_what_is_wrong_with_the_call_is_said(
    file: Path, pack: Pack, options: list[str], complaint: str
) -> None:
    file.write_text("data,batch\nA,B\n")

    with pytest.raises(CommandError) as refused:
        call_command("import_serials", str(file), *options)

    assert complaint in str(refused.value) or complaint in str(refused.value.__context__)
    assert not Job.objects.exists()


def test_a_file_that_is_not_there_is_said(file: Path, pack: Pack) -> None:
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("import_serials", str(file), "--pack", "space")
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("export_serials", str(file.parent / "nowhere" / "x"))


def test_links_are_imported(file: Path, pack: Pack) -> None:
    variant = shop.make_variant()
    file.write_text(f"sku\tquantity\n{variant.sku}\t3\n")

    call_command("import_serials", str(file), "--pack", "space", "--links", "--separator", "\\t")

    assert pack.links.get().quantity == 3


def test_standard_input_is_imported(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = mock.Mock(buffer=io.BytesIO(b"A\nB\n"))
    monkeypatch.setattr(sys, "stdin", stdin)

    call_command("import_serials", "-", "--pack", "space")

    assert statuses(pack) == {"free": 2}


def test_a_terminal_shows_how_far_it_is(
    file: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK", 10)
    monkeypatch.setattr(serials_writing, "ALL_OR_NOTHING", 20)
    file.write_text("data\n" + "".join(f"S{number}\n" for number in range(30)))
    monkeypatch.setenv("TERM", "xterm")
    terminal, pipe = Terminal(), io.StringIO()

    call_command("import_serials", str(file), "--pack", "space", stderr=terminal)
    call_command("generate_serials", "space", "10", stderr=pipe)

    shown = terminal.getvalue()
    assert "rows checked: 20" in shown
    plain = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown)
    bars = re.findall(r"(━+)\S* (\d+) of 30", plain)
    assert bars[0] == ("━" * 10, "10")
    assert bars[-1] == ("━" * 30, "30")
    assert plain.endswith("\n")
    assert pipe.getvalue() == ""


def test_serials_are_generated(pack: Pack, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("generate_serials", "space", "1500", "--batch", "May")

    assert capsys.readouterr().out == "1,500 serials generated.\n"
    assert statuses(pack) == {"free": 1_500}
    with pytest.raises(CommandError, match="1 to 10,000,000"):
        call_command("generate_serials", "space", "0")


def test_a_command_that_cannot_finish_says_who_will(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_job.generation, "draw", mock.Mock(side_effect=OSError))

    with pytest.raises(CommandError, match="the sweep goes on with it"):
        call_command("generate_serials", "space", "10")


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_serials_are_exported_and_imported_again(
    file: Path, pack: Pack, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    add.add_serials(pack, ["=A", "B"], actor="user:1")
    making.make_serials(making.make_pack(), 3)
    pack.serials.filter(data="B").update(status="deleted")

    options = ["--pack", "space", "--status", "free", "--status", "deleted", "--format", format]
    call_command("export_serials", str(file), *options)
    assert capsys.readouterr().out == "2 serials exported.\n"
    other = making.make_pack(name="Other")
    call_command("import_serials", str(file), "--pack", "other", "--column", "pack=")

    assert sorted(other.serials.values_list("data", "status")) == [
        ("=A", "free"),
        ("B", "deleted"),
    ]
    assert not Job.objects.filter(parts__isnull=False).exists()


def test_serials_are_exported_to_standard_output(
    pack: Pack, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    add.add_serials(pack, ["A", "B"], actor="user:1")

    call_command("export_serials", "-")

    out = capfdbinary.readouterr().out.decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(out))] == ["data", "A", "B"]


def test_the_exit_status_tells_whether_it_was_done(
    file: Path, pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("data\nA\nB\nA\n")

    status = exit_status("import_serials", str(file), "--pack", "space")

    said = capsys.readouterr()
    assert status == 1
    assert "row 4: This serial stands in the file twice; first in row 2. (DUPLICATE)" in said.err
    assert "CommandError: 1 complaint; nothing was changed." in said.err
    assert said.out == ""


def test_the_same_command_goes_on_after_a_kill(
    file: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK", 10)
    monkeypatch.setattr(serials_writing, "ALL_OR_NOTHING", 20)
    file.write_text("data\n" + "".join(f"S{number}\n" for number in range(55)))
    options: list[Any] = ["import_serials", str(file), "--pack", "space"]
    with pytest.raises(AssertionError), mock.patch.object(work, "run", side_effect=AssertionError):
        call_command(*options)
    job = Job.objects.get()
    import_files.kill_at_chunk(job, 3, committed=False)
    assert pack.serials.count() == 20

    call_command(*options)

    assert Job.objects.get().status == "done"
    assert statuses(pack) == {"free": 55}
    assert Batch.objects.get().quantity == 55
