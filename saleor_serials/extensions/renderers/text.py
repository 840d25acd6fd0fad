"""A renderer that puts a serial into a text of the shop."""

from collections.abc import Iterator, Mapping
from string import Template
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.renderers.base import Renderer, Rendering, Shown
from saleor_serials.extensions.settings import Setting

_NAMES = ("data", "pack", "expires")
_EXTRA = "extra."


class _Text(Template):
    # A name in braces can be that of an extra field.
    braceidpattern = r"[a-z]+(?:\.[^{}\s]+)?"


class Text(Renderer):
    """Fills a serial into a text: `Your PIN is ${extra.pin}`."""

    label = "Text"
    settings = (
        Setting(
            name="text",
            type="text",
            default="$data",
            help_text=(
                "The text. In it, `$data` stands for the serial, `$pack` for the name of its pack "
                "where customers may see it, `$expires` for the day (UTC) on which it ceases to be "
                "valid, `${extra.name}` for the extra field `name`, and `$$` for a dollar sign."
            ),
            at_least=1,
            at_most=10_000,
        ),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._text = _Text(settings["text"])
        if not self._text.is_valid():
            raise InvalidInput(
                "A dollar sign stands alone; write `$$` for one that is to be seen.", field="text"
            )
        unknown = [name for name in self._text.get_identifiers() if not _is_known(name)]
        if unknown:
            raise InvalidInput(
                f"There is no `{unknown[0]}`; there are: {', '.join(_NAMES)} and "
                "${extra.…} with the name of an extra field.",
                field="text",
            )

    def render(self, serial: Shown) -> Rendering:
        return Rendering(text=self._text.substitute(_Values(serial)))


def _is_known(name: str) -> bool:
    return name in _NAMES or name.startswith(_EXTRA)


class _Values(Mapping[str, str]):
    """A serial's values by their names in a text; an extra field that it lacks is empty."""

    def __init__(self, serial: Shown) -> None:
        self._serial = serial

    def __getitem__(self, name: str) -> str:
        serial = self._serial
        match name:
            case "data":
                return serial.data
            case "pack":
                return serial.pack_name
            case "expires":
                return f"{serial.expires_at:%Y-%m-%d}" if serial.expires_at else ""
        value = serial.extra.get(name.removeprefix(_EXTRA))
        return "" if value is None else str(value)

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)
