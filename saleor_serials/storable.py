"""Which texts and JSON values PostgreSQL can store: the one place that decides.

PostgreSQL's ``text`` holds every Unicode text without NUL characters and lone surrogates; ``jsonb``
holds such texts and finite numbers. What it cannot hold would fail as a database error that names
no field.
"""

import json
from math import isfinite
from typing import Any

from saleor_serials.errors import InvalidInput, TooLong

# Objects and arrays inside each other. PostgreSQL takes thousands; Python's own reader and writer
# run out of stack before that.
MAX_JSON_DEPTH = 10


def is_unicode(text: str) -> bool:
    """Tell whether a text has no lone surrogate, and so can be encoded."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_storable_text(text: str) -> bool:
    """Tell whether a text has neither a NUL character nor a lone surrogate."""
    return "\0" not in text and is_unicode(text)


def is_storable_json(value: Any) -> bool:
    """Tell whether a value is JSON of storable texts and finite numbers, nested up to 10 deep."""
    return _is_json(value, MAX_JSON_DEPTH)


def _is_json(value: Any, depth: int) -> bool:
    if isinstance(value, str):
        return is_storable_text(value)
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        named = all(isinstance(name, str) for name in value)
        return named and _is_json([*value, *value.values()], depth)
    if isinstance(value, list | tuple):
        return depth > 0 and all(_is_json(each, depth - 1) for each in value)
    return value is None or isinstance(value, int)


def storable_text(text: str, *, field: str) -> str:
    """Return a text unchanged.

    Raises:
        InvalidInput: it has a NUL character or a lone surrogate.
    """
    if not is_storable_text(text):
        raise InvalidInput(
            "This has a NUL character or a lone surrogate, half of a character; remove it.",
            field=field,
        )
    return text


def short_text(text: str | None, *, field: str, at_most: int) -> str:
    """Trim a text that goes into a column of ``at_most`` characters; None is empty.

    Line breaks, tabs and invisible characters inside it stay.

    Raises:
        InvalidInput: it has a NUL character or a lone surrogate.
        TooLong: it has more characters.
    """
    text = storable_text((text or "").strip(), field=field)
    if len(text) > at_most:
        raise TooLong(f"This has at most {at_most} characters; shorten it.", field=field)
    return text


def storable_object(value: Any, *, field: str, at_most: int | None = None) -> dict[str, Any]:
    """Return a JSON object unchanged.

    ``at_most``: bytes of it written as JSON in UTF-8.

    Raises:
        InvalidInput: it is no object, or holds what PostgreSQL cannot store.
        TooLong: it has more bytes.
    """
    if not isinstance(value, dict):
        raise InvalidInput('Write a JSON object: {"name": value, …}.', field=field)
    if not is_storable_json(value):
        raise InvalidInput(
            "This has a NUL character, a lone surrogate, a number that is not finite, or more than "
            f"{MAX_JSON_DEPTH} objects and lists inside each other.",
            field=field,
        )
    if at_most is not None and len(json.dumps(value, ensure_ascii=False).encode()) > at_most:
        raise TooLong(f"This has at most {at_most // 1024} KB; shorten it.", field=field)
    return value
