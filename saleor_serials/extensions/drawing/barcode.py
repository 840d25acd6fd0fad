"""Barcodes of serials."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import barcode
from barcode.errors import BarcodeError
from barcode.writer import ImageWriter, SVGWriter

from saleor_serials.extensions.drawing.picture import Picture
from saleor_serials.extensions.settings import Setting

BAR_HEIGHT = Setting(
    name="height",
    type="number",
    default=15,
    help_text="Height of the bars, in millimetres.",
    at_least=3,
    at_most=100,
)

WITH_TEXT = Setting(
    name="with_text",
    type="boolean",
    default=True,
    help_text="Write the serial below the bars.",
)

SYMBOLOGIES = ("code128", "code39", "ean13", "ean8", "itf", "upca")
MAX_BARCODE_LENGTH = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Barcodes:
    """Draws barcodes in one way; ``height`` in millimetres."""

    symbology: str
    format: str
    height: int
    with_text: bool

    @classmethod
    def of(cls, settings: Mapping[str, Any], *, format: str) -> "Barcodes":
        """Read ``symbology``, ``BAR_HEIGHT`` and ``WITH_TEXT``."""
        names = ("symbology", "height", "with_text")
        return cls(format=format, **{name: settings[name] for name in names})

    def text_of(self, text: str) -> str:
        """Return what a scanner reads: the text, with a check digit if the symbology adds one.

        Raises:
            BarcodeError: the symbology cannot encode it.
        """
        read: str = self._code(text).get_fullcode()
        return read

    def fits(self, text: str) -> bool:
        """Tell whether a barcode encodes exactly this text."""
        try:
            return len(text) <= MAX_BARCODE_LENGTH and self.text_of(text) == text
        except BarcodeError:
            return False

    def draw(self, text: str) -> Picture:
        """Draw a text that fits, with or without the check digit."""
        file = io.BytesIO()
        how = {"module_height": float(self.height), "write_text": self.with_text}
        self._code(text).write(file, how)
        return Picture(format=self.format, content=file.getvalue())

    def _code(self, text: str) -> Any:
        writer = SVGWriter() if self.format == "svg" else ImageWriter()
        kind = barcode.get_barcode_class(self.symbology)
        if self.symbology == "code39":
            # A digit of its own would make the scanner read another text than the serial.
            return kind(text, writer=writer, add_checksum=False)
        return kind(text, writer=writer)
