"""QR codes of serials."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import segno

from saleor_serials.extensions.drawing.picture import Picture, check_colours
from saleor_serials.extensions.settings import Setting

SCALE = Setting(
    name="scale",
    type="number",
    default=4,
    help_text="Pixels of one square of the code.",
    at_least=1,
    at_most=20,
)

ERROR_CORRECTION = Setting(
    name="error_correction",
    type="text",
    default="M",
    help_text="How much of the code may be damaged: L 7 %, M 15 %, Q 25 %, H 30 %.",
    choices=("L", "M", "Q", "H"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class QrCodes:
    """Draws QR codes in one way."""

    format: str
    scale: int
    error_correction: str
    color: str
    background: str

    @classmethod
    def of(cls, settings: Mapping[str, Any], *, format: str) -> "QrCodes":
        """Read ``SCALE``, ``ERROR_CORRECTION`` and ``CODE_COLOURS``.

        Raises:
            InvalidInput: a colour is none.
        """
        check_colours(settings, "color", "background")
        names = ("scale", "error_correction", "color", "background")
        return cls(format=format, **{name: settings[name] for name in names})

    def fits(self, text: str) -> bool:
        """Tell whether a QR code can hold a text in bytes, the least compact mode."""
        try:
            self._code(text, mode="byte")
        except segno.DataOverflowError:
            return False
        return True

    def draw(self, text: str) -> Picture:
        """Draw a text that fits."""
        file = io.BytesIO()
        self._code(text).save(
            file, kind=self.format, scale=self.scale, dark=self.color, light=self.background
        )
        return Picture(format=self.format, content=file.getvalue())

    def _code(self, text: str, mode: str | None = None) -> segno.QRCode:
        # Scanners read bytes beyond ASCII as UTF-8 more often than as what the standard says.
        return segno.make_qr(
            text, error=self.error_correction, boost_error=False, encoding="utf-8", mode=mode
        )
