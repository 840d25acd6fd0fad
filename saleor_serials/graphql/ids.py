"""Global ids: what clients call a thing by. None of them is trusted."""

import base64

from graphene import Node

from saleor_serials.errors import NotFound
from saleor_serials.serials.search import MAX_ID


def of(type_name: str, pk: object) -> str:
    """Make a global id."""
    return str(Node.to_global_id(type_name, pk))


def text_of(global_id: str, type_name: str) -> str | None:
    """Read what a global id says; None if it is not one of this type."""
    try:
        kind, _, text = base64.b64decode(global_id, validate=True).decode("ascii").partition(":")
    except ValueError:
        return None
    return text if kind == type_name and 0 < len(text) <= 36 and text.isprintable() else None


def number_of(global_id: str, type_name: str) -> int | None:
    """Read the number that a global id says; None if it does not say a possible one."""
    text = text_of(global_id, type_name)
    number = int(text) if text is not None and text.isdigit() else None
    return number if number is not None and number <= MAX_ID else None


def require(global_id: str, type_name: str, *, field: str) -> int:
    """Read the number that an id in the argument ``field`` says.

    Raises:
        NotFound: it is not an id of this type.
    """
    number = number_of(global_id, type_name)
    if number is None:
        raise NotFound(f"This is not the ID of a {type_name}.", field=field)
    return number
