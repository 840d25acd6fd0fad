"""What the README promises can be done, and is true of this very environment."""

import re
import sys
from importlib import metadata
from pathlib import Path

import django
import pytest
from django.core.management import get_commands
from django.db import connection
from graphql import parse, validate

from saleor_serials import config, tasks
from saleor_serials.delivery.metadata import MAX_LENGTH
from saleor_serials.host import SUPPORTED, api, installed_version
from saleor_serials.import_export import columns, serials_writing
from saleor_serials.models import MAX_DATA_BYTES
from saleor_serials.packs import metadata_links
from saleor_serials.packs.links import MAX_QUANTITY
from saleor_serials.serials.add import MAX_SERIALS_PER_CALL

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PACKAGE = ROOT / "saleor_serials"


def rows_under(heading: str) -> list[list[str]]:
    """The rows of the table in a section, without its head."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))

    assert named == {"demo", "serve", "test", "bench"}
    assert named <= targets


def test_every_management_command_exists() -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", README))

    assert named == {
        *("audit_serials", "export_serials", "generate_serials", "import_serials"),
        *("migrate", "sweep_serials"),
    }
    assert named <= set(get_commands())


@pytest.mark.parametrize("document", re.findall(r"```graphql\n(.*?)```", README, re.DOTALL))
def test_every_graphql_example_is_valid(document: str) -> None:
    assert validate(api.schema(), parse(document)) == []


def test_the_version_table_is_what_this_suite_ran_on() -> None:
    series = installed_version().split(".")[:2]
    [row] = [row for row in rows_under("Tested with") if row[0].split(".")[:2] == series]
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        postgresql = int(cursor.fetchone()[0]) // 10_000

    assert row[1:4] == [
        ".".join(map(str, django.VERSION[:2])),
        ".".join(map(str, sys.version_info[:2])),
        str(postgresql),
    ]


def test_there_is_a_row_for_every_version_that_is_supported() -> None:
    versions = [row[0] for row in rows_under("Tested with")]

    assert [version.split(".")[:2] for version in versions] == [
        [str(number) for number in numbers] for numbers in SUPPORTED
    ]
    assert f'"saleor=={versions[0]}"' in (ROOT / "pyproject.toml").read_text()


def test_the_settings_table_is_the_plugins() -> None:
    section = README.split("under **Serials**:")[1].split("\n## ")[0]
    named = re.findall(r"^\| `(\w+)` \| `(.*?)` \|", section, re.MULTILINE)

    assert named == [(field.name, str(field.default).lower()) for field in config.FIELDS]


def test_every_module_has_its_place_in_the_reading_order() -> None:
    rows = "".join(row[0] for row in rows_under("Where things are"))
    named = set(re.findall(r"`(\w+)(?:\.py|/)`", rows))
    modules = {path.stem for path in PACKAGE.iterdir() if path.name.endswith(".py")}
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}

    assert named == (modules | folders) - {"__init__", "apps", "migrations"}


def test_the_limits_are_the_codes() -> None:
    assert f"{MAX_SERIALS_PER_CALL:,} serials in one call" in README
    assert f"a unit sold at most\n  {MAX_QUANTITY:,} serials" in README
    assert f"a serial at most {MAX_DATA_BYTES // 1024} KB" in README
    assert f"at most {metadata_links.MAX_LENGTH:,} characters" in README
    assert f"more than {serials_writing.ALL_OR_NOTHING:,} rows" in README
    assert f"works for {tasks.JOB_SECONDS:.0f} seconds" in README
    assert f"pass {MAX_LENGTH:,} characters" in README


def test_every_column_of_a_file_is_described() -> None:
    section = README.split("| column |")[1].split("\n\n")[0]
    named = re.findall(r"`([a-z ]+)`", "".join(re.findall(r"^\|(.*?)\|", section, re.MULTILINE)))

    assert {name.replace(" ", "_") for name in named} == set(columns.Column)


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_changelog_knows_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()

    assert "## Unreleased" in changelog or metadata.version("saleor-serials") in changelog
