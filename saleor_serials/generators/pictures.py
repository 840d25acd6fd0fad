"""What generators of pictures share: a serial's picture stands in its extra field ``image``."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.generators.base import Setting

# Of each picture; it is stored with its serial.
MAX_PIXELS = 2_000_000

FORMAT = Setting(
    name="format",
    type="text",
    default="svg",
    help_text="What kind of picture.",
    choices=("svg", "png"),
)


def colour(name: str, default: str, help_text: str) -> Setting:
    """Declare a setting that is a colour."""
    return Setting(name=name, type="text", default=default, help_text=f"{help_text}, as #rrggbb.")


def check_colours(settings: Mapping[str, Any], *names: str) -> None:
    """See to it that settings are colours.

    Raises:
        InvalidInput: one is not, or all are the same.
    """
    for name in names:
        if not re.fullmatch("#[0-9a-fA-F]{6}", settings[name]):
            raise InvalidInput("Give a colour as #rrggbb, such as #1a2b3c.", field=name)
    if len({settings[name].lower() for name in names}) < len(names):
        raise InvalidInput("Choose a colour that differs from the others.", field=names[0])


def extra(format: str, picture: bytes) -> dict[str, str]:
    """Lay a picture into a serial's extra fields, as a data URI."""
    kind = {"svg": "image/svg+xml", "png": "image/png"}[format]
    return {"image": f"data:{kind};base64,{base64.b64encode(picture).decode()}"}
