"""Check characters of published standards, for serials that other systems verify as well."""

from collections.abc import Callable, Sequence

from stdnum import luhn, verhoeff
from stdnum.iso7064 import mod_11_10, mod_37_36

_DIGITS = "0123456789"
_LETTERS_AND_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# By method and alphabet, in the order of the characters' values.
_STANDARDS: dict[tuple[str, str], Callable[[str], str]] = {
    ("luhn", _DIGITS): luhn.calc_check_digit,
    ("verhoeff", _DIGITS): verhoeff.calc_check_digit,
    ("iso7064", _DIGITS): mod_11_10.calc_check_digit,
    ("iso7064", _LETTERS_AND_DIGITS): mod_37_36.calc_check_digit,
}
METHODS = tuple(dict.fromkeys(method for method, _ in _STANDARDS))


class StandardCheck:
    """A standard's check character, used as ``CheckCharacter`` is.

    Luhn (ISO/IEC 7812) misses the swap of 0 and 9; Verhoeff misses no swap of neighbours. ISO/IEC
    7064 is MOD 11,10 for digits and MOD 37,36 for capital letters and digits.
    """

    def __init__(self, method: str, alphabet: str) -> None:
        """Choose the standard for an alphabet.

        Raises:
            ValueError: the method has none for it.
        """
        if (method, alphabet) not in _STANDARDS:
            raise ValueError(alphabet)
        self._alphabet = alphabet
        self._calculate = _STANDARDS[method, alphabet]

    def of(self, columns: Sequence[bytes]) -> bytes:
        """Find the check characters of many texts; a column has one character of each text."""
        return bytes(
            self._alphabet.index(self._calculate("".join(self._alphabet[each] for each in text)))
            for text in zip(*columns, strict=True)
        )

    def fits(self, text: bytes) -> bool:
        """Tell whether the last character is the check character of those before."""
        *columns, last = (bytes([each]) for each in text)
        return self.of(columns) == last
