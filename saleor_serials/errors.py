"""What can go wrong, one class each.

A class's docstring is its default message; its ``code`` is stable and part of the API. A message
never holds serial data: messages end in logs and in other people's screens.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import ClassVar

from django.db import DatabaseError


class ErrorCode(StrEnum):
    """The stable codes of refused input."""

    ALREADY_EXISTS = "ALREADY_EXISTS"
    COUNT_CHANGED = "COUNT_CHANGED"
    DUPLICATE = "DUPLICATE"
    INVALID = "INVALID"
    LIMIT_REACHED = "LIMIT_REACHED"
    NOT_ALLOWED = "NOT_ALLOWED"
    NOT_ENOUGH = "NOT_ENOUGH"
    NOT_FOUND = "NOT_FOUND"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    REQUIRED = "REQUIRED"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    TOO_SHORT = "TOO_SHORT"
    UNREADABLE = "UNREADABLE"
    WRONG_STATUS = "WRONG_STATUS"


class SerialsError(Exception):
    """Something about serials went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)

    @property
    def message(self) -> str:
        """The message alone, fit to be shown to whoever made the call."""
        return str(self.args[0])


class UnsupportedHost(SerialsError):
    """This version of Saleor is not supported."""


class SchemaAlreadyBuilt(SerialsError):
    """Saleor's GraphQL schema was built before saleor_serials could add to it.

    Something imports ``saleor.graphql.api`` while apps load: import it later.
    """


class StorageFailed(SerialsError):
    """The database refused a change to serials; see its own log for the details."""


class NotFulfillable(SerialsError):
    """Saleor does not let these order lines be fulfilled now."""


class SigningKeyUnreadable(SerialsError):
    """The pack's signing key cannot be read, because the shop's SECRET_KEY has changed.

    Put the former one into SECRET_KEY_FALLBACKS.
    """


@contextmanager
def without_details() -> Iterator[None]:
    """Re-raise database errors without their text: PostgreSQL's DETAIL prints the whole row.

    Raises:
        StorageFailed: with the name of the error and its SQLSTATE.
    """
    try:
        yield
    except DatabaseError as error:
        state = getattr(error.__cause__, "pgcode", None) or getattr(
            error.__cause__, "sqlstate", None
        )
        raise StorageFailed(
            f"The database refused a change to serials: {type(error).__name__}, {state}."
        ) from None


class InvalidInput(SerialsError):
    """The input cannot be accepted.

    ``field`` is the name of the argument, in Python's spelling; ``index`` is the position in a
    list argument, from 0.
    """

    code: ClassVar[ErrorCode] = ErrorCode.INVALID

    def __init__(self, message: str | None = None, *, field: str, index: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.index = index


class Required(InvalidInput):
    """Give a value; this one is empty."""

    code = ErrorCode.REQUIRED


class NotFound(InvalidInput):
    """There is no such object; check the ID."""

    code = ErrorCode.NOT_FOUND


class AlreadyExists(InvalidInput):
    """This exists already; change the one that is there, or choose another value."""

    code = ErrorCode.ALREADY_EXISTS


class Duplicate(InvalidInput):
    """This serial stands in the pack already; each may be there only once."""

    code = ErrorCode.DUPLICATE


class OutOfRange(InvalidInput):
    """The number is too small or too large."""

    code = ErrorCode.OUT_OF_RANGE


class TooLong(InvalidInput):
    """The text is too long; shorten it."""

    code = ErrorCode.TOO_LONG


class TooMany(InvalidInput):
    """Too many in one call; make several calls."""

    code = ErrorCode.TOO_MANY


class TooShort(InvalidInput):
    """The text is too short; write more of it."""

    code = ErrorCode.TOO_SHORT


class LimitReached(InvalidInput):
    """The pack cannot take so many serials."""

    code = ErrorCode.LIMIT_REACHED


class NotEnough(InvalidInput):
    """The generator cannot make so many different serials with these settings."""

    code = ErrorCode.NOT_ENOUGH


class NotAllowed(InvalidInput):
    """The rights of your group do not include this."""

    code = ErrorCode.NOT_ALLOWED


class Unreadable(InvalidInput):
    """The file cannot be read as what it is said to be."""

    code = ErrorCode.UNREADABLE


class WrongStatus(InvalidInput):
    """The serial's status does not allow this."""

    code = ErrorCode.WRONG_STATUS


class CountChanged(InvalidInput):
    """Not as many serials as you said match; look at the list again."""

    code = ErrorCode.COUNT_CHANGED


class InvalidInputs(SerialsError):
    """Several inputs cannot be accepted; nothing was changed."""

    def __init__(self, errors: Sequence[InvalidInput]) -> None:
        super().__init__()
        self.errors = tuple(errors)


class Refusals:
    """Collects what is wrong with several inputs, so that all of it is named at once."""

    def __init__(self) -> None:
        self.errors: list[InvalidInput] = []

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Keep a refusal of the block instead of raising it."""
        try:
            yield
        except InvalidInput as refusal:
            self.errors.append(refusal)
        except InvalidInputs as refusals:
            self.errors.extend(refusals.errors)

    def raise_any(self) -> None:
        """Raise what was collected.

        Raises:
            InvalidInput: one input was refused.
            InvalidInputs: several were.
        """
        if self.errors:
            raise self.error()

    def error(self) -> "InvalidInput | InvalidInputs":
        """Return what was collected, at least one refusal, as one error."""
        return self.errors[0] if len(self.errors) == 1 else InvalidInputs(self.errors)
