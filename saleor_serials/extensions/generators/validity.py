"""The validity period of serials, which begins when they are made."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from saleor_serials.extensions.settings import Setting

_UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}

UNIT = Setting(
    name="unit",
    type="text",
    default="days",
    help_text="What `validity` counts.",
    choices=tuple(_UNITS),
)


def validity_of(settings: Mapping[str, Any]) -> timedelta:
    """Read the settings ``validity`` and ``unit``."""
    length: timedelta = settings["validity"] * _UNITS[settings["unit"]]
    return length
