"""The shape of the code: which way imports point, and what the two hosts must have in common."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import saleor_serials
from saleor_serials import host as seam
from saleor_serials.errors import UnsupportedHost
from saleor_serials.host import choose

PACKAGE = Path(saleor_serials.__file__).parent
DEMO = Path(__file__).parents[1] / "demo"
SOURCES = [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]

# Doors call the story, the story calls what is shared; nobody calls back.
DOORS = {"plugin", "middleware", "tasks", "graphql", "management", "apps", "urls"}
SHARED = {"models", "errors", "config", "history", "permissions", "host", "checks"}
# Celery's app and the plugin are what starts us: these doors lead into each other.
AMONG_DOORS = {
    ("apps", "tasks"),
    ("apps", "middleware"),
    ("middleware", "tasks"),
    ("apps", "graphql"),
    ("plugin", "tasks"),
    ("graphql", "tasks"),
    ("management", "graphql"),
    ("management", "tasks"),
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows() -> set[tuple[str, str]]:
    """Which module of the package imports which."""
    return {
        (name_of(path), imported.split(".")[1])
        for path in SOURCES
        for imported in imports_of(path)
        if imported.startswith("saleor_serials.") and imported.split(".")[1] != "__version__"
        if (PACKAGE / imported.split(".")[1]).exists()
        or (PACKAGE / f"{imported.split('.')[1]}.py").exists()
    }


def test_nobody_imports_a_door() -> None:
    wrong = {
        (importer, door)
        for importer, door in arrows()
        if door in DOORS and importer != door and (importer, door) not in AMONG_DOORS
    }

    assert wrong == set(), "the story must not know who asks"


def test_what_is_shared_imports_only_what_is_shared() -> None:
    wrong = {
        (importer, imported)
        for importer, imported in arrows()
        if importer in SHARED and imported not in SHARED
    }

    # The seam's customer keys and the config's statuses are shared as well.
    assert wrong == set()


def test_models_import_nobody() -> None:
    assert {imported for importer, imported in arrows() if importer == "models"} <= {"models"}


@pytest.mark.parametrize("kind", ["generators", "renderers"])
def test_what_makes_and_shows_serials_knows_neither_the_database_nor_the_host(kind: str) -> None:
    aids = {"errors", "extensions", "pictures"}
    known = arrows()

    for each in (kind, *aids):
        assert {imported for importer, imported in known if importer == each} <= {each, *aids}
    assert not any(
        imported.split(".")[0] == "django"
        for path in SOURCES
        if name_of(path) in {kind, "extensions", "pictures"}
        for imported in imports_of(path)
    )


def test_only_the_seam_imports_saleor() -> None:
    outside = {
        path.relative_to(PACKAGE).as_posix()
        for path in SOURCES
        for imported in imports_of(path)
        if imported.split(".")[0] == "saleor" and name_of(path) != "host"
    }

    assert outside == set()


def test_only_the_seam_asks_for_the_version() -> None:
    outside = [
        path.name
        for path in SOURCES
        if name_of(path) != "host"
        for word in ("saleor.__version__", "hasattr(host", "except ImportError", "SALEOR_2")
        if word in path.read_text()
    ]

    assert outside == []


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
            if names == ["__all__"]:
                found = dict.fromkeys(ast.literal_eval(node.value or ast.Tuple()), "=") | found
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname: "=" for alias in node.names if alias.asname}
    return {name: what for name, what in found.items() if not name.startswith("_")}


def halves() -> dict[str, str]:
    """Each file of the seam, and of the demo's, that speaks to 2.10.1, and its twin."""
    files = [
        *(PACKAGE / "host/saleor2").glob("*.py"),
        *(PACKAGE / "host").glob("*2.py"),
        *(DEMO / "hosts").glob("*2.py"),
    ]
    names = [path.relative_to(DEMO.parent).as_posix() for path in files]
    return {
        name: name.replace("saleor2", "saleor3")
        .replace("graphql2", "graphql3")
        .replace("api2", "api3")
        for name in names
    }


@pytest.mark.parametrize(("one", "other"), halves().items())
def test_both_hosts_offer_the_same_names_with_the_same_parameters(one: str, other: str) -> None:
    assert public_names(DEMO.parent / one) == public_names(DEMO.parent / other)


def test_the_seam_has_two_halves() -> None:
    names = {path.name for path in (PACKAGE / "host/saleor2").glob("*.py")}

    assert names == {path.name for path in (PACKAGE / "host/saleor3").glob("*.py")}


@pytest.mark.parametrize("version", ["3.21.69", "3.22.67", "3.23.28", "3.24.0-a.0"])
def test_one_half_speaks_to_every_saleor_3(version: str) -> None:
    assert choose(version) == ("saleor3", "api3")


def test_the_installed_host_is_the_one_for_its_version() -> None:
    assert seam.host.__name__ == f"saleor_serials.host.{seam.installed_modules()[0]}"
    assert choose("2.10.1") == ("saleor2", "api2")


@pytest.mark.parametrize("version", ["2.9.0", "2.11", "3.20.1", "3.25.0", "4.0", "dev"])
def test_another_version_is_refused_by_name(version: str) -> None:
    supported = re.escape("it supports 2.10, 3.21, 3.22, 3.23, 3.24")

    with pytest.raises(UnsupportedHost, match=f"{re.escape(version)}; {supported}"):
        choose(version)
