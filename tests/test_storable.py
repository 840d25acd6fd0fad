"""What PostgreSQL can store is accepted, and the rest refused by name, at every door alike."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connection
from hypothesis import given
from hypothesis import strategies as st

from saleor_serials.access.packs import EVERYTHING
from saleor_serials.errors import InvalidInput, TooLong
from saleor_serials.extensions import settings
from saleor_serials.extensions.generators import GeneratedSerial
from saleor_serials.extensions.generators.uuids import Uuids
from saleor_serials.extensions.settings import Setting
from saleor_serials.import_export import links_import
from saleor_serials.models import Batch, Event, Pack, Serial
from saleor_serials.serials import generation
from saleor_serials.storable import (
    MAX_JSON_DEPTH,
    is_storable_json,
    is_storable_text,
    short_text,
    storable_object,
)
from tests import import_files, making
from tests.graphql import test_deletion, test_pack_rules, test_staff_actions
from tests.graphql.api import gid, people, post

TEXTS: dict[str, tuple[str, bool]] = {
    "an emoji": ("\U0001f600", True),
    "an emoji joined of three": ("\U0001f469\u200d\U0001f469\u200d\U0001f467", True),
    "a soft hyphen": ("a\u00adb", True),
    "the last character of plane 4": ("\U0004ffff", True),
    "the last character of all": ("\U0010ffff", True),
    "a line break and a tab": ("a\nb\tc", True),
    "a control character": ("a\x07b", True),
    "NUL written as an escape": (r"a\u0000b", True),
    "a lone surrogate written as an escape": (r"a\udc00b", True),
    "NUL": ("a\0b", False),
    "a lone high surrogate": ("a\ud83db", False),
    "a lone low surrogate": ("a\udc00b", False),
    "surrogates in the wrong order": ("\ude00\ud83d", False),
}


def nested(levels: int) -> str:
    """Write an object that holds lists, so many levels in all."""
    return '{"a": ' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


# As clients and files write it, which is not always JSON.
OBJECTS: dict[str, tuple[str, bool]] = {
    **{case: (json.dumps({"a": [text]}), good) for case, (text, good) in TEXTS.items()},
    **{f"{case} in a name": (json.dumps({text: 1}), good) for case, (text, good) in TEXTS.items()},
    "an emoji as it is": ('{"a": "\U0001f600"}', True),
    "numbers": ('{"a": [1, -1.5, 1.5e10, true, null]}', True),
    "NaN": ('{"a": NaN}', False),
    "infinity": ('{"a": [Infinity]}', False),
    "minus infinity": ('{"a": -Infinity}', False),
    "a number beyond all": ('{"a": 1e400}', False),
    "as deep as is allowed": (nested(MAX_JSON_DEPTH), True),
    "too deep": (nested(MAX_JSON_DEPTH + 1), False),
    "a list": ("[1]", False),
    "null in its place": ("[null]", False),
}


def outcome(mutation: str, variables: dict[str, Any], *, by: Any) -> list[tuple[str, str]]:
    """Call a mutation; return its errors as (field, code)."""
    answer = post(mutation, variables, by=by)
    assert "errors" not in answer, answer["errors"]
    [made] = answer["data"].values()
    return [(error["field"], error["code"]) for error in made["errors"]]


def staff() -> Any:
    return people.make_staff("MANAGE_ORDERS", "MANAGE_PRODUCTS")


def one_serial() -> Serial:
    [serial] = making.make_serials(making.make_pack(), 1)
    return serial


def in_an_edit() -> Callable[[str], Any]:
    by, serial = staff(), one_serial()

    def put(written: str) -> Any:
        variables = {
            "id": gid("Serial", serial.pk),
            "input": {"extra": written, "reason": "why"},
        }
        errors = outcome(test_staff_actions.UPDATE, variables, by=by)
        serial.refresh_from_db()
        return errors or serial.extra

    return put


def in_an_import() -> Callable[[str], Any]:
    pack = making.make_pack()
    numbers = count()

    def put(written: str) -> Any:
        cell = written.replace('"', '""')
        job = import_files.start(f'data,extra\nA{next(numbers)},"{cell}"\n', pack)
        if import_files.finished(job).status == "done":
            return pack.serials.latest("pk").extra
        return [("extra", problem["code"]) for problem in job.problems]

    return put


def from_a_generator() -> Callable[[str], Any]:
    pack = making.make_pack(generator="uuid")

    def put(written: str) -> Any:
        made = GeneratedSerial(data="A", extra=json.loads(written))
        with mock.patch.object(Uuids, "make", return_value=[made]):
            try:
                [draft] = generation.draw(pack, 1, now=pack.created_at)
            except InvalidInput as refusal:
                return [(refusal.field.replace("generator", "extra"), refusal.code)]
        return draft.extra

    return put


def in_a_setting() -> Callable[[str], Any]:
    setting = Setting(name="extra", type="object", default={}, help_text="Anything.")

    def put(written: str) -> Any:
        try:
            return settings.checked([setting], {"extra": json.loads(written)})["extra"]
        except InvalidInput as refusal:
            return [(refusal.field, refusal.code)]

    return put


@pytest.mark.parametrize(
    "door",
    [in_an_edit, in_an_import, from_a_generator, in_a_setting],
)
def test_an_object_is_stored_as_it_is_or_refused_by_name(door: Any) -> None:
    put = door()

    for case, (written, good) in OBJECTS.items():
        expected = json.loads(written) if good else [("extra", "INVALID")]
        assert put(written) == expected, case


def as_a_reason_for_an_edit(text: str, by: Any) -> Any:
    variables = {
        "id": gid("Serial", one_serial().pk),
        "input": {"expiresAt": None, "reason": text},
    }
    errors = outcome(test_staff_actions.UPDATE, variables, by=by)
    return renamed(errors, "reason") or Event.objects.latest("pk").reason


def as_a_reason_for_deleting(text: str, by: Any) -> Any:
    variables = {"ids": [gid("Serial", one_serial().pk)], "reason": text}
    errors = outcome(test_deletion.DELETE, variables, by=by)
    return renamed(errors, "reason") or Event.objects.latest("pk").reason


def as_an_events_title(text: str, by: Any) -> Any:
    variables = {"id": gid("Serial", one_serial().pk), "input": {"title": text}}
    errors = outcome(test_staff_actions.NOTE, variables, by=by)
    return renamed(errors, "title") or Event.objects.latest("pk").title


def as_an_events_text(text: str, by: Any) -> Any:
    variables = {
        "id": gid("Serial", one_serial().pk),
        "input": {"title": "Made", "text": text},
    }
    errors = outcome(test_staff_actions.NOTE, variables, by=by)
    return renamed(errors, "text") or Event.objects.latest("pk").reason


def as_a_packs_name(text: str, by: Any) -> Any:
    errors = outcome(test_pack_rules.CREATE, {"input": {"name": text}}, by=by)
    return renamed(errors, "name") or Pack.objects.latest("pk").name


def as_a_packs_description(text: str, by: Any) -> Any:
    given = {"name": "A pack", "description": text}
    errors = outcome(test_pack_rules.CREATE, {"input": given}, by=by)
    return renamed(errors, "description") or Pack.objects.latest("pk").description


def in_a_packs_settings(text: str, by: Any) -> Any:
    given = {"name": "A pack", "renderer": "text", "rendererSettings": json.dumps({"text": text})}
    errors = outcome(test_pack_rules.CREATE, {"input": given}, by=by)
    return (
        renamed(errors, "rendererSettings") or Pack.objects.latest("pk").renderer_settings["text"]
    )


def as_an_imports_batch(text: str, by: Any) -> Any:
    try:
        job = import_files.start("data\nA\n", making.make_pack(), batch_name=text)
    except InvalidInput as refusal:
        return renamed([(refusal.field, refusal.code)], "batch_name")
    return import_files.finished(job).batch.name


def in_an_imported_column(text: str, by: Any) -> Any:
    content = f'data,batch\nA,"{text}"\n'.encode("utf-8", "surrogatepass")
    job = import_files.finished(
        import_files.start(import_files.import_file(content, encoding="utf-8"), making.make_pack())
    )
    if job.status == "done":
        return Batch.objects.latest("pk").name
    # Bytes that are no text are named as such.
    assert [(each["row"], each["code"]) for each in job.problems] == [
        (2, "INVALID" if "\0" in text else "UNREADABLE")
    ]
    return REFUSED


REFUSED = "refused by name"


def renamed(errors: list[tuple[str, str]], field: str) -> str:
    """Check that nothing is complained of but the field's content."""
    assert errors in ([], [(field, "INVALID")])
    return REFUSED if errors else ""


def encodable(text: str) -> bool:
    """Tell whether a text is Unicode that a request can carry."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


BY_GRAPHQL = [
    *(as_a_reason_for_an_edit, as_a_reason_for_deleting),
    *(as_an_events_title, as_an_events_text),
    *(as_a_packs_name, as_a_packs_description),
]


@pytest.mark.parametrize(
    "door",
    [
        *BY_GRAPHQL,
        in_a_packs_settings,
        *(as_an_imports_batch, in_an_imported_column),
    ],
)
def test_a_text_is_stored_as_it_is_or_refused_by_name(door: Any) -> None:
    by = staff()

    for case, (text, good) in TEXTS.items():
        if door in BY_GRAPHQL and not people.UNENCODABLE and not encodable(text):
            continue  # Saleor 3 refuses such a request itself, before it reads the mutation
        assert door(text, by) == (text if good else REFUSED), case


def test_an_unreadable_cell_of_a_file_of_links_is_named_by_its_row() -> None:
    pack = making.make_pack()
    content = f"sku,product,pack\n,a\udc00b,{pack.slug}\n,a\0b,{pack.slug}\n"
    file = import_files.import_file(content.encode("utf-8", "surrogatepass"), encoding="utf-8")

    job = links_import.start_links(file, pack=None, actor="user:1", access=EVERYTHING)

    problems = import_files.finished(job).problems
    assert [(each["row"], each["code"]) for each in problems] == [(2, "UNREADABLE"), (3, "INVALID")]


def test_a_text_is_trimmed_and_as_long_as_its_column() -> None:
    assert short_text(None, field="reason", at_most=3) == ""
    assert short_text(" \n\U0001f600ab\t", field="reason", at_most=3) == "\U0001f600ab"
    with pytest.raises(TooLong) as refused:
        short_text("abcd", field="reason", at_most=3)
    assert refused.value.field == "reason"


def test_an_object_is_measured_in_bytes_however_it_is_written() -> None:
    fits = {"a": "\u00e9" * 512 + "x" * (1024 - len('{"a": ""}'))}

    assert storable_object(fits, field="extra", at_most=2048) == fits
    with pytest.raises(TooLong) as refused:
        storable_object({"a": fits["a"] + "x"}, field="extra", at_most=2048)
    assert refused.value.field == "extra"


def test_what_is_no_json_is_refused() -> None:
    for value in ({1: "a"}, {"a": {1, 2}}, b"a", object()):
        assert not is_storable_json(value)


@given(st.text(st.characters(codec=None)))
def test_the_rule_for_texts_is_postgresqls_own(text: str) -> None:
    assert is_storable_text(text) == stores("SELECT %s::text", text)


@given(st.lists(st.floats() | st.text(st.characters(codec=None))))
def test_the_rule_for_json_is_postgresqls_own(value: Any) -> None:
    assert is_storable_json(value) == stores("SELECT %s::jsonb", json.dumps(value))


def stores(statement: str, value: str) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, [value])
            return True
    except (DatabaseError, ValueError):
        return False
