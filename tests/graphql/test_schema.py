"""The plugin's part of the one schema that the shop serves."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from graphql import introspection_query, parse
from graphql.type.definition import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType

import saleor_serials
from saleor_serials.errors import SchemaAlreadyBuilt
from saleor_serials.graphql import mutations, queries, schema
from saleor_serials.graphql.sdl import PREFIX, print_added
from saleor_serials.host import api
from tests.graphql.api import ask

SDL_FILE = Path(saleor_serials.__file__).parent / "graphql" / "schema.graphql"


def test_the_schema_file_says_what_the_schema_is() -> None:
    assert SDL_FILE.read_text() == print_added(api.schema()), (
        "The schema has changed: run `make schema` and read the difference."
    )


def test_the_command_prints_the_schema_or_writes_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call_command("print_serials_schema")
    call_command("print_serials_schema", "--output", str(tmp_path / "schema.graphql"))

    assert capsys.readouterr().out == SDL_FILE.read_text()
    assert (tmp_path / "schema.graphql").read_text() == SDL_FILE.read_text()


def test_the_printed_schema_can_be_read_again() -> None:
    # graphql-core 2 reads no descriptions.
    document = parse(re.sub(r'""".*?"""', "", SDL_FILE.read_text(), flags=re.DOTALL))

    names = [
        (definition.definition if hasattr(definition, "definition") else definition).name.value
        for definition in document.definitions
    ]
    assert {"Serial", "SerialPack", "Query", "Mutation", "Order", "User"} <= set(names)


def test_the_shop_s_own_endpoint_serves_it() -> None:
    types = {each["name"] for each in ask(introspection_query)["__schema"]["types"]}
    sdl = ask("{ _service { sdl } }")["_service"]["sdl"]

    assert {"Serial", "SerialPack", "SerialsCreate", "SerialErrorCode"} <= types
    assert "serialPackCreate(" in sdl
    assert "serialShortfall(" in sdl


def _described() -> list[tuple[str, Any]]:
    """Everything that we add, by name, with what has the description."""
    types = api.schema().get_type_map()
    ours = {name: type for name, type in types.items() if name.startswith(PREFIX)}
    found: list[tuple[str, Any]] = []
    for name, type in ours.items():
        if not name.endswith("Edge"):
            found.append((name, type))
        if isinstance(type, GraphQLEnumType):
            found += [(f"{name}.{value.name}", value) for value in type.values]
        elif isinstance(type, GraphQLInputObjectType | GraphQLObjectType):
            found += [(f"{name}.{field}", each) for field, each in type.fields.items()]
    roots = {"Query": queries.QUERIES, "Mutation": mutations.MUTATIONS}
    for name, fields in {**roots, **queries.TYPE_FIELDS}.items():
        for field, each in fields.items():
            found.append((f"{name}.{field}", each))
            found += [(f"{name}.{field}({key})", value) for key, value in each.args.items()]
    return found


def test_every_type_field_and_argument_is_described() -> None:
    described = _described()

    assert len(described) > 150
    assert [name for name, each in described if not each.description] == []


def test_it_is_too_late_to_add_to_a_schema_that_is_built() -> None:
    api.schema()

    with pytest.raises(SchemaAlreadyBuilt, match="import it later"):
        schema.install()


def test_a_schema_that_is_built_while_apps_load_stops_the_shop() -> None:
    """The app that is to blame stands in INSTALLED_APPS before ours."""
    script = """
import django, importlib, os, sys, types
from django.apps import AppConfig

class Early(AppConfig):
    name = "early"
    path = "."

    def ready(self):
        import saleor.graphql.api

early = types.ModuleType("early")
early.Early = Early
Early.__module__ = "early"
sys.modules["early"] = early
settings = importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
settings.INSTALLED_APPS = ["early.Early", *settings.INSTALLED_APPS]
django.setup()
"""

    finished = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert finished.returncode == 1
    assert "SchemaAlreadyBuilt" in finished.stderr
