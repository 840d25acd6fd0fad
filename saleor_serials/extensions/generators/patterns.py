"""Patterns of character sets, and texts drawn from them: at random, evenly, and many at once."""

import codecs
import math
import os
import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from saleor_serials.errors import InvalidInput, OutOfRange, Required, TooLong
from saleor_serials.extensions.generators.check_characters import CheckCharacter
from saleor_serials.extensions.generators.standard_checks import METHODS, StandardCheck
from saleor_serials.extensions.settings import Setting

LOOKALIKES = frozenset("0OoQ1Iil|2Zz5Ss8B")
MAX_LENGTH = 500

_LETTERS = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "mixed": string.ascii_letters,
}
_SYMBOLS = "!#$%&*+-=?@^_~"
_MOST_CHARACTERS = 256

_PART = re.compile(
    r"\\(?P<itself>.)|(?P<set>[A9#*])(?:\{(?P<times>[0-9]+)\})?|(?P<other>.)", re.DOTALL
)

SETTINGS = (
    Setting(
        name="pattern",
        type="text",
        default="*{4}-*{4}-*{4}-*{4}",
        help_text=(
            "What a serial looks like: `*` stands for any of the characters below, `A` for a "
            "letter, `9` for a digit, `#` for a symbol, and `{n}` after one of them for n of it; "
            "everything else, and what follows a `\\`, stands for itself."
        ),
        at_least=1,
    ),
    Setting(
        name="characters",
        type="list",
        default=["letters", "digits"],
        help_text="What `*` stands for.",
        choices=("letters", "digits", "symbols"),
    ),
    Setting(
        name="case",
        type="text",
        default="upper",
        help_text="The case of the letters.",
        choices=tuple(_LETTERS),
    ),
    Setting(
        name="also",
        type="text",
        default="",
        help_text="Further characters that `*` stands for.",
    ),
    Setting(
        name="without",
        type="text",
        default="",
        help_text="Characters that are never drawn.",
    ),
    Setting(
        name="without_lookalikes",
        type="boolean",
        default=False,
        help_text=f"Never draw what is easily confused: {' '.join(sorted(LOOKALIKES))}",
    ),
    Setting(name="prefix", type="text", default="", help_text="What all begin with.", at_most=100),
    Setting(name="suffix", type="text", default="", help_text="What all end with.", at_most=100),
    Setting(
        name="check_character",
        type="boolean",
        default=False,
        help_text=(
            "End the pattern with one more character, which follows from those drawn: with it "
            "every single wrong character and every swap of neighbours is noticed."
        ),
    ),
    Setting(
        name="check_method",
        type="text",
        default="any",
        help_text=(
            "How the check character is found: `any` for any characters, or by a standard: `luhn` "
            "or `verhoeff` for digits, `iso7064` for digits or for capital letters and digits."
        ),
        choices=("any", *METHODS),
    ),
)


class Pattern:
    """The characters that are possible at each place of a text."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Read the settings above.

        Raises:
            InvalidInput: nothing can be drawn with them; ``field`` is the setting to change.
        """
        middle = _places(settings)
        drawn = [place for place in middle if len(place) > 1]
        if not drawn:
            raise InvalidInput(
                "Nothing in it varies: use `*`, `A`, `9` or `#` at least once.", field="pattern"
            )
        self.alphabet = "".join(sorted(set().union(*drawn)))
        self._check: CheckCharacter | StandardCheck | None = None
        if settings["check_character"]:
            self._check = _check_character(
                self.alphabet, len(drawn), method=settings["check_method"]
            )
            middle.append(self.alphabet)
        self.places: Sequence[str] = [*settings["prefix"], *middle, *settings["suffix"]]
        self._check_at = len(settings["prefix"]) + len(middle) - 1
        self._drawn_at = [
            index
            for index, place in enumerate(self.places)
            if len(place) > 1 and (self._check is None or index != self._check_at)
        ]
        if len(self.places) > MAX_LENGTH:
            raise TooLong(
                f"A serial would have {len(self.places):,} characters; {MAX_LENGTH} are allowed.",
                field="pattern",
            )
        fixed = set().union(*(place for place in self.places if len(place) == 1))
        self.characters = self.alphabet + "".join(sorted(fixed - set(self.alphabet)))
        _check_characters(self.characters, self.places)
        self._numbers = {character: number for number, character in enumerate(self.characters)}
        self._tables = {place: self._table(place) for place in set(self.places)}

    def capacity(self) -> int:
        """Return the number of different texts."""
        return math.prod(len(self.places[index]) for index in self._drawn_at)

    def accepts(self, text: str) -> bool:
        """Tell whether a text matches the pattern and has the right check character."""
        if len(text) != len(self.places) or any(
            character not in place for character, place in zip(text, self.places, strict=True)
        ):
            return False
        if self._check is None:
            return True
        covered = [*self._drawn_at, self._check_at]
        return self._check.fits(bytes(self._numbers[text[index]] for index in covered))

    def draw(self, count: int) -> list[str]:
        """Draw texts, all with the same probability; works place by place for all texts at once."""
        width = len(self.places)
        numbers = bytearray(count * width)
        for index, place in enumerate(self.places):
            if len(place) == 1:
                numbers[index::width] = bytes([self._numbers[place]]) * count
        for index in self._drawn_at:
            numbers[index::width] = self._draw_column(self.places[index], count)
        if self._check is not None:
            columns = [bytes(numbers[index::width]) for index in self._drawn_at]
            numbers[self._check_at :: width] = self._check.of(columns)
        text, _ = codecs.charmap_decode(bytes(numbers), "strict", self.characters)
        return [text[start : start + width] for start in range(0, len(text), width)]

    def _table(self, place: str) -> tuple[bytes, bytes]:
        """Map random bytes to characters; the second table lists the bytes that map to none.

        Bytes beyond the largest multiple of the number of characters map to none: otherwise some
        characters would be drawn more often than others.
        """
        even = _MOST_CHARACTERS - _MOST_CHARACTERS % len(place)
        numbers = [self._numbers[place[byte % len(place)]] for byte in range(_MOST_CHARACTERS)]
        return bytes(numbers), bytes(range(even, _MOST_CHARACTERS))

    def _draw_column(self, place: str, count: int) -> bytes:
        table, none = self._tables[place]
        likely = _MOST_CHARACTERS / (_MOST_CHARACTERS - len(none))
        column = b""
        while len(column) < count:
            missing = count - len(column)
            column += os.urandom(int(missing * likely * 1.01) + 32).translate(table, none)
        return column[:count]


def _places(settings: Mapping[str, Any]) -> list[str]:
    """Read a pattern: the characters that can stand at each place, one where it is fixed."""
    letters = _LETTERS[settings["case"]]
    sets = {"letters": letters, "digits": string.digits, "symbols": _SYMBOLS}
    chosen = "".join(sets[name] for name in settings["characters"]) + settings["also"]
    wildcards = {
        "A": (letters, "without"),
        "9": (string.digits, "without"),
        "#": (_SYMBOLS, "without"),
        "*": (chosen, "characters" if not chosen else "without"),
    }
    banned = set(settings["without"]) | (LOOKALIKES if settings["without_lookalikes"] else set())
    places: list[str] = []
    for part in _PART.finditer(settings["pattern"]):
        if not part["set"]:
            places.append(part["itself"] or part["other"])
            continue
        among, to_blame = wildcards[part["set"]]
        characters = "".join(sorted(set(among) - banned))
        if not characters:
            raise Required(f"No character is left for the `{part['set']}`.", field=to_blame)
        times = int((part["times"] or "1")[:9])
        if times > MAX_LENGTH:
            raise OutOfRange(f"Repeat at most {MAX_LENGTH} times.", field="pattern")
        places += [characters] * times
    return places


def _check_character(alphabet: str, length: int, *, method: str) -> CheckCharacter | StandardCheck:
    if method != "any":
        return _standard_check(alphabet, method=method)
    try:
        return CheckCharacter(len(alphabet), length)
    except ValueError:
        raise InvalidInput(
            f"The pattern draws from {len(alphabet)} characters, for which there is no check "
            "character; draw from 3 to 256.",
            field="check_character",
        ) from None


def _standard_check(alphabet: str, *, method: str) -> StandardCheck:
    try:
        return StandardCheck(method, alphabet)
    except ValueError:
        raise InvalidInput(
            f"There is no {method} for the {len(alphabet)} characters that the pattern draws from; "
            "draw from all ten digits, for iso7064 also from all capital letters and digits.",
            field="check_method",
        ) from None


def _check_characters(characters: str, places: Sequence[str]) -> None:
    if len(characters) > _MOST_CHARACTERS:
        raise TooLong(
            f"Serials would be made of {len(characters):,} different characters; "
            f"{_MOST_CHARACTERS} are allowed.",
            field="also",
        )
    for character in characters:
        if not _stands_alone(character):
            raise InvalidInput(
                f"U+{ord(character):04X} is not a character that is seen on its own; leave it out.",
                field="pattern",
            )
    if any(" " in place and len(place) > 1 for place in places) or " " in (places[0], places[-1]):
        raise InvalidInput(
            "A space is not drawn, and nothing begins or ends with one.", field="pattern"
        )


def _stands_alone(character: str) -> bool:
    """Tell whether a character is visible and does not combine with its neighbours."""
    # The vowels and finals of Hangul join the letter before them, as marks do.
    return (
        character.isprintable()
        and not unicodedata.category(character).startswith("M")
        and not "\u1160" <= character <= "\u11ff"
        and unicodedata.is_normalized("NFC", character)
    )
