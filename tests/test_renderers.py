"""How serials look: every renderer's contract, and what each of them makes of a serial."""

import io
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.drawing.picture import Picture, read
from saleor_serials.extensions.generators import generator
from saleor_serials.extensions.renderers import (
    RENDERERS,
    Renderer,
    Rendering,
    Setting,
    Shown,
    registered,
    renderer,
)
from saleor_serials.serials.rendering import rendered
from tests import making
from tests.test_generators import Bench

PIXEL = Picture(format="gif", content=b"GIF89a")


def shown(data: str, **values: Any) -> Shown:
    return Shown(**{"data": data, "extra": {}, "expires_at": None, "pack_name": "", **values})


def text_of(text: str, serial: Shown) -> str:
    rendering = renderer("text", {"text": text}).render(serial)
    assert rendering.picture is None
    return rendering.text


def size_of(picture: Picture | None) -> tuple[int, int]:
    assert picture is not None
    assert picture.format == "png"
    return Image.open(io.BytesIO(picture.content)).size


extras = st.dictionaries(st.text(), st.one_of(st.none(), st.text(), st.integers(), st.booleans()))


@pytest.mark.parametrize("name", list(registered()))
@given(data=st.text(min_size=1, max_size=60), extra=extras, field=st.text())
def test_every_renderer_renders_whatever_a_serial_is(
    name: str, data: str, extra: dict[str, Any], field: str
) -> None:
    chosen = renderer(name, {})

    rendering = chosen.render(shown(data, extra={**extra, "image": field}))

    assert rendering.text == data
    if rendering.picture is not None:
        assert read(rendering.picture.data_uri) == rendering.picture


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("$data", "A-1"),
        ("Code: $data, from $pack, until $expires.", "Code: A-1, from Seats, until 2031-05-06."),
        ("${data}${extra.pin} ($$5)", "A-11234 ($5)"),
        ("Seat ${extra.Sitz Nr}", None),
        ("<b>$data</b> {data} %s {{ data }}", "<b>A-1</b> {data} %s {{ data }}"),
        ("${extra.gone}${extra.none}|", "|"),
        ("Row ${extra.row-number}, ${extra.is_new}", "Row 7, True"),
    ],
)
def test_a_text_is_filled_with_what_the_serial_has(text: str, seen: str | None) -> None:
    serial = shown(
        "A-1",
        extra={"pin": "1234", "none": None, "row-number": 7, "is_new": True},
        pack_name="Seats",
        expires_at=datetime(2031, 5, 6, 23, tzinfo=UTC),
    )

    if seen is None:
        with pytest.raises(InvalidInput, match="A dollar sign stands alone"):
            renderer("text", {"text": text})
    else:
        assert text_of(text, serial) == seen


def test_a_serial_is_not_read_as_a_text_to_be_filled() -> None:
    serial = shown("$data ${extra.pin} $$", extra={"pin": "$data"})

    assert text_of("$data / ${extra.pin}", serial) == "$data ${extra.pin} $$ / $data"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("$date", "There is no `date`; there are: data, pack, expires"),
        ("${pin}", "There is no `pin`"),
        ("5 $", "A dollar sign stands alone; write `\\$\\$`"),
        ("${data.__class__}", "There is no `data.__class__`"),
        ("", "This cannot be empty"),
    ],
)
def test_a_text_that_cannot_be_filled_is_refused_with_what_to_do(text: str, what: str) -> None:
    with pytest.raises(InvalidInput, match=what) as refused:
        renderer("text", {"text": text})

    assert refused.value.field == "renderer_settings"


def test_a_qr_code_is_drawn_as_large_as_was_chosen() -> None:
    small = renderer("qr", {"scale": 2}).render(shown("A-1"))
    large = renderer("qr", {"scale": 4}).render(shown("A-1"))

    assert small.text == large.text == "A-1"
    width, height = size_of(small.picture)
    assert size_of(large.picture) == (2 * width, 2 * height)


@pytest.mark.parametrize("data", ["x" * 500, "é" * 250])
def test_what_is_short_enough_is_drawn_with_any_error_correction(data: str) -> None:
    for level in "LMQH":
        rendering = renderer("qr", {"error_correction": level}).render(shown(data))
        assert rendering.picture is not None


@pytest.mark.parametrize("data", ["x" * 501, "x" * 60_000, "é" * 251])
def test_what_is_too_long_for_a_qr_code_is_text_alone(data: str) -> None:
    assert renderer("qr", {}).render(shown(data)) == Rendering(text=data)
    assert renderer("qr", {}).render(shown(data[:250])).picture is not None


@pytest.mark.parametrize(
    ("symbology", "data", "is_drawn"),
    [
        ("code128", "A-1", True),
        ("code128", "Ä-1", False),
        ("code128", "x" * 81, False),
        ("code39", "A-1", True),
        ("code39", "a-1", False),
        ("ean13", "4006381333931", True),
        ("ean13", "4006381333932", False),  # a wrong check digit
        ("ean13", "400638133393", False),  # a scanner would read one digit more
        ("itf", "1234", True),
        ("itf", "123", False),
        ("upca", "123456789012", True),
        ("ean8", "96385074", True),
    ],
)
def test_a_barcode_says_the_serial_or_is_not_drawn(
    symbology: str, data: str, is_drawn: bool
) -> None:
    rendering = renderer("barcode", {"symbology": symbology}).render(shown(data))

    assert rendering.text == data
    assert (rendering.picture is not None) == is_drawn
    if is_drawn:
        assert size_of(rendering.picture) > (100, 50)


@pytest.mark.parametrize("name", ["image", "qr", "barcode"])
def test_what_a_generator_drew_is_shown(name: str) -> None:
    [made] = generator(name, {}).make(1, Bench())

    picture = renderer("image", {}).render(shown(made.data, extra=made.extra)).picture

    assert picture is not None
    assert picture.data_uri == made.extra["image"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        "https://example.com/a.png",
        "data:text/html;base64,PGI+",
        "data:image/png;base64,%%%",
        "data:image/png,abc",
        "data:;base64,YQ==",
    ],
)
def test_what_is_no_picture_is_not_shown(value: Any) -> None:
    serial = shown("A-1", extra={"photo": value, "image": PIXEL.data_uri})

    assert renderer("image", {"field": "photo"}).render(serial) == Rendering(text="A-1")
    assert renderer("image", {}).render(serial).picture == PIXEL


class Worn(Renderer):
    """A third party's, that does not do what it must."""

    label = "Worn"
    settings = (Setting(name="how", type="text", default="", help_text="How it fails."),)

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.how = settings["how"]

    def render(self, serial: Shown) -> Rendering:
        match self.how:
            case "raises":
                raise RuntimeError(serial.data)
            case "draws nonsense":
                return Rendering(text=serial.data, picture=Picture(format="exe", content=b""))
        nothing: Any = None
        return nothing


@pytest.mark.parametrize("how", ["raises", "draws nonsense", "says nothing", "is gone"])
def test_where_a_renderer_fails_the_data_is_shown_and_the_log_holds_no_serial(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    with mock.patch.object(RENDERERS, "registered", return_value={"worn": Worn}):
        pack = making.make_pack(renderer="worn", renderer_settings={"how": how})
    [serial] = making.make_serials(pack, 1)
    installed = {} if how == "is gone" else {"worn": Worn}

    with (
        mock.patch.object(RENDERERS, "registered", return_value=installed),
        caplog.at_level(logging.DEBUG),
    ):
        renderings = rendered(pack, [serial])

    assert renderings == [Rendering(text=serial.data)]
    assert len(caplog.records) == 1
    assert f"The renderer of pack {pack.pk}" in caplog.text
    assert serial.data not in caplog.text
