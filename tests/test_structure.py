"""The shape of the code: which way imports point, and what crosses the seam."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

import saleor_serials
from saleor_serials import host as seam
from saleor_serials.errors import UnsupportedHost
from saleor_serials.host import choose, contract

PACKAGE = Path(saleor_serials.__file__).parent
ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo"
SOURCES = [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]
OUTSIDE = [path for path in SOURCES if path.relative_to(PACKAGE).parts[0] != "host"]


def test_every_import_keeps_the_contracts() -> None:
    """The floors, and what may know Saleor, GraphQL and the database: in pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run(
        [linter, "--no-cache", "--config", ROOT / "pyproject.toml"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_only_the_seam_imports_saleor() -> None:
    """Inside functions, too, where the contracts look as well, and under any name."""
    knowing = {
        path.relative_to(PACKAGE).as_posix()
        for path in OUTSIDE
        for imported in imports_of(path)
        if imported.split(".")[0] == "saleor"
    }

    assert knowing == set()


def test_only_the_seam_asks_for_the_version() -> None:
    asking = [
        path.name
        for path in OUTSIDE
        for word in ("saleor.__version__", "hasattr(host", "SALEOR_2", "installed_version")
        if word in path.read_text()
    ]

    assert asking == []


def test_nobody_learns_the_version_from_an_import_that_fails() -> None:
    assert [path.name for path in SOURCES if "except ImportError" in path.read_text()] == []


def saleors_tables() -> set[str]:
    models = apps.get_models(include_auto_created=True)
    return {each._meta.db_table for each in models if each.__module__.split(".")[0] == "saleor"}


def test_saleors_tables_are_named_by_the_seam_alone() -> None:
    tables = saleors_tables()
    assert {"order_order", "product_productvariant", "warehouse_stock", "account_user"} <= tables
    name = re.compile(rf"\b({'|'.join(tables)})\b|\brelated_model\b")

    named = {
        (path.relative_to(PACKAGE).as_posix(), found[0])
        for path in OUTSIDE
        for found in name.finditer(path.read_text())
    }

    assert named == set(), "ask the host for it, by a small function named after the fact"


HALVES = [(contract.Host, "host"), (contract.Api, "api")]


def members(protocol: type) -> dict[str, Any]:
    """What a protocol asks for: its functions, and None for each name that is no function."""
    functions = {name: each for name, each in vars(protocol).items() if inspect.isfunction(each)}
    return {
        name: each for name, each in functions.items() if not name.startswith("_")
    } | dict.fromkeys(protocol.__annotations__)


@pytest.mark.parametrize(("protocol", "half"), HALVES)
def test_the_installed_host_keeps_the_contract_word_for_word(protocol: type, half: str) -> None:
    """Mypy does not mind what a positional parameter is called, or that one more may be left out.

    Of the other host mypy knows the same, whichever is installed; CI installs both.
    """
    module = getattr(seam, half)

    for name, function in members(protocol).items():
        offered = getattr(module, name)
        if function is not None:
            _, *asked = inspect.signature(function).parameters.values()
            signature = inspect.signature(offered)
            assert list(signature.parameters.values()) == asked, name
            assert signature.return_annotation == inspect.signature(function).return_annotation


@pytest.mark.parametrize(("protocol", "half"), HALVES)
def test_the_contract_has_what_crosses_the_seam_and_nothing_else(protocol: type, half: str) -> None:
    used = {
        found[1]
        for path in OUTSIDE
        for found in re.finditer(rf"(?<![\w.]){half}\.(\w+)", path.read_text())
    } - {"py", "shapes"}

    assert set(members(protocol)) == used


def public_names(path: Path) -> dict[str, str]:
    """What a module offers: each public function and method with its parameters, each constant."""

    def parameters(function: ast.FunctionDef) -> str:
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            argument.annotation = None
        return ast.unparse(arguments)

    found: dict[str, str] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = parameters(node)
        elif isinstance(node, ast.ClassDef):
            found[node.name] = "class"
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            found |= dict.fromkeys(names, "=")
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname: "=" for alias in node.names if alias.asname}
    return {name: what for name, what in found.items() if not name.startswith("_")}


def twins() -> dict[str, str]:
    """Each file of the demo's that speaks to 2.10.1, and its twin."""
    names = [path.relative_to(ROOT).as_posix() for path in (DEMO / "hosts").glob("*2.py")]
    return {name: name.replace("2.py", "3.py") for name in names}


@pytest.mark.parametrize(("one", "other"), twins().items())
def test_the_demo_runs_both_hosts_by_the_same_names(one: str, other: str) -> None:
    assert public_names(ROOT / one) == public_names(ROOT / other)


def test_the_seam_has_two_halves() -> None:
    names = {path.name for path in (PACKAGE / "host/saleor2").glob("*.py")}

    assert names == {path.name for path in (PACKAGE / "host/saleor3").glob("*.py")}


@pytest.mark.parametrize("version", ["3.21.69", "3.22.67", "3.23.28", "3.24.0-a.0"])
def test_one_half_speaks_to_every_saleor_3(version: str) -> None:
    assert choose(version) == ("saleor3", "api3")


def test_the_installed_host_is_the_one_for_its_version() -> None:
    # Channels came with Saleor 3.
    number = 3 if find_spec("saleor.channel") else 2

    assert (
        sys.modules[seam.host.order_snapshot.__module__].__package__
        == f"saleor_serials.host.saleor{number}"
    )
    assert getattr(seam.api, "__name__", "") == f"saleor_serials.host.api{number}"
    assert choose("2.10.1") == ("saleor2", "api2")


@pytest.mark.parametrize("version", ["2.9.0", "2.11", "3.20.1", "3.25.0", "4.0", "dev"])
def test_another_version_is_refused_by_name(version: str) -> None:
    supported = re.escape("it supports 2.10, 3.21, 3.22, 3.23, 3.24")

    with pytest.raises(UnsupportedHost, match=f"{re.escape(version)}; {supported}"):
        choose(version)
