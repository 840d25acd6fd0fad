"""Find one object by exactly one of the names that a query may give it."""

from collections.abc import Callable, Mapping
from typing import Any

from saleor_serials.graphql import ids
from saleor_serials.graphql.errors import reference_of, refusals
from saleor_serials.graphql.inputs import one_of


def look_up(
    info: Any,
    given: Mapping[str, str | None],
    *,
    type_name: str,
    loaders: Mapping[str, Callable[[Any, Any], Any]],
) -> Any:
    """Promise the object that an argument names. ``loaders``: an argument each, ``id`` among them.

    Raises:
        GraphQLError: not exactly one argument is given, or it cannot name an object of this type.
    """
    with refusals():
        name = one_of(given, *loaders)
        key: Any = given[name] or ""
        if name == "id":
            key = ids.require(key, type_name, field="id")
        elif name == "external_reference":
            key = reference_of(key)
        return loaders[name](info.context, key)
