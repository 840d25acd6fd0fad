"""What generators, renderers and consumers have in common: how they are found, named and set."""

import json
import logging
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions import consumers, generators, registry, renderers
from saleor_serials.extensions.consumers import CONSUMERS
from saleor_serials.extensions.generators import GENERATORS
from saleor_serials.extensions.registry import Registry
from saleor_serials.extensions.renderers import RENDERERS
from saleor_serials.extensions.settings import SettingType

KINDS: dict[str, Registry[Any]] = {each.kind: each for each in (GENERATORS, RENDERERS, CONSUMERS)}
EVERY = [(kind, name) for kind in KINDS for name in KINDS[kind].registered()]

# What has no default.
NEEDED: dict[str, dict[str, Any]] = {"customer-group": {"group": "vip"}, "points": {"points": 5}}

WRONG: dict[str, list[Any]] = {
    "text": [1, True, ["a"], {}, "\0", "\ud800", "x" * 10_001],
    "number": ["1", 1.5, True, [1], {}, -1, 10**30],
    "boolean": [1, 0, "true", [], {}],
    "list": ["a", 1, {}, [1], [["a"]], ["\0"], ["x"] * 1_001],
    "object": [
        "{}",
        [],
        1,
        {"a": "\0"},
        {"\0": 1},
        {"a": float("nan")},
        {"a": [[[[[[[[[[[]]]]]]]]]]]},
    ],
}


def refusal(kind: str, name: str, **settings: Any) -> str:
    """What an extension's settings are refused for."""
    with pytest.raises(InvalidInput) as refused:
        KINDS[kind].make(name, NEEDED.get(name, {}) | settings)
    assert refused.value.field == f"{kind}_settings"
    return refused.value.message


def test_each_kind_lists_what_is_installed_of_it() -> None:
    assert set(generators.registered()) >= {"random", "sequence", "uuid"}
    assert list(renderers.registered()) == ["barcode", "image", "qr", "text"]
    assert list(consumers.registered()) == ["customer-group", "points"]


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_setting_is_declared_in_full(kind: str, name: str) -> None:
    found = KINDS[kind].registered()[name]

    assert found.label
    assert len({each.name for each in found.settings}) == len(found.settings)
    for each in found.settings:
        assert each.help_text.strip() == each.help_text != ""
        assert SettingType(each.type) in SettingType
        assert not each.choices or set([each.default] if each.type == "text" else each.default) <= (
            set(each.choices)
        )


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_settings_may_be_stored_and_read_and_null_stands_for_the_default(
    kind: str, name: str
) -> None:
    given = {each.name: each.default for each in KINDS[kind].registered()[name].settings}
    given |= NEEDED.get(name, {})
    stored = json.dumps(given)

    KINDS[kind].make(name, given)
    KINDS[kind].make(name, json.loads(stored))
    KINDS[kind].make(name, dict.fromkeys(given) | NEEDED.get(name, {}))

    assert json.dumps(given) == stored


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_value_of_the_wrong_type_or_size_is_refused_by_name(kind: str, name: str) -> None:
    for setting in KINDS[kind].registered()[name].settings:
        for wrong in WRONG[setting.type]:
            assert refusal(kind, name, **{setting.name: wrong}).startswith(f"{setting.name}: ")


@pytest.mark.parametrize("name", NEEDED)
def test_a_setting_without_a_default_must_be_given(name: str) -> None:
    [setting] = NEEDED[name]

    assert refusal("consumer", name, **{setting: None}) == (
        f"{setting}: This setting must be given."
    )


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_setting_that_there_is_not_is_refused(kind: str, name: str) -> None:
    assert refusal(kind, name, flavour="red").startswith("flavour: There is no such setting")


@pytest.mark.parametrize("settings", [None, [], "{}", 5])
@pytest.mark.parametrize(("kind", "name"), [("generator", "random"), ("renderer", "text")])
def test_settings_that_are_no_object_are_refused(kind: str, name: str, settings: Any) -> None:
    with pytest.raises(InvalidInput, match="Give an object"):
        KINDS[kind].make(name, settings)


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_there_is_not_is_refused_with_those_that_there_are(kind: str) -> None:
    with pytest.raises(InvalidInput, match=f"no {kind} 'nothing'; choose one of: ") as refused:
        KINDS[kind].make("nothing", {})

    assert refused.value.field == kind


@pytest.mark.parametrize(
    ("kind", "taken"), [("generator", "uuid"), ("renderer", "text"), ("consumer", "points")]
)
def test_one_that_cannot_be_loaded_or_takes_a_name_is_left_out_and_logged(
    kind: str, taken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    group = f"saleor_serials.{kind}s"
    broken = EntryPoint("broken", "no_such_module:Thing", group)
    rival = EntryPoint(taken, "a_rival:Thing", group)
    found = registry.entry_points(group=group)
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken, rival, *found])
    monkeypatch.setattr(EntryPoint, "load", loads_rivals(EntryPoint.load))

    with caplog.at_level(logging.ERROR):
        known = Registry[Any](kind).registered()

    assert known == KINDS[kind].registered()
    assert [record.getMessage() for record in caplog.records] == [
        f"The {kind} 'broken' (no_such_module:Thing) cannot be loaded.",
        f"Another {kind} has the name '{taken}': a_rival:Thing",
    ]


def loads_rivals(load: Any) -> Any:
    def loaded(point: EntryPoint) -> Any:
        return object() if point.value == "a_rival:Thing" else load(point)

    return loaded
