"""How what a query refuses reaches its client: with a stable code, and the argument.

Both hosts put the name of an error's class into ``extensions.exception.code``, where they put that
of their own refusals (``PermissionDenied``): ours has a class for each code. ``extensions`` also
has ``code`` and ``field``, as the errors of mutations do.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLError

from saleor_serials.errors import ErrorCode, InvalidInput
from saleor_serials.storable import storable_text

_CLASSES = {code: type(code.value, (GraphQLError,), {}) for code in ErrorCode}


def query_error(refusal: InvalidInput) -> GraphQLError:
    """Make the error of a query from what was refused."""
    made: GraphQLError = _CLASSES[refusal.code](
        refusal.message,
        extensions={"code": refusal.code.value, "field": to_camel_case(refusal.field)},
    )
    return made


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what cannot be asked for into an error of the query.

    Raises:
        GraphQLError: an input was refused.
    """
    try:
        yield
    except InvalidInput as refusal:
        raise query_error(refusal) from None


def reference_of(text: str) -> str:
    """Read an external reference that something is looked up by.

    Raises:
        GraphQLError: no object can have it.
    """
    with refusals():
        return storable_text(text, field="external_reference")
