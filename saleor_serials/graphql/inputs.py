"""Inputs of which only some go together."""

from collections.abc import Mapping
from typing import Any

from graphene.utils.str_converters import to_camel_case

from saleor_serials.errors import InvalidInput, Required


def one_of(given: Mapping[str, Any], *names: str) -> str:
    """Return which of these fields of an input is given, where exactly one must be.

    Raises:
        Required: none of them is; ``field`` is the first.
        InvalidInput: several are; ``field`` is one too many.
    """
    there = [name for name in names if given.get(name) is not None]
    spelled = " and ".join(f"`{to_camel_case(name)}`" for name in names)
    if not there:
        raise Required(f"Give one of {spelled}.", field=names[0])
    if len(there) > 1:
        raise InvalidInput(f"Give only one of {spelled}.", field=there[1])
    return there[0]


def refuse_beside(given: Mapping[str, Any], name: str, *, beside: str) -> None:
    """Refuse a field of an input that says nothing beside another.

    Raises:
        InvalidInput: it is given.
    """
    if given.get(name) is not None:
        raise InvalidInput(
            f"`{to_camel_case(name)}` cannot be combined with `{to_camel_case(beside)}`.",
            field=name,
        )
