"""What the pages show can be typed: commands, GraphQL, and code for extensions."""

import base64
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.db import transaction
from django.utils import timezone
from graphql import parse, validate

from saleor_serials import crypto
from saleor_serials.errors import InvalidInput
from saleor_serials.extensions import generators
from saleor_serials.host import api
from saleor_serials.serials import generation, writing
from tests import making
from tests.docs import pages

EXTENDING, GENERATORS = "docs/extending.md", "docs/generators.md"
GRAPHQL = [(page, document) for page in pages.PAGES for document in pages.blocks(page, "graphql")]


def test_every_make_target_exists() -> None:
    makefile = (pages.ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))

    named = set(re.findall(r"(?:^|`)make ([a-z]+)", pages.everything(), re.MULTILINE))

    assert {"demo", "serve", "test", "bench"} <= named
    assert named == targets - {"help", "lint", "types"}


def test_every_management_command_exists() -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", pages.everything()))

    assert named == {
        *("audit_serials", "check", "export_serials", "generate_serials", "import_serials"),
        *("migrate", "sweep_serials"),
    }
    assert named <= set(get_commands())


@pytest.mark.parametrize(("page", "document"), GRAPHQL)
def test_every_graphql_example_is_valid(page: str, document: str) -> None:
    assert validate(api.schema(), parse(document)) == []


def test_every_name_of_graphql_that_is_mentioned_exists() -> None:
    schema = set(re.findall(r"\w+", (pages.PACKAGE / "graphql/schema.graphql").read_text()))
    named = set(re.findall(r"`(serials?[A-Z]\w*)", pages.everything()))

    assert named
    assert named <= schema


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Install the package that the page shows, as pip would; returns the generator's name."""
    project = tomllib.loads(pages.block(EXTENDING, "toml", "acme_words"))["project"]
    [(group, points)] = project["entry-points"].items()
    [(name, value)] = points.items()
    source = pages.block(EXTENDING, "python", "class Words")
    (tmp_path / f"{value.split(':')[0]}.py").write_text(source)
    info = tmp_path / "acme_words-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-words\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    generators.GENERATORS.forget()
    yield name
    generators.GENERATORS.forget()
    sys.modules.pop("acme_words", None)


def test_a_third_party_s_generator_takes_twenty_lines_and_fills_a_pack(third_party: str) -> None:
    lines = [
        *pages.block(EXTENDING, "python", "class Words").splitlines(),
        *pages.block(EXTENDING, "toml", "acme_words").splitlines(),
    ]
    pack = making.make_pack(generator=third_party, generator_settings={"number": 6})

    with transaction.atomic():
        writing.lock(pack)
        drafts = generation.draw(pack, 20, now=timezone.now())
        writing.write(pack, None, drafts, now=timezone.now())

    assert len(lines) <= 20
    assert pack.serials.count() == 20
    assert {len(data.split()) for data in pack.serials.values_list("data", flat=True)} == {6}
    with pytest.raises(InvalidInput, match="number: Give a number from 1 to 1,000"):
        making.make_pack(generator=third_party, generator_settings={"number": 0})


def test_without_the_package_there_is_no_such_generator() -> None:
    assert "words" not in generators.registered()


def test_a_signed_serial_is_verified_as_the_page_says() -> None:
    pack = making.make_pack(generator="signed", generator_settings={"claims": {"plan": "gold"}})
    [draft] = generation.draw(pack, 1, now=timezone.now())
    raw = crypto.public_keys([pack.pk], make_for=[])[pack.pk]
    key = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    shown: dict[str, Any] = {}

    exec(pages.block(GENERATORS, "python", "def claims"), shown)  # noqa: S102

    said = shown["claims"](draft.data, key)
    assert (said["pack"], said["plan"]) == (pack.slug, "gold")
    forged = draft.data.replace(".", "x.", 1)
    with pytest.raises(Exception, match="") as refused:
        shown["claims"](forged, key)
    assert type(refused.value).__name__ == "InvalidSignature"
