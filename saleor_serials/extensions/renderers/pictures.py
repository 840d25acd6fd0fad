"""Renderers that show a serial with a picture: drawn from it, or from an extra field."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from saleor_serials.extensions.drawing import barcode, qr
from saleor_serials.extensions.drawing.barcode import BAR_HEIGHT, WITH_TEXT
from saleor_serials.extensions.drawing.picture import CODE_COLOURS, read
from saleor_serials.extensions.drawing.qr import ERROR_CORRECTION, SCALE
from saleor_serials.extensions.renderers.base import Renderer, Rendering, Shown
from saleor_serials.extensions.settings import Setting

# Mail programs show no SVG.
_FORMAT = "png"
# Bytes that fit into a QR code with any error correction. Phones rarely read larger codes from a
# screen, and drawing one takes a tenth of a second.
_LONGEST = 500


class QrCode(Renderer):
    """Draws a QR code of a serial, unless it is too long for phones to read."""

    label = "QR code"
    settings = (SCALE, ERROR_CORRECTION, *CODE_COLOURS)

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._codes = qr.QrCodes.of(settings, format=_FORMAT)

    def render(self, serial: Shown) -> Rendering:
        is_short = len(serial.data.encode()) <= _LONGEST
        picture = self._codes.draw(serial.data) if is_short else None
        return Rendering(text=serial.data, picture=picture)


class Barcode(Renderer):
    """Draws a barcode of a serial, unless the symbology cannot encode it."""

    label = "Barcode"
    settings = (
        Setting(
            name="symbology",
            type="text",
            default="code128",
            help_text=(
                "The kind of barcode. A serial that it cannot say stands there as text alone: "
                "`code128` says ASCII, `code39` capital letters and digits, the others digits."
            ),
            choices=barcode.SYMBOLOGIES,
        ),
        BAR_HEIGHT,
        replace(WITH_TEXT, default=False),  # it stands above the bars
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._codes = barcode.Barcodes.of(settings, format=_FORMAT)

    def render(self, serial: Shown) -> Rendering:
        picture = self._codes.draw(serial.data) if self._codes.fits(serial.data) else None
        return Rendering(text=serial.data, picture=picture)


class Image(Renderer):
    """Shows the picture in one of a serial's extra fields."""

    label = "Image from an extra field"
    settings = (
        Setting(
            name="field",
            type="text",
            default="image",
            help_text=(
                "The extra field that holds the picture, as a data URI of PNG, JPEG, GIF, WebP or "
                "SVG. The generators of images, QR codes and barcodes write `image`."
            ),
            at_least=1,
            at_most=100,
        ),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._field = settings["field"]

    def render(self, serial: Shown) -> Rendering:
        picture = read(serial.extra.get(self._field))
        return Rendering(text=serial.data, picture=picture)
