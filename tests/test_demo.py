"""The demo tells its story to the end, and a wrong number stops it."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from demo import __main__ as command
from demo import scenario
from demo.assertions import Checks, WrongNumberError
from demo.services import stage
from demo.terminal import Terminal
from tests.hosts import shop

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "saleor_serials"
# Where the plugin's wheel is unpacked, if Saleor has a Python of its own.
PYTHON = os.environ.get("SALEOR_PYTHON")
INSTALLED = (
    next(Path(PYTHON).parents[1].glob("lib/*/site-packages/saleor_serials")) if PYTHON else SOURCE
)


def run_demo(*, database_url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        # As wide as it gets, whatever the terminal of this run: no line that is read wraps.
        env={
            **os.environ,
            "DATABASE_URL": database_url,
            "TMPDIR": str(folder),
            "COLUMNS": "100",
        },
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_the_story_is_told_to_its_end_with_every_number_right(
    database_url: str, tmp_path: Path
) -> None:
    told = run_demo(database_url=database_url, folder=tmp_path)

    assert (told.returncode, told.stderr) == (0, ""), told.stdout
    for line in (
        "✓ 10 serials are in the pack",
        "✓ Refused, naming the second of the two pasted serials",
        "✓ Nothing was changed: 10 serials, all of them free",
        "│ Subject  Your 4 serials for order",
        "✓ Ada sees her 4 serials",
        "✓ Ben, who has got hold of that link, sees 0",
        "✓ Shortfall of Ben's order: 4",
        "✓ Shortfall of Ben's order: 0",
        "✓ Her 4 serials are unassigned, and those of Ben's order are still his",
        "✓ 16 serials, each with all that happened to it",
    ):
        assert line in told.stdout
    found = re.findall("It found the plugin in (.*)", told.stdout)
    assert found == [str(INSTALLED.relative_to(ROOT))]
    assert "\x1b" not in told.stdout, "colours are for terminals"
    assert list(tmp_path.iterdir()) == [], "a demo leaves nothing behind"


def test_the_demo_leaves_a_database_alone_that_holds_somebodys_shop(
    database_url: str, tmp_path: Path
) -> None:
    shop.make_user(email="somebody@example.com")

    refused = run_demo(database_url=database_url, folder=tmp_path)

    assert refused.returncode == 2
    assert "✗ The database that DATABASE_URL names holds somebody's shop." in refused.stdout
    assert get_user_model().objects.count() == 1


def test_what_is_installed_has_every_file_of_the_package() -> None:
    def files(folder: Path) -> set[Path]:
        every = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder) for path in every if path.suffix != ".pyc"}

    assert files(INSTALLED) == files(SOURCE)


def test_the_demos_processes_end_with_it_even_if_it_is_killed(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from demo.services.processes import child
with child("sleep", ["sleep", "60"], log=Path({str(tmp_path / "log")!r})) as sleep:
    print(sleep._process.pid, flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())

        owner.kill()

    assert has_ended(pid)


def has_ended(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(StringIO):
        def isatty(self) -> bool:
            return True

    def shown() -> str:
        output = Screen()
        Terminal(output).done("4 serials")
        return output.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert shown() == "  \x1b[32m✓\x1b[0m 4 serials\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown() == "  ✓ 4 serials\n"


def test_a_wrong_number_is_named_with_the_right_one() -> None:
    output = StringIO()
    checks = Checks(Terminal(output), patience=0)

    with pytest.raises(WrongNumberError, match=r"^Ada's serials: expected 4, got 3$"):
        checks.confirm_soon("Ada's serials", lambda: 3, 4)

    assert (output.getvalue(), checks.number) == ("", 0)


def test_the_first_wrong_number_ends_the_demo_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def set_up(*args: Any, **kwargs: Any) -> Iterator[Any]:
        yield SimpleNamespace(is_new=True)

    def tell(terminal: Terminal, stage: Any) -> None:
        Checks(terminal).confirm("Ada's order holds 4 serials", 3, 4)

    monkeypatch.setattr(stage, "set_up", set_up)
    monkeypatch.setattr(scenario, "tell", tell)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["demo"])

    status = command.main()

    assert status == 1
    assert capsys.readouterr().out.endswith("✗ Ada's order holds 4 serials: expected 4, got 3\n")
