"""Enums whose members carry the sentence that the API describes them with."""

from enum import StrEnum
from typing import Self


class Described(StrEnum):
    """Texts with a ``description`` each: ``FREE = "free", "Can be assigned to any customer."``.

    The docstring of a subclass describes the enum itself. Django's ``TextChoices`` would do the
    same, but Django has no types: mypy would take each member for a tuple.
    """

    description: str

    def __new__(cls, value: str, description: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member
