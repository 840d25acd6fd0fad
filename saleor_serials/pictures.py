"""Pictures of serials: how they are drawn, and how they stand among a serial's extra fields."""

import base64
import binascii
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import barcode
import segno
from barcode.errors import BarcodeError
from barcode.writer import ImageWriter, SVGWriter

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions import Setting

# Of each picture; it is stored with its serial.
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
    """Read a picture that stands among a serial's extra fields; None if it is not one."""
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


def colour(name: str, default: str, help_text: str) -> Setting:
    """Declare a setting that is a colour."""
    return Setting(name=name, type="text", default=default, help_text=f"{help_text}, as #rrggbb.")


CODE_COLOURS = (
    colour("color", "#000000", "The colour of the code"),
    colour("background", "#ffffff", "The colour behind it"),
)


def check_colours(settings: Mapping[str, Any], *names: str) -> None:
    """See to it that settings are colours.

    Raises:
        InvalidInput: one is not, or all are the same.
    """
    for name in names:
        if not re.fullmatch("#[0-9a-fA-F]{6}", settings[name]):
            raise InvalidInput("Give a colour as #rrggbb, such as #1a2b3c.", field=name)
    if len({settings[name].lower() for name in names}) < len(names):
        raise InvalidInput("Choose a colour that differs from the others.", field=names[0])


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
        """Tell whether a QR code can hold a text, whatever its characters are."""
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
        """Say what a scanner reads: the text, with a check digit where the symbology adds one.

        Raises:
            BarcodeError: the symbology cannot say it.
        """
        said: str = self._code(text).get_fullcode()
        return said

    def fits(self, text: str) -> bool:
        """Tell whether a barcode can say a text, and nothing else."""
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
