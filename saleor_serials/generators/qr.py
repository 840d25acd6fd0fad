"""Serials with a QR code."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import segno

from saleor_serials.errors import InvalidInput
from saleor_serials.generators.base import Made, Setting, Workshop
from saleor_serials.generators.pictures import FORMAT, check_colours, colour, extra
from saleor_serials.generators.random import Random


class QrCode(Random):
    """Draws serials, and a QR code of each."""

    label = "Random characters as a QR code"
    settings = (
        *Random.settings,
        FORMAT,
        Setting(
            name="scale",
            type="number",
            default=4,
            help_text="Pixels of one square of the code.",
            at_least=1,
            at_most=20,
        ),
        Setting(
            name="error_correction",
            type="text",
            default="M",
            help_text="How much of the code may be damaged: L 7 %, M 15 %, Q 25 %, H 30 %.",
            choices=("L", "M", "Q", "H"),
        ),
        colour("color", "#000000", "The colour of the code"),
        colour("background", "#ffffff", "The colour behind it"),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        check_colours(settings, "color", "background")
        self._format, self._error = settings["format"], settings["error_correction"]
        self._how = {
            "scale": settings["scale"],
            "dark": settings["color"],
            "light": settings["background"],
        }
        widest = "".join(
            max(place, key=lambda each: len(each.encode())) for place in self.pattern.places
        )
        try:
            segno.make_qr(widest, error=self._error, encoding="utf-8", mode="byte")
        except segno.DataOverflowError:
            raise InvalidInput(
                "So long a text does not fit into a QR code; shorten the pattern or lower "
                "error_correction.",
                field="pattern",
            ) from None

    def make(self, count: int, workshop: Workshop) -> Sequence[Made]:
        return [
            Made(data=text, extra=extra(self._format, self._coded(text)))
            for text in self.pattern.draw(count)
        ]

    def _coded(self, text: str) -> bytes:
        file = io.BytesIO()
        # Scanners read bytes beyond ASCII as UTF-8 more often than as what the standard says.
        code = segno.make_qr(text, error=self._error, boost_error=False, encoding="utf-8")
        code.save(file, kind=self._format, **self._how)
        return file.getvalue()
