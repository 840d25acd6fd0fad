"""Serials with a barcode."""

import io
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import barcode
from barcode.writer import ImageWriter, SVGWriter

from saleor_serials.errors import InvalidInput
from saleor_serials.generators.base import Made, Setting, Workshop
from saleor_serials.generators.pictures import FORMAT, extra
from saleor_serials.generators.random import Random

_PRINTABLE = "".join(map(chr, range(32, 127)))
_CODE39 = string.ascii_uppercase + string.digits + "-. $/+%"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Symbology:
    """What a kind of barcode can say: its characters, and how many.

    ``adds_digit``: it ends with a check digit of its own, which belongs to the serial as well.
    """

    name: str
    characters: str = string.digits
    length: int | None = None
    is_even: bool = False
    adds_digit: bool = False


_MAX_LENGTH = 80

_SYMBOLOGIES = {
    "code128": _Symbology(name="Code 128", characters=_PRINTABLE),
    "code39": _Symbology(name="Code 39", characters=_CODE39),
    "ean13": _Symbology(name="EAN-13", length=12, adds_digit=True),
    "ean8": _Symbology(name="EAN-8", length=7, adds_digit=True),
    "itf": _Symbology(name="Interleaved 2 of 5", is_even=True),
    "upca": _Symbology(name="UPC-A", length=11, adds_digit=True),
}


class Barcode(Random):
    """Draws serials, and a barcode of each; the serial is what a scanner reads."""

    label = "Random characters as a barcode"
    settings = (
        *Random.settings,
        Setting(
            name="symbology",
            type="text",
            default="code128",
            help_text=(
                "The kind of barcode. EAN-13 takes 12 digits (the pattern `9{12}`), EAN-8 7 and "
                "UPC-A 11, and each adds its own check digit; `itf` takes an even number of digits."
            ),
            choices=tuple(_SYMBOLOGIES),
        ),
        FORMAT,
        Setting(
            name="height",
            type="number",
            default=15,
            help_text="Height of the bars, in millimetres.",
            at_least=3,
            at_most=100,
        ),
        Setting(
            name="with_text",
            type="boolean",
            default=True,
            help_text="Write the serial below the bars.",
        ),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._symbology = settings["symbology"]
        self._format = settings["format"]
        self._how = {
            "module_height": float(settings["height"]),
            "write_text": settings["with_text"],
        }
        _check(_SYMBOLOGIES[self._symbology], self.pattern.characters, len(self.pattern.places))

    def accepts(self, text: str) -> bool:
        if not _SYMBOLOGIES[self._symbology].adds_digit:
            return self.pattern.accepts(text)
        return self.pattern.accepts(text[:-1]) and self._code(text[:-1]).get_fullcode() == text

    def make(self, count: int, workshop: Workshop) -> Sequence[Made]:
        codes = [self._code(text) for text in self.pattern.draw(count)]
        return [
            Made(data=code.get_fullcode(), extra=extra(self._format, self._drawn(code)))
            for code in codes
        ]

    def _code(self, text: str) -> Any:
        writer = SVGWriter() if self._format == "svg" else ImageWriter()
        kind = barcode.get_barcode_class(self._symbology)
        if self._symbology == "code39":
            # A digit of its own would make the scanner read another text than the serial.
            return kind(text, writer=writer, add_checksum=False)
        return kind(text, writer=writer)

    def _drawn(self, code: Any) -> bytes:
        file = io.BytesIO()
        code.write(file, self._how)
        return file.getvalue()


def _check(symbology: _Symbology, characters: str, length: int) -> None:
    wrong = [each for each in characters if each not in symbology.characters]
    if wrong:
        raise InvalidInput(
            f"{symbology.name} has no '{wrong[0]}'; "
            + (
                "make the pattern of digits alone, as in `9{12}`."
                if symbology.characters == string.digits
                else "leave it out of the pattern."
            ),
            field="pattern",
        )
    if symbology.length is not None and length != symbology.length:
        raise InvalidInput(
            f"{symbology.name} takes {symbology.length} digits, and adds its own check digit; the "
            f"pattern makes {length}.",
            field="pattern",
        )
    if symbology.is_even and length % 2:
        raise InvalidInput(
            f"{symbology.name} takes an even number of digits; the pattern makes {length}.",
            field="pattern",
        )
    if length > _MAX_LENGTH:
        raise InvalidInput(
            f"A barcode holds at most {_MAX_LENGTH} characters; the pattern makes {length}.",
            field="pattern",
        )
