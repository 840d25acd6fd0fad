"""Serials with a barcode."""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.drawing.barcode import (
    BAR_HEIGHT,
    MAX_BARCODE_LENGTH,
    SYMBOLOGIES,
    WITH_TEXT,
    Barcodes,
)
from saleor_serials.extensions.drawing.picture import FORMAT
from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext
from saleor_serials.extensions.generators.random import Random
from saleor_serials.extensions.settings import Setting

_PRINTABLE = "".join(map(chr, range(32, 127)))
_CODE39 = string.ascii_uppercase + string.digits + "-. $/+%"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Symbology:
    """What a kind of barcode can encode: its characters, and how many.

    ``adds_digit``: it ends with a check digit of its own, which belongs to the serial as well.
    """

    name: str
    characters: str = string.digits
    length: int | None = None
    is_even: bool = False
    adds_digit: bool = False


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
            choices=SYMBOLOGIES,
        ),
        FORMAT,
        BAR_HEIGHT,
        WITH_TEXT,
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._symbology = _SYMBOLOGIES[settings["symbology"]]
        self._codes = Barcodes.of(settings, format=settings["format"])
        _check(self._symbology, self.pattern.characters, len(self.pattern.places))

    def accepts(self, text: str) -> bool:
        if not self._symbology.adds_digit:
            return self.pattern.accepts(text)
        return self.pattern.accepts(text[:-1]) and self._codes.text_of(text[:-1]) == text

    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        return [
            GeneratedSerial(
                data=self._codes.text_of(text), extra={"image": self._codes.draw(text).data_uri}
            )
            for text in self.pattern.draw(count)
        ]


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
    if length > MAX_BARCODE_LENGTH:
        raise InvalidInput(
            f"A barcode holds at most {MAX_BARCODE_LENGTH} characters; the pattern makes {length}.",
            field="pattern",
        )
