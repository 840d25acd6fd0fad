"""Pictures of serials, and their form in extra fields: data URIs."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.settings import Setting

# Of each picture, which is stored with its serial.
MAX_PIXELS = 2_000_000

_TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture; ``format`` is svg, png, jpeg, gif or webp."""

    format: str
    content: bytes

    def __post_init__(self) -> None:
        if self.format not in _TYPES:
            raise ValueError(f"There is no such format; there are: {', '.join(_TYPES)}.")

    @property
    def type(self) -> str:
        """Its media type."""
        return _TYPES[self.format]

    @property
    def data_uri(self) -> str:
        return f"data:{self.type};base64,{base64.b64encode(self.content).decode()}"


def read(data_uri: Any) -> Picture | None:
    """Read a picture from the value of an extra field; None if it is not one."""
    head, _, body = data_uri.partition(";base64,") if isinstance(data_uri, str) else ("", "", "")
    format = {f"data:{kind}": name for name, kind in _TYPES.items()}.get(head)
    if format is None:
        return None
    try:
        return Picture(format=format, content=base64.b64decode(body, validate=True))
    except binascii.Error:
        return None


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


CODE_COLOURS = (
    colour("color", "#000000", "The colour of the code"),
    colour("background", "#ffffff", "The colour behind it"),
)


def check_colours(settings: Mapping[str, Any], *names: str) -> None:
    """Check that settings are colours, and differ.

    Raises:
        InvalidInput: one is no colour, or two are the same.
    """
    for name in names:
        if not re.fullmatch("#[0-9a-fA-F]{6}", settings[name]):
            raise InvalidInput("Give a colour as #rrggbb, such as #1a2b3c.", field=name)
    if len({settings[name].lower() for name in names}) < len(names):
        raise InvalidInput("Choose a colour that differs from the others.", field=names[0])
