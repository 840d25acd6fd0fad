"""One word, one thing: the glossary names what exists, and what it forbids is in no identifier."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from saleor_serials import config
from saleor_serials.extensions.consumers import CONSUMERS
from saleor_serials.extensions.generators import GENERATORS
from saleor_serials.extensions.renderers import RENDERERS
from tests.docs import pages

GLOSSARY = "docs/glossary.md"
FORBIDDEN = [name for row in pages.rows(GLOSSARY, "never") for name in pages.names(row[0])]
TEMPLATES = pages.PACKAGE / "templates"
# What is said where: (an identifier, the file it stands in).
type Said = Iterator[tuple[str, str]]


def words(identifier: str) -> list[str]:
    """Split snake_case, camelCase and CAPITALS into words in lower case."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", identifier)
    return [word.lower() for word in found]


def is_forbidden(identifier: str, never: str) -> bool:
    if never[0].isupper():
        return identifier.strip("_") == never
    said, sought = words(identifier), never.split("_")
    return any(
        said[start : start + len(sought)] == sought for start in range(len(said) - len(sought) + 1)
    )


def wrong(said: Said) -> list[str]:
    return sorted(
        {
            f"{where}: {identifier} ({never})"
            for identifier, where in said
            for never in FORBIDDEN
            if is_forbidden(identifier, never)
        }
    )


def sources(folder: str) -> list[Path]:
    return sorted((pages.ROOT / folder).rglob("*.py"))


def where(path: Path) -> str:
    return path.relative_to(pages.ROOT).as_posix()


def names_of_files(folder: str) -> Said:
    for path in (pages.ROOT / folder).rglob("*"):
        if path.suffix in {".py", ".html", ".txt", ".graphql"} or path.is_dir():
            yield path.name.partition(".")[0], where(path)


def definitions(tree: ast.AST) -> Iterator[str]:
    """The classes and functions of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def identifiers(tree: ast.AST) -> Iterator[str]:
    """All that a module names: also arguments, variables, attributes and columns."""
    yield from definitions(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name
            case ast.keyword(arg=str(name)) | ast.alias(asname=str(name)):
                yield name
            case ast.alias(name=name):
                yield from name.split(".")


def of_the_package() -> Said:
    for path in sources("saleor_serials"):
        for identifier in identifiers(ast.parse(path.read_text())):
            # Django's own modules may be called anything.
            if not (path.parent.name == "migrations" and identifier == "utils"):
                yield identifier, where(path)


def of_graphql() -> Said:
    schema = (pages.PACKAGE / "graphql/schema.graphql").read_text()
    for identifier in re.findall(r"\w+", re.sub(r'"""(.|\n)*?"""|"[^"]*"', "", schema)):
        yield identifier, "schema.graphql"


def of_settings() -> Said:
    for field in config.FIELDS:
        yield field.name, "settings"
    for registry in (GENERATORS, RENDERERS, CONSUMERS):
        for name, extension in registry.registered().items():
            yield name.replace("-", "_"), f"{registry.kind}s"
            for setting in extension.settings:
                yield setting.name, f"{registry.kind} {name}"


def of_templates() -> Said:
    for path in sorted(TEMPLATES.rglob("*.*")):
        for tag in re.findall(r"\{[{%](.*?)[%}]\}", path.read_text()):
            for identifier in re.findall(r"\w+", re.sub(r"\"[^\"]*\"|'[^']*'", "", tag)):
                yield identifier, where(path)


def test_no_identifier_of_the_package_has_a_forbidden_word() -> None:
    assert wrong(of_the_package()) == []


def test_no_file_or_folder_has_a_forbidden_word() -> None:
    folders = ("saleor_serials", "tests", "demo", "benchmarks")

    assert [each for folder in folders for each in wrong(names_of_files(folder))] == []


def test_no_name_of_graphql_has_a_forbidden_word() -> None:
    assert wrong(of_graphql()) == []


def test_no_setting_has_a_forbidden_word() -> None:
    assert wrong(of_settings()) == []


def test_no_variable_of_a_template_has_a_forbidden_word() -> None:
    assert wrong(of_templates()) == []


@pytest.mark.parametrize("folder", ["tests", "demo", "benchmarks"])
def test_no_class_or_function_has_a_forbidden_word(folder: str) -> None:
    said = (
        (identifier, where(path))
        for path in sources(folder)
        for identifier in definitions(ast.parse(path.read_text()))
    )

    assert wrong(said) == []


@pytest.mark.parametrize(
    ("code", "never"),
    [
        ("def note_wish(): ...", "wish"),
        ("class _WishList: ...", "wish"),
        ("def f(*, is_live): ...", "live"),
        ("GONE = 1", "gone"),
        ("record.noted = {}", "noted"),
        ("f(wanted=1)", "wanted"),
        ("import a as mirror", "mirror"),
        ("from a import utils", "utils"),
        ("class Hand: ...", "Hand"),
        ("def f_by_hand(): ...", "by_hand"),
        ("serialKey = 1", "serial_key"),
    ],
)
def test_a_forbidden_word_is_found_wherever_code_names_it(code: str, never: str) -> None:
    said = ((identifier, "example") for identifier in identifiers(ast.parse(code)))

    assert [each.partition("(")[2].rstrip(")") for each in wrong(said)] == [never]


@pytest.mark.parametrize(
    "identifier", ["handle", "handed_out", "alive", "reached", "Handler", "serial_number", "Former"]
)
def test_other_words_are_not(identifier: str) -> None:
    assert wrong(iter([(identifier, "example")])) == []


def test_the_glossary_names_what_the_code_has() -> None:
    named = {name for row in pages.rows(GLOSSARY, "word") for name in pages.names(row[2])}
    said = {
        *(identifier for path in sources("saleor_serials") for identifier in said_in(path)),
        *(identifier for identifier, _ in names_of_files("saleor_serials")),
    }

    assert named
    assert named - said == set()


def said_in(path: Path) -> set[str]:
    return set(identifiers(ast.parse(path.read_text())))


def test_no_word_of_the_glossary_is_forbidden() -> None:
    named = {name for row in pages.rows(GLOSSARY, "word") for name in pages.names(row[2])}

    assert wrong((name, GLOSSARY) for name in named) == []
