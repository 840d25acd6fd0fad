"""What the README shows of generators: a third party's package, and how a serial is verified."""

import base64
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from saleor_serials import crypto
from saleor_serials.errors import InvalidInput
from saleor_serials.extensions import registry
from saleor_serials.extensions.generators import registered
from saleor_serials.serials import generation, writing
from tests import making
from tests.test_readme import README, rows_under

SECTION = README.split("## Generators\n")[1].split("\n## ")[0]


def code(language: str, word: str) -> str:
    """The one block of code in this language that has a word in it."""
    blocks = [block.split("```")[0] for block in SECTION.split(f"```{language}\n")[1:]]
    [found] = [block for block in blocks if word in block]
    return found


@pytest.mark.parametrize("kind", ["generator", "renderer", "consumer"])
def test_the_tables_name_every_extension(kind: str) -> None:
    named = [row[0].strip("`") for row in rows_under(f"{kind.title()}s")]

    assert sorted(named) == list(registry.registered(kind))


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Install the package that the README shows, as pip would; returns the generator's name."""
    project = tomllib.loads(code("toml", "acme_words"))["project"]
    [(group, points)] = project["entry-points"].items()
    [(name, value)] = points.items()
    (tmp_path / f"{value.split(':')[0]}.py").write_text(code("python", "class Words"))
    info = tmp_path / "acme_words-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-words\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.registered.cache_clear()
    yield name
    registry.registered.cache_clear()
    sys.modules.pop("acme_words", None)


def test_a_third_party_s_generator_takes_twenty_lines_and_fills_a_pack(third_party: str) -> None:
    lines = [*code("python", "class Words").splitlines(), *code("toml", "acme_words").splitlines()]
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


def test_without_the_package_its_generator_is_gone() -> None:
    assert "words" not in registered()


def test_a_signed_serial_is_verified_as_the_readme_says() -> None:
    pack = making.make_pack(generator="signed", generator_settings={"claims": {"plan": "gold"}})
    [draft] = generation.draw(pack, 1, now=timezone.now())
    raw = crypto.public_keys([pack.pk], make_for=[])[pack.pk]
    key = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    shown: dict[str, Any] = {}

    exec(code("python", "def claims"), shown)  # noqa: S102

    said = shown["claims"](draft.data, key)
    assert (said["pack"], said["plan"]) == (pack.slug, "gold")
    forged = draft.data.replace(".", "x.", 1)
    with pytest.raises(Exception, match="") as refused:
        shown["claims"](forged, key)
    assert type(refused.value).__name__ == "InvalidSignature"
