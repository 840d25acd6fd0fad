"""Find the encoding of a text file: UTF-8, UTF-16 or UTF-32, Windows-1252, or ask.

A wrong guess would import wrong serials without a word. A text whose encoding is not certain is
refused, and staff name the encoding.
"""

import codecs
import re
from typing import IO

from saleor_serials.errors import InvalidInput, Unreadable

_BLOCK = 1_000_000
_SAMPLE = 32 * 1024

_MARKS = {
    # UTF-32 first: its mark begins with that of UTF-16.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# Letters of Western Europe, and signs that all Windows encodings write as the same bytes. Without
# Œ, œ, £, ª and º: those bytes are the letters Ś, ś, Ł, Ş and ş of Central Europe.
_WESTERN = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûü€§°©®™–—‘’“”„«»…·\xa0")


def known_encoding(name: str) -> str:
    """Find an encoding by a name of it.

    Raises:
        InvalidInput: Python knows no encoding of text by this name.
    """
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
    """Tell how a text is encoded.

    Raises:
        Unreadable: it is not certain.
    """
    file.seek(0)
    start = file.read(_SAMPLE)
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    # UTF-16 without its mark: of the odd bytes, or of the even ones, at least a quarter is NUL.
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) * 8 >= len(start) and min(even, odd) * 4 <= max(even, odd) > 0:
        return "utf-16-le" if odd > even else "utf-16-be"
    failed_at = _first_not_utf8(file)
    if failed_at is None:
        return "utf-8"
    file.seek(max(0, failed_at - _SAMPLE))
    if _is_western(file.read(2 * _SAMPLE)):
        return "cp1252"
    raise Unreadable(
        "This is no text in UTF-8, UTF-16 or Windows-1252. Name its encoding, such as windows-1251 "
        "or shift_jis, or save it as UTF-8.",
        field="file",
    )


def _is_western(sample: bytes) -> bool:
    """Tell whether a sample is Windows-1252: its accented letters stand beside unaccented ones.

    A text in Cyrillic or Greek has few letters that do.
    """
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    accented = re.findall(r"[À-ÿ]", text)
    beside = re.findall(r"(?<=[A-Za-z])[À-ÿ]|[À-ÿ](?=[A-Za-z])", text)
    return _WESTERN.issuperset(re.findall(r"[^\x00-\x7f]", text)) and (
        len(beside) * 3 >= len(accented) * 2
    )


def _first_not_utf8(file: IO[bytes]) -> int | None:
    """Find where a file stops being UTF-8; None if it is UTF-8 to its end."""
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
