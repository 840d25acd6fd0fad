"""How what a query refuses reaches its client."""

from collections.abc import Iterator
from contextlib import contextmanager

from graphql import GraphQLError

from saleor_serials.errors import InvalidInput
from saleor_serials.storable import storable_text


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what cannot be asked for into an error of the query.

    Raises:
        GraphQLError: an input was refused.
    """
    try:
        yield
    except InvalidInput as refusal:
        raise GraphQLError(refusal.message) from None


def reference_of(text: str) -> str:
    """Read an external reference that something is looked up by.

    Raises:
        GraphQLError: no object can have it.
    """
    with refusals():
        return storable_text(text, field="external_reference")
