"""Saleor 3.21 to 3.24: the same names as ``graphql2``, and what each has to do there.

This is the design of the half that comes next. ``host.choose`` refuses Saleor 3 until it works, so
nothing here is ever called.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from saleor_serials.host.shapes import Actor

__all__ = [
    "CountableConnection",
    "DataLoader",
    "DateTime",
    "DateTimeRangeInput",
    "Mutation",
    "Product",
    "ProductVariant",
    "actor",
    "actor_names",
    "add_root_fields",
    "add_type_fields",
    "permission_denied",
    "schema",
    "unwrap",
    "wrap_product",
    "wrap_variant",
]

# From ``saleor.graphql``: core.connection, core.dataloaders (whose ``batch_load`` may read the
# writing database), core.scalars, core.types, product.types.
CountableConnection: Any = None
DataLoader: Any = None
DateTime: Any = None
DateTimeRangeInput: Any = None
Product: Any = None
ProductVariant: Any = None


def actor(context: Any) -> Actor:
    """Say who makes a request: ``user`` or ``app``, of which one is always None."""
    raise NotImplementedError


def actor_names(actors: Iterable[str]) -> dict[str, str]:
    """Say how staff know those who stand in the history: users by e-mail, apps by name."""
    raise NotImplementedError


def permission_denied(permission: str) -> Exception:
    """Make the host's own refusal: ``core.exceptions.PermissionDenied(permissions=[...])``."""
    raise NotImplementedError


class Mutation:
    """A mutation that one ``permission`` opens; ``BaseMutation`` types the errors by itself.

    ``permissions`` are alternatives here, all needed on 2.10.1: with one it is the same.
    """


def unwrap(root: Any) -> Any:
    """Return the row behind what a resolver is given: ``root.node`` of a ``BaseContext`` (orders,
    order lines, products, variants), the row itself for users.
    """
    raise NotImplementedError


def wrap_product(product: Any) -> Any:
    """Make a product's row what the host's own resolvers expect: a ``ChannelContext`` without a
    channel. 3.21 has it in ``graphql.channel``, later ones in ``graphql.core.context``.
    """
    raise NotImplementedError


def wrap_variant(variant: Any) -> Any:
    """Make a variant's row what the host's own resolvers expect: as for a product."""
    raise NotImplementedError


def add_root_fields(*, queries: Mapping[str, Any], mutations: Mapping[str, Any]) -> None:
    """Add fields to ``CoreQueries`` and ``CoreMutations`` before the schema is built.

    The host caches introspection for a week: 3.22 and later take the plugin's version into
    ``settings.GRAPHQL_CACHE_SUFFIX`` here. ``COST_MAP`` is updated in place.
    """
    raise NotImplementedError


def add_type_fields(fields: Mapping[str, Mapping[str, Any]]) -> None:
    """Add fields to types of the host, by the type's name, as on 2.10.1."""
    raise NotImplementedError


def schema() -> Any:
    """Return the host's schema, and build it if it is not built yet."""
    raise NotImplementedError
