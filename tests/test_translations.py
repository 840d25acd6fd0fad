"""The translations are complete, fit their originals, and are compiled."""

import gettext
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

import saleor_serials
from saleor_serials.mail import LANGUAGES

PACKAGE = Path(saleor_serials.__file__).parent
FILES = sorted((PACKAGE / "locale").glob("*/LC_MESSAGES/django.po"))

# What a template is turned into calls, and which of their arguments are text.
CALLS = {"_": None, "gettext": None, "ngettext": (1, 2)}


def in_templates() -> set[str | tuple[str, ...]]:
    """Every text that a template has translated; with its plural where it has one."""
    found: set[str | tuple[str, ...]] = set()
    for path in (PACKAGE / "templates").rglob("*.*"):
        source = templatize(path.read_text(), origin=str(path))
        assert "pgettext" not in source, "add contexts to CALLS"
        for _, text, *_ in extract("python", BytesIO(source.encode()), keywords=CALLS):
            found.add(text)
    return found


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def test_the_templates_have_texts_and_the_languages_files() -> None:
    assert len(in_templates()) == 11
    assert len(FILES) == len(LANGUAGES) - 1 == 9


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parts[-3])
def test_every_text_of_the_templates_is_translated_and_nothing_else(path: Path) -> None:
    messages = [message for message in read(path) if message.id]

    assert {message.id for message in messages} == in_templates()
    assert [message.id for message in messages if message.fuzzy or not all(forms(message))] == []
    assert [message.id for message in messages if message.id == message.string] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parts[-3])
def test_a_translation_has_a_form_for_each_count_and_the_originals_placeholders(
    path: Path,
) -> None:
    catalog = read(path)
    for message in catalog:
        if not message.id:
            continue
        singular, *plural = [message.id] if isinstance(message.id, str) else message.id
        assert len(forms(message)) == (catalog.num_plurals if plural else 1)
        expected = placeholders(plural[0] if plural else singular)
        for form in forms(message):
            # A form for exactly one, or two, may say it in a word.
            missing = expected - placeholders(form)
            assert missing <= ({"counter"} if plural else set()), form
            assert placeholders(form) <= expected, form
            assert "%" not in re.sub(r"%\(\w+\)s", "", form)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parts[-3])
def test_no_form_that_serves_several_counts_leaves_the_count_out(path: Path) -> None:
    catalog = read(path)
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalog:
        if isinstance(message.id, tuple):
            said = {n: compiled.ngettext(message.id[0], message.id[1], n) for n in range(1, 250)}
            silent = [n for n, text in said.items() if "counter" not in placeholders(text)]
            assert set(silent) <= {1, 2}, message.id
            assert len({said[n] for n in silent}) == len(silent), message.id


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parts[-3])
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    catalog = read(path)

    written: dict[object, str] = {}
    for message in catalog:
        if isinstance(message.id, tuple):
            written |= {(message.id[0], n): form for n, form in enumerate(forms(message))}
        elif message.id:
            written[message.id] = message.string
    found = {key: value for key, value in compiled._catalog.items() if key}  # type: ignore[attr-defined]
    assert found == written, "A translation has changed: run `make messages`."
    assert catalog.plural_expr in compiled.info()["plural-forms"]


@pytest.mark.parametrize(
    ("language", "counts"),
    [
        ("pl", {0: [1], 1: [2, 3, 4, 22, 104], 2: [5, 11, 12, 13, 14, 21, 100, 112]}),
        ("ar", {1: [1], 2: [2], 3: [3, 10, 103], 4: [11, 99, 111], 5: [100, 101, 102]}),
        ("fr", {0: [0, 1], 1: [2, 100]}),
        ("pt_BR", {0: [0, 1], 1: [2, 100]}),
        ("pt", {0: [1], 1: [0, 2, 100]}),
        ("de", {0: [1], 1: [0, 2, 100]}),
    ],
)
def test_each_count_takes_its_languages_form(language: str, counts: dict[int, list[int]]) -> None:
    path = PACKAGE / "locale" / language / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        plural = gettext.GNUTranslations(file).plural  # type: ignore[attr-defined]

    assert {
        form: [n for n in numbers if plural(n) == form] for form, numbers in counts.items()
    } == counts
