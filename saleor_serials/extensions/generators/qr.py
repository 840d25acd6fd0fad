"""Serials with a QR code."""

from collections.abc import Mapping, Sequence
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.drawing.picture import CODE_COLOURS, FORMAT
from saleor_serials.extensions.drawing.qr import ERROR_CORRECTION, SCALE, QrCodes
from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext
from saleor_serials.extensions.generators.random import Random


class QrCode(Random):
    """Draws serials, and a QR code of each."""

    label = "Random characters as a QR code"
    settings = (*Random.settings, FORMAT, SCALE, ERROR_CORRECTION, *CODE_COLOURS)

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._codes = QrCodes.of(settings, format=settings["format"])
        widest = "".join(
            max(place, key=lambda each: len(each.encode())) for place in self.pattern.places
        )
        if not self._codes.fits(widest):
            raise InvalidInput(
                "So long a text does not fit into a QR code; shorten the pattern or lower "
                "error_correction.",
                field="pattern",
            )

    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        return [
            GeneratedSerial(data=text, extra={"image": self._codes.draw(text).data_uri})
            for text in self.pattern.draw(count)
        ]
