"""Can PostgreSQL store this? The one answer for texts and for JSON."""

from saleor_serials.errors import InvalidInput


def is_text(text: str) -> bool:
    """Tell whether PostgreSQL can store a text, NUL characters aside."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable(text: str, *, field: str) -> str:
    """Refuse what PostgreSQL cannot store as text.

    Raises:
        InvalidInput: it cannot.
    """
    if "\0" in text or not is_text(text):
        raise InvalidInput("This is not valid Unicode text.", field=field)
    return text
