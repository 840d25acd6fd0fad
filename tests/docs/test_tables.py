"""Every table and figure on the pages is what the code, the folder and this environment say."""

import re
import sys
import tomllib
from importlib import import_module
from typing import Any

import django
import pytest
from django.db import connection

from saleor_serials import config, staff, tasks
from saleor_serials.assignments import claims
from saleor_serials.delivery import message, metadata
from saleor_serials.extensions import consumers, generators, renderers
from saleor_serials.extensions.registry import Registry
from saleor_serials.extensions.renderers import pictures
from saleor_serials.host import SUPPORTED, api, installed_version
from saleor_serials.import_export import columns, serials_writing
from saleor_serials.maintenance.audit import CHECKS
from saleor_serials.models import MAX_DATA_BYTES
from saleor_serials.packs import metadata_links
from saleor_serials.packs.links import MAX_QUANTITY
from saleor_serials.serials.add import MAX_SERIALS_PER_CALL
from tests.docs import pages


def test_the_version_table_is_what_this_suite_ran_on() -> None:
    series = installed_version().split(".")[:2]
    [row] = [row for row in pages.rows(pages.README, "Saleor") if row[0].split(".")[:2] == series]
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        postgresql = int(cursor.fetchone()[0]) // 10_000

    assert row[1:4] == [
        ".".join(map(str, django.VERSION[:2])),
        ".".join(map(str, sys.version_info[:2])),
        str(postgresql),
    ]


def test_there_is_a_row_for_every_version_that_is_supported() -> None:
    versions = [row[0] for row in pages.rows(pages.README, "Saleor")]

    assert [version.split(".")[:2] for version in versions] == [
        [str(number) for number in numbers] for numbers in SUPPORTED
    ]
    assert f'"saleor=={versions[0]}"' in (pages.ROOT / "pyproject.toml").read_text()


def test_every_room_stands_on_its_floor() -> None:
    floors = [set(pages.names(rooms)) for _, rooms in pages.rows(pages.README, "floor")]
    project = tomllib.loads((pages.ROOT / "pyproject.toml").read_text())
    [layers] = [
        contract["layers"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    built = [{room for room in layer.split(" | ") if "(" not in room} for layer in layers]

    assert floors == built


def test_every_module_has_its_place_in_the_readme() -> None:
    floors = [pages.names(rooms) for _, rooms in pages.rows(pages.README, "floor")]
    modules = {path.stem for path in pages.PACKAGE.iterdir() if path.name.endswith(".py")}
    folders = {path.name for path in pages.PACKAGE.iterdir() if (path / "__init__.py").exists()}

    named = [name for floor in floors for name in floor]

    assert sorted(named) == sorted((modules | folders) - {"__init__", "migrations"})


def test_the_settings_table_is_the_plugins() -> None:
    named = re.findall(r"^\| `(\w+)` \| `(.*?)` \|", pages.text("docs/settings.md"), re.MULTILINE)

    assert named == [(field.name, str(field.default).lower()) for field in config.FIELDS]


def test_every_rule_of_a_pack_is_described() -> None:
    named = [name for row in pages.rows("docs/packs.md", "rule") for name in pages.names(row[0])]
    rules = api.schema().get_type_map()["SerialPackInput"].fields

    assert sorted(named) == sorted(rules)


def test_the_limits_are_the_codes() -> None:
    limits = dict(pages.rows("docs/limits.md", "what"))

    assert limits == {
        "serials in one call of `serialsCreate`, and IDs in one of `serialsDelete`": (
            f"{MAX_SERIALS_PER_CALL:,}"
        ),
        "a serial": f"{MAX_DATA_BYTES // 1024} KB",
        "serials per unit sold": f"{MAX_QUANTITY:,}",
        "serials in one [staff action](staff-actions.md)": str(staff.MAX_SERIALS),
        "a text with links in the metadata": f"{metadata_links.MAX_LENGTH:,} characters",
        "serials of an order in its metadata": (
            f"{metadata.MAX_LENGTH:,} characters in all; beyond, none are shown"
        ),
        "rows of a file that go in all or none": f"{serials_writing.ALL_OR_NOTHING:,}",
        "serials of a pack, of a batch": "what the [settings](settings.md) and the pack say",
    }


def test_the_figures_in_sentences_are_the_codes() -> None:
    files, renderers = pages.prose("docs/import-and-export.md"), pages.prose("docs/renderers.md")

    assert f"more than {serials_writing.ALL_OR_NOTHING:,} rows" in files
    assert f"works for {tasks.JOB_SECONDS:.0f} seconds" in files
    assert f"at most {metadata_links.MAX_LENGTH:,} characters" in pages.prose("docs/links.md")
    assert f"pass {metadata.MAX_LENGTH:,} characters" in pages.prose("docs/orders.md")
    assert f"up to {message.MAX_PICTURES // 1_000_000} MB" in renderers
    assert f"({pictures._LONGEST} bytes for a QR code)" in renderers
    assert claims._Heads.SECONDS == 5.0
    assert "up to five seconds behind younger ones" in pages.prose("docs/limits.md")
    assert tasks.SWEEP_EVERY.total_seconds() == 60
    assert "the sweep every minute" in pages.prose("docs/operating.md")


def test_every_column_of_a_file_is_described() -> None:
    table = pages.rows("docs/import-and-export.md", "column")
    named = {name for row in table for name in pages.names(row[0])}

    assert {name.replace(" ", "_") for name in named} == set(columns.Column)


@pytest.mark.parametrize(
    "registry", [generators.GENERATORS, renderers.RENDERERS, consumers.CONSUMERS]
)
def test_the_tables_name_every_extension(registry: Registry[Any]) -> None:
    kind = registry.kind
    named = [row[0].strip("`") for row in pages.rows(f"docs/{kind}s.md", kind)]

    assert sorted(named) == list(registry.registered())


@pytest.mark.parametrize("row", pages.rows("docs/extending.md", "extension"))
def test_the_table_of_extensions_is_their_contract(row: list[str]) -> None:
    kind, group, link, method = row
    [name] = pages.names(link)
    base = getattr(import_module(f"saleor_serials.extensions.{kind}s.base"), name)

    assert pages.names(group) == [f"saleor_serials.{kind}s"]
    assert set(pages.names(method)) == base.__abstractmethods__ - {"__init__"}


def test_every_rule_of_the_audit_is_described() -> None:
    described = [
        (*pages.names(name), *rest) for name, *rest in pages.rows("docs/audit.md", "check")
    ]

    assert described == [
        (check.name, check.rule, "yes" if check.repair else "no") for check in CHECKS
    ]


def test_every_system_check_is_described() -> None:
    sources = "".join(path.read_text() for path in pages.PACKAGE.rglob("*.py"))

    issued = set(re.findall(r"saleor_serials\.[EW]\d{3}", sources))

    assert issued == set(re.findall(r"saleor_serials\.[EW]\d{3}", pages.text("docs/operating.md")))
