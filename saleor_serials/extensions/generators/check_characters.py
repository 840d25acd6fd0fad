"""A check character over any alphabet: it finds every wrong character and every swap of neighbours.

The characters of the alphabet are the elements of a group with a permutation p. A text with its
check character, x1 … xn, is right when p(x1) · p²(x2) · … · pⁿ(xn) is the group's neutral element.
One wrong character changes the product, since p is a permutation; so do two neighbours that change
places, if x · p(y) is never y · p(x) for two different x and y (p is 'anti-symmetric').

The method is J. Verhoeff's (Error Detecting Decimal Codes, 1969), for numbers of any base in H. P.
Gumm, 'A New Class of Check-Digit Methods for Arbitrary Number Systems' (IEEE Transactions on
Information Theory 31, 1985). By the size n of the alphabet:

- n odd: the integers modulo n, p doubles; so do the pure systems of ISO/IEC 7064;
- n = 2ᵏ·m, m odd, k > 1: the field of 2ᵏ elements, where p multiplies by x, beside the former;
- n = 2·m, m odd, m > 1: the dihedral group, p turns rotations round and shifts reflections by one;
- n = 2 has none.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import repeat
from typing import Any

# An irreducible polynomial for each field of 2ᵏ elements.
_POLYNOMIALS = {
    4: 0b111,
    8: 0b1011,
    16: 0b10011,
    32: 0b100101,
    64: 0b1000011,
    128: 0b10000011,
    256: 0b100011011,
}
_MOST = 256


class CheckCharacter:
    """The check character of texts of one length, over an alphabet of ``size`` characters.

    Characters are given by their place in the alphabet, from 0, as bytes.
    """

    def __init__(self, size: int, length: int) -> None:
        """Make ready for texts of ``length`` characters, the check character not counted.

        Raises:
            ValueError: no alphabet of this size has such a check character.
        """
        if not 3 <= size <= _MOST:
            raise ValueError(size)
        self._rows, permutation = _system(size)
        self._size = size
        self._powers = [permutation]
        for _ in range(length):
            self._powers.append(self._powers[-1].translate(_whole(permutation)))
        self._powers = [_whole(power) for power in self._powers]
        last = self._powers.pop()
        # For each product, the character that makes it neutral.
        self._closing = bytearray(_MOST)
        for character in range(size):
            for product in range(size):
                if self._rows[product][last[character]] is self._rows[0]:
                    self._closing[product] = character

    def of(self, columns: Sequence[bytes]) -> bytes:
        """Find the check characters of many texts; a column has one character of each text."""
        products: Iterable[list[Any]] = repeat(self._rows[0])
        for column, power in zip(columns, self._powers, strict=True):
            products = [
                row[each] for row, each in zip(products, column.translate(power), strict=False)
            ]
        return bytes(row[self._size] for row in products).translate(self._closing)

    def fits(self, text: bytes) -> bool:
        """Tell whether the last character is the check character of those before."""
        *columns, last = (bytes([each]) for each in text)
        return self.of(columns) == last


@cache
def _system(size: int) -> tuple[list[list[Any]], bytes]:
    """Lay out a group and its permutation.

    Row ``x`` has at ``y`` the row of the product, so that a product needs one look, and after the
    last ``y`` the number ``x`` itself. The neutral element is 0.
    """
    times, permuted = _operations(size)
    rows: list[list[Any]] = [[] for _ in range(size)]
    for x, row in enumerate(rows):
        row += [rows[times(x, y)] for y in range(size)]
        row.append(x)
    return rows, bytes(permuted(x) for x in range(size))


def _operations(size: int) -> tuple[Callable[[int, int], int], Callable[[int], int]]:
    even = size & -size
    odd = size // even
    if even == 1:
        return (lambda x, y: (x + y) % size), (lambda x: 2 * x % size)
    if even == 2:
        return _dihedral(odd)
    return _field_beside_integers(even, odd)


def _dihedral(turns: int) -> tuple[Callable[[int, int], int], Callable[[int], int]]:
    """The rotations of a polygon are 0 to ``turns - 1``, its reflections follow."""

    def times(x: int, y: int) -> int:
        first, x = divmod(x, turns)
        second, y = divmod(y, turns)
        return (first ^ second) * turns + (x - y if first else x + y) % turns

    def permuted(x: int) -> int:
        reflected, x = divmod(x, turns)
        return turns + (x + 1) % turns if reflected else -x % turns

    return times, permuted


def _field_beside_integers(
    field: int, odd: int
) -> tuple[Callable[[int, int], int], Callable[[int], int]]:
    """An element is ``a * odd + b``: a of the field, b of the integers modulo ``odd``."""

    def times(x: int, y: int) -> int:
        return ((x // odd) ^ (y // odd)) * odd + (x + y) % odd

    def permuted(x: int) -> int:
        shifted = x // odd << 1
        if shifted & field:
            shifted ^= _POLYNOMIALS[field]
        return shifted * odd + 2 * x % odd

    return times, permuted


def _whole(table: bytes) -> bytes:
    """Make a table long enough for ``bytes.translate``."""
    return table.ljust(_MOST, b"\0")
