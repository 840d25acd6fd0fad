"""The settings that an extension declares, and the checks of their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saleor_serials.described import Described
from saleor_serials.errors import InvalidInput, OutOfRange, Refusals, Required, TooLong
from saleor_serials.storable import is_storable_json


class SettingType(Described):
    """What the value of a setting is."""

    TEXT = "text", "A text."
    NUMBER = "number", "A whole number."
    BOOLEAN = "boolean", "True or false."
    LIST = "list", "A list of texts."
    OBJECT = "object", "An object."


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One entry of an extension's settings: its ``type`` is text, number, boolean, list or object.

    ``default`` is None where the setting must be given. ``at_least`` and ``at_most`` are the bounds
    of a number, or of the length of a text or list; ``choices``, if any, are the texts that a text
    or a list can have. Settings are checked against all this before an extension sees them.
    """

    name: str
    type: str
    default: Any
    help_text: str
    choices: Sequence[str] = ()
    at_least: int = 0
    at_most: int = 1_000

    def __post_init__(self) -> None:
        SettingType(self.type)


_TYPES = {
    SettingType.TEXT: (str, "a text"),
    SettingType.NUMBER: (int, "a whole number"),
    SettingType.BOOLEAN: (bool, "true or false"),
    SettingType.LIST: (list, "a list of texts"),
    SettingType.OBJECT: (dict, "an object"),
}


def checked(declared: Sequence[Setting], given: Any) -> dict[str, Any]:
    """Return a value for each declared setting: what was given, or its default.

    Raises:
        InvalidInput: ``field`` is the setting that is unknown, missing, of the wrong type or out of
            its bounds.
        InvalidInputs: several settings are.
    """
    if not isinstance(given, Mapping):
        raise InvalidInput("Give an object with a value for each setting.", field="settings")
    known = {each.name: each for each in declared}
    refusals, values = Refusals(), {}
    for name in given:
        if name not in known:
            refusals.errors.append(
                InvalidInput(
                    f"There is no such setting; there are: {', '.join(known) or 'none'}.",
                    field=name,
                )
            )
    for each in declared:
        with refusals.collect():
            values[each.name] = _value(each, given.get(each.name))
    refusals.raise_any()
    return values


def _value(setting: Setting, value: Any) -> Any:
    if value is None:
        if setting.default is None:
            raise Required("This setting must be given.", field=setting.name)
        return setting.default
    kind, name = _TYPES[SettingType(setting.type)]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InvalidInput(f"Give {name}.", field=setting.name)
    if isinstance(value, list) and not all(isinstance(each, str) for each in value):
        raise InvalidInput(f"Give {name}.", field=setting.name)
    if not is_storable_json(value):
        raise InvalidInput("This holds what cannot be stored, such as NUL.", field=setting.name)
    _check_bounds(setting, value)
    _check_choices(setting, value)
    return value


def _check_bounds(setting: Setting, value: Any) -> None:
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        if not setting.at_least <= value <= setting.at_most:
            raise OutOfRange(
                f"Give a number from {setting.at_least:,} to {setting.at_most:,}.",
                field=setting.name,
            )
        return
    if len(value) > setting.at_most:
        raise TooLong(
            f"This has {len(value):,} entries or characters; {setting.at_most:,} are allowed.",
            field=setting.name,
        )
    if len(value) < setting.at_least:
        raise Required("This cannot be empty.", field=setting.name)


def _check_choices(setting: Setting, value: Any) -> None:
    if not setting.choices:
        return
    for each in value if isinstance(value, list) else [value]:
        if each not in setting.choices:
            raise InvalidInput(f"Choose from: {', '.join(setting.choices)}.", field=setting.name)
