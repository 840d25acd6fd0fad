"""Serials with a picture of their text."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from saleor_serials.errors import InvalidInput, OutOfRange
from saleor_serials.extensions.drawing.picture import MAX_PIXELS, check_colours, colour
from saleor_serials.extensions.drawing.picture import Picture as Drawn
from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext
from saleor_serials.extensions.generators.random import Random
from saleor_serials.extensions.settings import Setting


class Picture(Random):
    """Draws serials, and a picture of each: PNG, with Pillow's own font.

    There is no picture in the background: reading a file that a setting names would show staff
    files of the server.
    """

    label = "Random characters as an image"
    settings = (
        *Random.settings,
        Setting(
            name="width",
            type="number",
            default=560,
            help_text="Width in pixels.",
            at_least=16,
            at_most=4_000,
        ),
        Setting(
            name="height",
            type="number",
            default=96,
            help_text="Height in pixels.",
            at_least=16,
            at_most=4_000,
        ),
        Setting(
            name="font_size",
            type="number",
            default=32,
            help_text="Size of the characters, in pixels.",
            at_least=6,
            at_most=400,
        ),
        colour("color", "#000000", "The colour of the characters"),
        colour("background", "#ffffff", "The colour behind them"),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._size = (settings["width"], settings["height"])
        font = ImageFont.load_default(settings["font_size"])
        assert isinstance(font, ImageFont.FreeTypeFont)
        self._font = font
        self._color, self._background = settings["color"], settings["background"]
        check_colours(settings, "color", "background")
        if settings["width"] * settings["height"] > MAX_PIXELS:
            raise OutOfRange(f"A picture has at most {MAX_PIXELS:,} pixels.", field="width")
        if not self.pattern.characters.isascii():
            raise InvalidInput("The font has no characters but those of ASCII.", field="pattern")
        widest = sum(max(map(self._font.getlength, place)) for place in self.pattern.places)
        if widest > settings["width"]:
            raise OutOfRange(
                f"The text is up to {widest:.0f} pixels wide; make the picture wider or "
                "font_size smaller.",
                field="width",
            )
        if sum(self._font.getmetrics()) > settings["height"]:
            raise OutOfRange(
                f"The text is {sum(self._font.getmetrics())} pixels high; make the picture higher "
                "or font_size smaller.",
                field="height",
            )

    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        return [
            GeneratedSerial(data=text, extra={"image": self._drawn(text).data_uri})
            for text in self.pattern.draw(count)
        ]

    def _drawn(self, text: str) -> Drawn:
        picture = Image.new("RGB", self._size, self._background)
        width, height = self._size
        ImageDraw.Draw(picture).text(
            (width / 2, height / 2), text, fill=self._color, font=self._font, anchor="mm"
        )
        file = io.BytesIO()
        # Two colours and what lies between them need no more.
        picture.quantize(16).save(file, "PNG", optimize=True)
        return Drawn(format="png", content=file.getvalue())
