"""The check character: every wrong character and every swap of neighbours, for every alphabet."""

import string
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_2

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.generators import generator
from saleor_serials.extensions.generators.check_characters import CheckCharacter, _operations
from saleor_serials.extensions.generators.standard_checks import StandardCheck

# Odd, divisible by four, and twice an odd number; what is common: digits, letters, both, without
# look-alikes, in both cases.
SIZES = [3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 25, 26, 30, 32, 36, 58, 62]


def with_check(check: CheckCharacter, text: bytes) -> bytes:
    return text + check.of([bytes([each]) for each in text])


@pytest.mark.parametrize("size", SIZES)
def test_every_wrong_character_and_every_swap_of_neighbours_is_found(size: int) -> None:
    """Whether a change is found depends on nothing but the place, and what changes into what.

    So each pair of characters is tried at each place, beside all others only in small alphabets.
    """
    length = 5
    check = CheckCharacter(size, length)

    for x in range(size):
        for y in range(size):
            for at in range(length):
                around = [(x + 3 * y + place) % size for place in range(length)]
                around[at] = x
                if at + 1 < length:
                    around[at + 1] = y
                right = with_check(check, bytes(around))
                assert check.fits(right)
                if x == y:
                    continue
                wrong = bytearray(right)
                wrong[at] = y
                assert not check.fits(bytes(wrong)), "a wrong character"
                swapped = bytearray(right)
                swapped[at], swapped[at + 1] = right[at + 1], right[at]
                assert (swapped == right) == (right[at] == right[at + 1])
                if swapped != right:
                    assert not check.fits(bytes(swapped)), "a swap of neighbours"


@pytest.mark.parametrize(("size", "length"), [(3, 6), (4, 5), (5, 4), (6, 4), (7, 3), (10, 3)])
def test_every_change_of_every_text_is_found(size: int, length: int) -> None:
    check = CheckCharacter(size, length)

    for characters in product(range(size), repeat=length):
        right = with_check(check, bytes(characters))
        for at in range(length + 1):
            others = {bytes([*right[:at], each, *right[at + 1 :]]) for each in range(size)}
            assert [each for each in others if check.fits(each)] == [right]
            swapped = right[:at] + right[at : at + 2][::-1] + right[at + 2 :]
            assert swapped == right or not check.fits(swapped)


@pytest.mark.parametrize("size", [*range(3, 80), 128, 250, 254, 255, 256])
def test_the_permutation_is_antisymmetric_in_every_group(size: int) -> None:
    """The property that the two above rest on, for every size of an alphabet that is accepted."""
    times, permuted = _operations(size)
    table = [[times(x, permuted(y)) for y in range(size)] for x in range(size)]

    assert sorted(map(permuted, range(size))) == list(range(size))
    assert all(len(set(row)) == size for row in table), "a group's rows have no element twice"
    assert all(len({row[y] for row in table}) == size for y in range(size))
    assert not any(table[x][y] == table[y][x] for x in range(size) for y in range(x))


@pytest.mark.parametrize("size", [6, 12, 10, 9, 16, 14])
def test_what_it_calculates_in_is_a_group(size: int) -> None:
    times, _ = _operations(size)

    assert all(times(0, x) == x == times(x, 0) for x in range(size))
    assert all(
        times(times(x, y), z) == times(x, times(y, z)) for x, y, z in product(range(size), repeat=3)
    )


@pytest.mark.parametrize("size", [0, 1, 2, 257])
def test_an_alphabet_that_cannot_have_one_is_refused(size: int) -> None:
    with pytest.raises(ValueError):
        CheckCharacter(size, 5)


def test_many_texts_are_checked_as_one_is() -> None:
    check = CheckCharacter(10, 3)
    texts = [bytes(text) for text in product(range(10), repeat=3)]

    found = check.of([bytes(text[at] for text in texts) for at in range(3)])

    assert found == b"".join(check.of([bytes([each]) for each in text]) for text in texts)


@given(st.data())
def test_over_odd_alphabets_it_is_the_pure_system_of_iso_7064(data: st.DataObject) -> None:
    """Read from the other end, and with 0 for the remainder that the standard wants to be 1."""
    size = data.draw(st.sampled_from([3, 5, 11, 25, 37]))
    text = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=12))
    alphabet = (string.digits + string.ascii_uppercase + "*")[:size]

    remainder = mod_37_2.checksum("".join(alphabet[each] for each in reversed(text)), alphabet)

    assert CheckCharacter(size, len(text) - 1).fits(bytes(text)) == (remainder == 0)


# As the standards, and those who describe them, publish them.
PUBLISHED = [
    ("luhn", string.digits, "7992739871", "3"),
    ("verhoeff", string.digits, "236", "3"),
    ("iso7064", string.digits, "0794", "5"),
    ("iso7064", string.digits + string.ascii_uppercase, "A12425GABC1234002", "M"),
]


@pytest.mark.parametrize(("method", "alphabet", "text", "last"), PUBLISHED)
def test_a_standards_check_character_is_the_published_one(
    method: str, alphabet: str, text: str, last: str
) -> None:
    check = StandardCheck(method, alphabet)
    numbers = bytes(map(alphabet.index, text))

    assert check.of([bytes([each]) for each in numbers]) == bytes([alphabet.index(last)])
    right = with_check(check, numbers)  # type: ignore[arg-type]
    assert check.fits(right)
    assert not check.fits(right[:-1] + bytes([(right[-1] + 1) % len(alphabet)]))


@pytest.mark.parametrize(("method", "alphabet", "text", "last"), PUBLISHED)
def test_a_generator_ends_its_serials_by_the_standard(
    method: str, alphabet: str, text: str, last: str
) -> None:
    wildcard = "9" if alphabet == string.digits else "*"
    settings = {
        "pattern": f"X{wildcard}{{6}}",
        "check_character": True,
        "check_method": method,
    }
    maker: Any = generator("random", settings)

    for made in maker.pattern.draw(50):
        body, check = made[1:-1], StandardCheck(method, alphabet)
        assert bytes([alphabet.index(made[-1])]) == check.of(
            [bytes([alphabet.index(each)]) for each in body]
        )
        assert maker.accepts(made)


@pytest.mark.parametrize("method", ["luhn", "verhoeff", "iso7064"])
def test_a_standard_is_refused_for_an_alphabet_that_it_is_not_for(method: str) -> None:
    settings = {"pattern": "9{6}", "without": "0", "check_character": True}

    generator("random", settings)
    with pytest.raises(InvalidInput, match="check_method: There is no"):
        generator("random", {**settings, "check_method": method})
