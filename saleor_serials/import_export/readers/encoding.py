"""Find the encoding of a text file."""

import codecs
import re
from typing import IO

from charset_normalizer import from_bytes

from saleor_serials.errors import InvalidInput, Unreadable

_BLOCK = 1_000_000

_BOMS = {
    # UTF-32 first: its mark begins with that of UTF-16.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# What Windows writes in Western Europe and America.
_WESTERN = "cp1252"

_WESTERN_LETTERS = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœªº€£§°©®™–—‘’“”„«»…·\xa0"
)

# From how well a language is recognised an encoding is taken for granted: serials are no place
# for guesses.
_RECOGNISED = 0.2


def known_encoding(name: str) -> str:
    try:
        codec = codecs.lookup(name)
        # Some of Python's codecs turn text into text, or unpack archives.
        "".encode(codec.name)
        b"".decode(codec.name)
    except (LookupError, ValueError, UnicodeError):
        raise InvalidInput(
            "There is no such encoding; write utf-8, utf-16, windows-1252 or the like.",
            field="encoding",
        ) from None
    # The mark at the beginning is no part of the first cell.
    return "utf-8-sig" if codec.name == "utf-8" else codec.name


def encoding_of(file: IO[bytes]) -> str:
    file.seek(0)
    start = file.read(64 * 1024)
    for mark, encoding in _BOMS.items():
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        return _without_mark(start)
    failed_at = _first_not_utf8(file)
    if failed_at is None:
        return "utf-8"
    file.seek(max(0, failed_at - 16 * 1024))
    sample = start[: 16 * 1024] + file.read(32 * 1024)
    # What is ASCII is the same in all of them.
    telling = b"\n".join(line for line in sample.splitlines() if not line.isascii())
    if _is_binary(start):
        raise _untold()
    if _is_western(telling):
        return _WESTERN
    best = from_bytes(telling).best()
    if best is None or best.coherence < _RECOGNISED:
        raise _untold()
    return str(best.encoding)


def _is_western(telling: bytes) -> bool:
    """Tell a text in which accented letters are scattered, as in the languages of Western Europe.

    In a text that is really Cyrillic, say, they stand side by side.
    """
    try:
        text = telling.decode(_WESTERN)
    except UnicodeDecodeError:
        return False
    side_by_side = sum(map(len, re.findall(r"[^\x00-\x7f]{2,}", text)))
    accented = re.sub(r"[\x00-\x7f]", "", text)
    return set(accented) <= _WESTERN_LETTERS and side_by_side * 3 <= len(accented)


def _untold() -> Unreadable:
    return Unreadable(
        "This is no text, or in an encoding that cannot be told; name its encoding.", field="file"
    )


def _without_mark(start: bytes) -> str:
    """Tell UTF-16 without its mark: in most scripts every other byte is a NUL."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) * 4 < len(start) // 2 or min(even, odd) * 4 > max(even, odd):
        if _is_binary(start):
            raise Unreadable(
                "This is no text, or in an encoding that cannot be told.", field="file"
            )
        return "utf-8"
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_binary(start: bytes) -> bool:
    """Tell a picture or a program from a text that holds a stray control character."""
    controls = len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", start))
    return controls > 4 and controls * 20 > len(start)


def _first_not_utf8(file: IO[bytes]) -> int | None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    offset = 0
    while True:
        block = file.read(_BLOCK)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return max(0, offset + error.start)
        if not block:
            return None
        offset += len(block)
