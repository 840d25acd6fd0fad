"""Who holds a serial changes in ``assignments/`` only: the source of the rest is read for it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import saleor_serials

PACKAGE = Path(saleor_serials.__file__).parent
HOLDER = {"status", "customer", "assignment", "assignment_id"}
# It deletes only what nobody holds: its statement that locks says so.
EXCEPT = {"serials/deletion.py"}
LEFT_OUT = ("assignments/", "migrations/")

_UPDATE = re.compile(
    r"UPDATE\s+saleor_serials_serial\b.*?\bSET\b(?P<set>.*?)(?:\bFROM\b|\bWHERE\b|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_COLUMN = re.compile(r"\b(status|customer|assignment_id)\b\s*=")


def changes(source: str) -> Iterator[int]:
    """The lines that write a serial's holder columns, or draft a serial with a holder."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=str(text)):
                if any(_COLUMN.search(found["set"]) for found in _UPDATE.finditer(text)):
                    yield node.lineno
            case ast.Call(func=ast.Attribute(attr="update", value=rows), keywords=keywords):
                of_serials = re.search(r"Serial\.objects|\bserials\b", ast.unparse(rows))
                if of_serials and HOLDER & {keyword.arg for keyword in keywords}:
                    yield node.lineno
            case ast.Call(func=ast.Attribute(attr="bulk_update", value=rows), args=[_, fields]):
                if "Serial.objects" in ast.unparse(rows) and names(fields) & HOLDER:
                    yield node.lineno
            case ast.Call(
                func=ast.Attribute(attr="save", value=ast.Name(id="serial")), keywords=keywords
            ):
                saved = {keyword.arg: keyword.value for keyword in keywords}
                if "update_fields" not in saved or names(saved["update_fields"]) & HOLDER:
                    yield node.lineno
            case ast.Call(func=ast.Name(id="Draft"), keywords=keywords):
                if {"customer", "assignment_id"} & {keyword.arg for keyword in keywords}:
                    yield node.lineno


def names(fields: ast.expr) -> set[object]:
    return {node.value for node in ast.walk(fields) if isinstance(node, ast.Constant)}


def test_only_assignments_change_who_holds_a_serial() -> None:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(LEFT_OUT) and name not in EXCEPT:
            found += [f"{name}:{line}" for line in changes(path.read_text())]

    assert found == [], "Move this into a function of saleor_serials/assignments/"


def test_assignments_are_where_the_changes_are() -> None:
    modules = (PACKAGE / "assignments").glob("*.py")

    writers = {path.name for path in modules if [*changes(path.read_text())]}

    assert writers == {"claims.py", "holders.py", "release.py"}


@pytest.mark.parametrize(
    "source",
    [
        "SQL = 'UPDATE saleor_serials_serial AS s SET customer = a.customer FROM a'",
        "SQL = f'UPDATE saleor_serials_serial SET assignment_id = NULL WHERE {condition}'",
        "Serial.objects.filter(pk=1).update(customer='')",
        "pack.serials.filter(pk=1).update(status='free', position=1)",
        "Serial.objects.bulk_update(rows, ['assignment'])",
        "serial.save(update_fields=['status'])",
        "serial.save()",
        "Draft(data='x', customer='user:1')",
    ],
)
def test_a_change_of_a_holder_is_found_however_it_is_written(source: str) -> None:
    assert [*changes(source)] == [1]


@pytest.mark.parametrize(
    "source",
    [
        "SQL = 'UPDATE saleor_serials_serial AS s SET position = 1 WHERE status = 1'",
        "Serial.objects.filter(status='free').update(delivered_at=now)",
        "serial.save(update_fields=['extra', 'expires_at'])",
        "Draft(data='x', extra={})",
    ],
)
def test_what_leaves_the_holder_alone_is_not_found(source: str) -> None:
    assert [*changes(source)] == []
