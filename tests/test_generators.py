"""The contract of every generator that is registered, and what each of them makes."""

import base64
import io
import json
import re
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.generators import GeneratedSerial, Generator, generator, registered
from saleor_serials.extensions.generators.patterns import LOOKALIKES
from saleor_serials.serials.text import complaint, normalised

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)

# Beside the defaults: settings that each generator must live with as well.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "barcode": [
        {"symbology": "ean13", "pattern": "9{8}", "prefix": "4012"},
        {"symbology": "ean8", "pattern": "9{7}", "format": "png"},
        {"symbology": "upca", "pattern": "9{10}", "check_character": True},
        {"symbology": "itf", "pattern": "9{12}"},
        {"symbology": "code39", "pattern": "A{4}-9{4}", "with_text": False},
        {"pattern": "*{12}", "also": "<>&\"'"},
    ],
    "image": [{"width": 200, "height": 40, "font_size": 12, "pattern": "9{8}"}],
    "qr": [{"format": "png", "error_correction": "H"}, {"pattern": "*{20}", "also": "äöü"}],
    "random": [
        {"pattern": "AA-99-##-**", "case": "mixed", "check_character": True},
        {"pattern": "*{12}", "characters": [], "also": "абвгд", "without": "в"},
        {"pattern": "\\A\\9*{9}\\\\", "prefix": "A9#* ", "suffix": " *", "case": "lower"},
        {"without_lookalikes": True, "characters": ["letters", "digits", "symbols"]},
    ],
    "sequence": [{"start": 0, "step": 7, "padding": 12, "prefix": "No. ", "suffix": "/a"}],
    "signed": [{"claims": {"plan": "gold", "seats": [1, {"a": 2.5}]}, "validity": 1}],
    "time-limited": [{"validity": 90, "unit": "minutes"}],
    "uuid": [{"case": "upper", "hyphens": False}],
}
CASES = [(name, each) for name, more in SETTINGS.items() for each in [{}, *more]]


class Bench:
    """A workshop without a shop."""

    pack_slug = "pack"
    now = NOW

    def __init__(self) -> None:
        self.secret = Ed25519PrivateKey.generate()
        self.next = 0

    def take_numbers(self, count: int, *, start: int, step: int) -> Sequence[int]:
        first = max(self.next, start)
        self.next = first + count * step
        return range(first, self.next, step)

    def sign(self, message: bytes) -> bytes:
        return self.secret.sign(message)


def make(name: str, count: int, **settings: Any) -> Sequence[GeneratedSerial]:
    return generator(name, settings).make(count, Bench())


def texts(count: int, **settings: Any) -> list[str]:
    return [made.data for made in make("random", count, **settings)]


def refusal(name: str, **settings: Any) -> str:
    """What a generator's settings are refused for."""
    with pytest.raises(InvalidInput) as refused:
        generator(name, settings)
    assert refused.value.field == "generator_settings"
    return refused.value.message


def test_the_contract_is_held_against_every_generator_that_is_registered() -> None:
    assert set(SETTINGS) == set(registered())


@pytest.mark.parametrize(("name", "settings"), CASES)
@pytest.mark.parametrize("count", [1, 2, 30])
def test_it_makes_as_many_serials_as_were_asked_for_and_valid_ones(
    name: str, settings: dict[str, Any], count: int
) -> None:
    maker = generator(name, settings)

    made = maker.make(count, Bench())

    assert len({each.data for each in made}) == len(made) == count
    for each in made:
        assert complaint(each.data) is None
        assert normalised(each.data) == each.data
        assert json.loads(json.dumps(each.extra)) == each.extra
        assert each.expires_at is None or each.expires_at > NOW
        assert maker.accepts(each.data)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_settings_may_be_stored_and_read_and_are_not_changed(
    name: str, settings: dict[str, Any]
) -> None:
    kind = registered()[name]
    given = {each.name: each.default for each in kind.settings} | settings
    stored = json.dumps(given)

    generator(name, given).make(1, Bench())
    generator(name, json.loads(stored)).make(1, Bench())
    generator(name, dict.fromkeys(given)).make(1, Bench())

    assert json.dumps(given) == stored


def test_a_generator_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidInput, match="choose one of: barcode, image") as refused:
        generator("Random", {})

    assert refused.value.field == "generator"


# ---- random


def test_a_pattern_says_what_stands_where() -> None:
    for text in texts(300, pattern="AA-99#*{3}\\A{2}", case="lower", prefix="9-", suffix="!"):
        assert re.fullmatch(r"9-[a-z]{2}-[0-9]{2}[!#$%&*+\-=?@^_~][a-z0-9]{3}A\{2\}!", text)


@pytest.mark.parametrize(
    ("settings", "characters"),
    [
        ({"characters": ["digits"]}, "0123456789"),
        ({"characters": ["letters"]}, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ({"characters": ["letters"], "case": "lower"}, "abcdefghijklmnopqrstuvwxyz"),
        ({"characters": ["symbols"], "without": "!#$%&*+"}, "-=?@^_~"),
        ({"characters": ["digits"], "without": "13579"}, "02468"),
        ({"characters": [], "also": "xyzzy"}, "xyz"),
        ({"without_lookalikes": True}, "34679ACDEFGHJKLMNPRTUVWXY"),
    ],
)
def test_the_characters_are_those_that_were_chosen(
    settings: dict[str, Any], characters: str
) -> None:
    drawn = set("".join(texts(200, pattern="*{20}", **settings)))

    assert drawn == set(characters)
    assert generator("random", {"pattern": "**", **settings}).capacity() == len(characters) ** 2


def test_what_looks_alike_is_not_drawn_in_any_case() -> None:
    drawn = set("".join(texts(500, case="mixed", without_lookalikes=True)))

    assert not drawn & LOOKALIKES


@pytest.mark.parametrize("size", [2, 3, 10, 24, 36, 62])
def test_every_character_is_as_likely_as_any_other_at_every_place(size: int) -> None:
    """Chi square, with a bound that an even draw passes in all but one of a million cases."""
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[:size]
    count = 20_000
    expected = count / size
    bound = (size - 1) + 5 * (2 * (size - 1)) ** 0.5 + 15

    drawn = texts(count, pattern="*{4}", characters=[], also=alphabet)

    for place in range(4):
        seen = Counter(text[place] for text in drawn)
        assert sum((seen[each] - expected) ** 2 for each in alphabet) / expected < bound


def test_no_byte_stands_for_more_characters_than_another() -> None:
    """Evenness by construction: each character has as many of the 256 bytes as any other."""
    for size in (2, 3, 10, 24, 36, 62, 200, 256):
        alphabet = "".join(chr(0x4E00 + number) for number in range(size))
        settings = {"characters": [], "also": alphabet, "pattern": "*"}
        made: Any = generator("random", settings)
        pattern = made.pattern
        table, none = pattern._tables["".join(sorted(alphabet))]

        shares = Counter(table[byte] for byte in range(256) if byte not in none)

        assert len(shares) == size
        assert set(shares.values()) == {256 // size}


@given(
    pattern=st.lists(st.sampled_from(["A", "9", "#", "*", "*{3}", "-", "\\A", "ß"])).map("".join),
    case=st.sampled_from(["upper", "lower", "mixed"]),
    also=st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=20),
    without=st.text(st.sampled_from("ABC123!#"), max_size=5),
    prefix=st.text(st.characters(), max_size=4),
    check=st.booleans(),
)
def test_whatever_the_settings_serials_are_valid_or_the_settings_refused(
    pattern: str, case: str, also: str, without: str, prefix: str, check: bool
) -> None:
    settings = {
        "pattern": pattern,
        "case": case,
        "also": also,
        "without": without,
        "prefix": prefix,
        "check_character": check,
    }
    try:
        maker = generator("random", settings)
    except InvalidInput as refused:
        to_blame = refused.message.split(":")[0]
        assert to_blame in {*settings, "characters"}
        return

    made = maker.make(5, Bench())

    assert len(made) == 5
    for each in made:
        assert complaint(each.data) is None
        assert normalised(each.data) == each.data
        assert maker.accepts(each.data)
        assert each.data.startswith(prefix)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pattern": ""}, "pattern: This cannot be empty."),
        ({"pattern": "ABC", "prefix": "x", "case": "upper", "without": "ABC" * 99}, None),
        (
            {"pattern": "-"},
            "pattern: Nothing in it varies: use `*`, `A`, `9` or `#` at least once.",
        ),
        ({"pattern": "\\*"}, "pattern: Nothing in it varies: use "),
        ({"pattern": "*", "characters": []}, "characters: No character is left for the `*`."),
        ({"pattern": "9", "without": "0123456789"}, "without: No character is left for the `9`."),
        ({"pattern": "9", "without": "123456789"}, "pattern: Nothing in it varies: "),
        ({"pattern": "*{501}"}, "pattern: Repeat at most 500 times."),
        ({"pattern": "*{99999999999999}"}, "pattern: Repeat at most 500 times."),
        ({"pattern": "*{400}*{101}"}, "pattern: A serial would have 501 characters; 500 are "),
        ({"case": "Upper"}, "case: Choose from: upper, lower, mixed."),
        ({"characters": ["letters", "emoji"]}, "characters: Choose from: letters, digits, symbo"),
        ({"also": "".join(map(chr, range(0x4E00, 0x4F00)))}, "also: Serials would be made of 293 "),
        ({"also": "a\u0301"}, "pattern: U+0301 is not a character that is seen on its own; "),
        ({"also": "\u1161"}, "pattern: U+1161 is not a character that is seen on its own; "),
        ({"also": "\u212b"}, "pattern: U+212B is not a character that is seen on its own; "),
        ({"also": "\n"}, "pattern: U+000A is not a character that is seen on its own; "),
        ({"also": " "}, "pattern: A space is not drawn, and nothing begins or ends with one."),
        ({"prefix": " a"}, "pattern: A space is not drawn, and nothing begins or ends with one."),
        ({"pattern": "** "}, "pattern: A space is not drawn, and nothing begins or ends with one."),
        (
            {"pattern": "**", "characters": [], "also": "ab", "check_character": True},
            "check_character: The pattern draws from 2 characters, for which there is no check "
            "character; draw from 3 to 256.",
        ),
    ],
)
def test_a_pattern_that_cannot_work_is_refused_with_what_to_do(
    settings: dict[str, Any], message: str | None
) -> None:
    if message is None:
        assert generator("random", settings).capacity() == 23
    else:
        assert refusal("random", **settings).startswith(message)


@pytest.mark.parametrize(
    "settings",
    [
        {"pattern": "****-****", "prefix": "ST-"},
        {"pattern": "A99A#", "case": "mixed"},
        {"pattern": "*{7}", "characters": ["digits"], "suffix": "0"},
        {"pattern": "*{7}", "characters": [], "also": "абвгде"},
    ],
)
def test_no_wrong_character_and_no_swap_of_neighbours_passes_for_a_serial(
    settings: dict[str, Any],
) -> None:
    maker = generator("random", {**settings, "check_character": True})
    others = "".join(map(chr, range(33, 127))) + "абвгдежз"

    for made in maker.make(3, Bench()):
        right = made.data
        for at in range(len(right)):
            for other in set(others) - {right[at]}:
                assert not maker.accepts(right[:at] + other + right[at + 1 :])
            swapped = right[:at] + right[at : at + 2][::-1] + right[at + 2 :]
            assert swapped == right or not maker.accepts(swapped)
        assert not maker.accepts(right[:-1])
        assert not maker.accepts(right + right[-1])


def test_large_numbers_are_drawn_at_once_and_differ() -> None:
    drawn = texts(200_000, check_character=True)

    assert len(set(drawn)) == 200_000


# ---- the others


def test_a_sequence_counts_in_steps_from_its_start() -> None:
    numbers = generator("sequence", {"start": 95, "step": 5, "padding": 3, "prefix": "N"})
    bench = Bench()

    first, second = numbers.make(2, bench), numbers.make(2, bench)

    assert [each.data for each in (*first, *second)] == ["N095", "N100", "N105", "N110"]


@pytest.mark.parametrize("text", [" ", "a\n", "a ", "\x07", "e\u0301"])
def test_a_sequence_s_prefix_stays_as_it_is_or_is_refused(text: str) -> None:
    assert refusal("sequence", suffix=text).startswith("suffix: Serials neither begin nor ")


def test_uuids_are_of_version_4() -> None:
    for made in make("uuid", 200):
        parsed = uuid.UUID(made.data)
        assert (parsed.version, parsed.variant, str(parsed)) == (4, uuid.RFC_4122, made.data)
    for made in make("uuid", 20, case="upper", hyphens=False):
        assert uuid.UUID(made.data).hex.upper() == made.data


@pytest.mark.parametrize(
    ("unit", "length"),
    [
        ("minutes", timedelta(minutes=2)),
        ("hours", timedelta(hours=2)),
        ("days", timedelta(days=2)),
    ],
)
def test_a_time_limited_serial_ends_after_its_validity(unit: str, length: timedelta) -> None:
    made = make("time-limited", 3, validity=2, unit=unit)

    assert {each.expires_at for each in made} == {NOW + length}


def opened(made: GeneratedSerial) -> bytes:
    """The picture of a serial."""
    kind, text = made.extra["image"].split(",")
    assert kind in ("data:image/png;base64", "data:image/svg+xml;base64")
    return base64.b64decode(text)


def test_an_image_is_of_the_size_and_in_the_colours_that_were_chosen() -> None:
    [made] = make("image", 1, width=300, height=50, font_size=20, color="#ff0000", pattern="9{9}")

    picture = Image.open(io.BytesIO(opened(made))).convert("RGB")

    colours = {colour for _, colour in picture.getcolors() or []}
    assert picture.size == (300, 50)
    assert {(255, 255, 255), (255, 0, 0)} <= colours


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"width": 100}, "width"),
        ({"height": 20}, "height"),
        ({"width": 4_000, "height": 4_000}, "width"),
        ({"color": "red"}, "color"),
        ({"color": "#FFFFFF"}, "color"),
        ({"background": "#12345"}, "background"),
        ({"also": "ä"}, "pattern"),
        ({"font_size": 5}, "font_size"),
    ],
)
def test_an_image_that_cannot_show_its_text_is_refused(
    settings: dict[str, Any], field: str
) -> None:
    assert refusal("image", **settings).startswith(f"{field}: ")


@pytest.mark.parametrize("name", ["qr", "barcode"])
@pytest.mark.parametrize("format", ["svg", "png"])
def test_codes_are_pictures_of_the_kind_that_was_chosen(name: str, format: str) -> None:
    for made in make(name, 3, format=format):
        if format == "svg":
            assert ElementTree.fromstring(opened(made)).tag.endswith("svg")  # noqa: S314
        else:
            assert Image.open(io.BytesIO(opened(made))).format == "PNG"


def test_a_text_that_is_too_long_for_a_qr_code_is_refused() -> None:
    characters = "".join(map(chr, range(0x4E00, 0x4E20)))
    long = {"pattern": "*{500}", "characters": [], "also": characters}

    generator("qr", {**long, "error_correction": "L"}).make(1, Bench())
    assert refusal("qr", **long, error_correction="H").startswith("pattern: So long a text does ")


@pytest.mark.parametrize(
    ("symbology", "pattern", "weights"),
    [
        ("ean13", "9{12}", [1, 3] * 6),
        ("ean8", "9{7}", [3, 1, 3, 1, 3, 1, 3]),
        ("upca", "9{11}", [3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]),
    ],
)
def test_an_article_number_ends_with_its_check_digit(
    symbology: str, pattern: str, weights: list[int]
) -> None:
    maker = generator("barcode", {"symbology": symbology, "pattern": pattern})

    for made in maker.make(20, Bench()):
        *digits, last = map(int, made.data)
        total = sum(digit * weight for digit, weight in zip(digits, weights, strict=True))
        assert (total + last) % 10 == 0
        assert maker.accepts(made.data)
        assert not maker.accepts(made.data[:-1] + str((last + 1) % 10))
        assert not maker.accepts("")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"symbology": "ean13"}, "EAN-13 has no '"),
        ({"symbology": "ean13", "pattern": "9{13}"}, "EAN-13 takes 12 digits, and adds its own "),
        ({"symbology": "ean8", "pattern": "9{6}"}, "EAN-8 takes 7 digits"),
        ({"symbology": "upca", "pattern": "9{12}"}, "UPC-A takes 11 digits"),
        ({"symbology": "itf", "pattern": "9{7}"}, "Interleaved 2 of 5 takes an even number "),
        ({"symbology": "code39", "case": "lower"}, "Code 39 has no 'a'"),
        ({"also": "é"}, "Code 128 has no 'é'; leave it out of the pattern."),
        ({"pattern": "*{81}"}, "A barcode holds at most 80 characters; the pattern makes 81."),
    ],
)
def test_a_barcode_that_cannot_say_the_text_is_refused(
    settings: dict[str, Any], message: str
) -> None:
    assert refusal("barcode", **settings).startswith(f"pattern: {message}")


def decoded(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_a_signed_serial_says_what_it_is_and_cannot_be_altered() -> None:
    bench = Bench()
    maker = generator("signed", {"claims": {"plan": "gold"}, "validity": 1, "unit": "hours"})

    for made in maker.make(3, bench):
        header, claims, signature = made.data.split(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        assert decoded(header) == {"alg": "EdDSA", "typ": "JWT"}
        said = decoded(claims)
        assert len(said.pop("jti")) == 22
        assert said == {"pack": "pack", "plan": "gold", "exp": int(NOW.timestamp()) + 3600}
        assert made.expires_at == NOW + timedelta(hours=1)
        bench.secret.public_key().verify(raw, f"{header}.{claims}".encode())
        with pytest.raises(InvalidSignature):
            bench.secret.public_key().verify(raw, f"{header}.{claims[:-1]}".encode())


def test_a_signed_serial_without_validity_is_for_ever() -> None:
    [made] = make("signed", 1)

    assert made.expires_at is None
    assert set(decoded(made.data.split(".")[1])) == {"jti", "pack"}


@pytest.mark.parametrize("name", ["pack", "jti", "exp", "nbf", "iat"])
def test_a_claim_that_is_not_the_pack_s_to_make_is_refused(name: str) -> None:
    assert (
        refusal("signed", claims={name: 1}) == f"claims: The claim '{name}' is not yours to make."
    )
    assert refusal("signed", claims={"a": "x" * 2_000}).startswith("claims: At most 2,000 char")


def test_only_those_that_say_so_sign() -> None:
    class Watched(Bench):
        def sign(self, message: bytes) -> bytes:
            signers.add(name)
            return super().sign(message)

    signers: set[str] = set()
    for name, kind in registered().items():
        assert issubclass(kind, Generator)
        generator(name, {}).make(1, Watched())

    assert signers == {name for name, kind in registered().items() if kind.signs}
