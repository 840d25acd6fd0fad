"""What can be set of an extension, and what the values may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class SettingType(StrEnum):
    """What the value of a setting is, as JSON; a number is whole, a list is one of texts."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    OBJECT = "object"


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One entry of an extension's settings: its ``type`` is text, number, boolean, list or object.

    ``default`` is None where the setting must be given. ``at_least`` and ``at_most`` are the bounds
    of a number, or of the length of a text or list; ``choices``, if any, are the texts that a text
    or a list can have. Settings are held against all this before an extension sees them.
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
