"""The text of a serial: its normal form, its digest, and what makes a text no serial."""

import unicodedata
from hashlib import sha256

from saleor_serials.errors import InvalidInput, Required, TooLong
from saleor_serials.models import MAX_DATA_BYTES
from saleor_serials.storable import is_unicode


def normalised(text: str) -> str:
    """Normalise a serial's text: trimmed, in Unicode's NFC; letter case counts."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", text).strip()


def digest_of(text: str) -> bytes:
    """The SHA-256 of a text; of a serial, its normalised one."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def complaint(text: str, *, index: int | None = None) -> InvalidInput | None:
    """Return the error of a normalised text that cannot be a serial; None if it can."""
    if not text:
        return Required("A serial cannot be empty.", field="data", index=index)
    if "\0" in text:
        return InvalidInput("A serial cannot hold a NUL character.", field="data", index=index)
    if text.isascii() and len(text) <= MAX_DATA_BYTES:
        return None
    if not is_unicode(text):
        return InvalidInput("This serial is not valid Unicode text.", field="data", index=index)
    if len(text) > MAX_DATA_BYTES or len(text.encode()) > MAX_DATA_BYTES:
        return TooLong("A serial has at most 64 KB.", field="data", index=index)
    return None
