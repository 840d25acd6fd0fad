"""Saleor 3.21 to 3.24's GraphQL: who asks, and how fields and mutations enter its one schema."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import graphene
from django.conf import settings
from graphene.types.structures import Structure
from graphene.utils.str_converters import to_camel_case
from saleor.core.db.connection import allow_writer
from saleor.core.exceptions import PermissionDenied
from saleor.graphql.account.types import User
from saleor.graphql.core.connection import CountableConnection
from saleor.graphql.core.context import BaseContext
from saleor.graphql.core.dataloaders import DataLoader as _DataLoader
from saleor.graphql.core.enums import OrderDirection
from saleor.graphql.core.fields import JSONString
from saleor.graphql.core.mutations import BaseMutation
from saleor.graphql.core.scalars import DateTime
from saleor.graphql.core.schema import CoreMutations, CoreQueries
from saleor.graphql.core.types import DateTimeRangeInput
from saleor.graphql.core.types.upload import Upload
from saleor.graphql.meta.inputs import MetadataInput
from saleor.graphql.meta.types import MetadataItem
from saleor.graphql.order.types import Order, OrderLine
from saleor.graphql.product.types import Product, ProductVariant
from saleor.graphql.query_cost_map import COST_MAP
from saleor.permission.enums import AccountPermissions, OrderPermissions, ProductPermissions

from saleor_serials import __version__
from saleor_serials.errors import SchemaAlreadyBuilt
from saleor_serials.host import installed_release
from saleor_serials.host.actors import actor_names, actor_of
from saleor_serials.host.shapes import Actor

if installed_release() < (3, 22):
    from saleor.graphql.channel import ChannelContext
else:
    from saleor.graphql.core.context import ChannelContext

_PERMISSIONS = {
    "MANAGE_ORDERS": OrderPermissions.MANAGE_ORDERS,
    "MANAGE_PRODUCTS": ProductPermissions.MANAGE_PRODUCTS,
    "MANAGE_STAFF": AccountPermissions.MANAGE_STAFF,
}
_TYPES = {each._meta.name: each for each in (Order, OrderLine, Product, ProductVariant, User)}


def reading() -> AbstractContextManager[None]:
    """Let a resolver read the writing database, which Saleor 3 otherwise logs or refuses."""
    allowed: AbstractContextManager[None] = allow_writer()
    return allowed


class _WriterDataLoader(_DataLoader):
    """A loader that reads the writing database.

    What a customer has just paid for must be there, and a replica lags behind.
    """

    def batch_load_fn(self, keys: Iterable[Any]) -> Any:
        with reading():
            return super().batch_load_fn(keys)


DataLoader = _WriterDataLoader


def actor(context: Any) -> Actor:
    """Say who makes a request.

    An app that acts for a user is that user, with the permissions of both.
    """
    with reading():
        return actor_of(context, _PERMISSIONS)


def permission_denied(permission: str) -> Exception:
    """Make the host's own refusal, which names the permission that is missing."""
    denied: Exception = PermissionDenied(permissions=[_PERMISSIONS[permission]])
    return denied


class Mutation(BaseMutation):
    """A mutation that one ``permission`` opens, and whose ``errors`` are typed.

    Saleor 3 types the errors by itself; it also lists them last, and writes the permission into
    the description in words of its own.
    """

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(
        cls, *, permission: str, error_type_class: Any, **options: Any
    ) -> None:
        super().__init_subclass_with_meta__(
            permissions=(_PERMISSIONS[permission],),
            auto_permission_message=False,
            error_type_class=error_type_class,
            **options,
        )
        errors = graphene.Field(
            graphene.List(graphene.NonNull(error_type_class)),
            description="What is wrong with the input; if anything is, nothing was changed.",
            required=True,
        )
        fields = cls._meta.fields
        others = {name: field for name, field in fields.items() if name != "errors"}
        fields.clear()
        fields.update({"errors": errors, **others})


def uploaded_file(context: Any, given: Any) -> Any:
    """Find the file of a multipart request that an ``Upload`` names; None if there is none."""
    return context.FILES.get(given) if isinstance(given, str) else None


def unwrap(root: Any) -> Any:
    """Return the row behind what a resolver is given.

    Saleor 3 wraps products, variants, orders and order lines in a context, but not users.
    """
    return root.node if isinstance(root, BaseContext) else root


def wrap_product(product: Any) -> Any:
    """Make a product's row what the host's own resolvers expect: with a channel, here none."""
    return None if product is None else ChannelContext(node=product, channel_slug=None)


def wrap_variant(variant: Any) -> Any:
    """Make a variant's row what the host's own resolvers expect: with a channel, here none."""
    return None if variant is None else ChannelContext(node=variant, channel_slug=None)


def add_root_fields(*, queries: Mapping[str, Any], mutations: Mapping[str, Any]) -> None:
    """Add fields to the roots of the host's schema, which is not yet built.

    Saleor 3 puts the roots together from base classes, and graphene reads the fields of those
    when it makes the roots: when ``saleor.graphql.api`` is imported.

    Raises:
        SchemaAlreadyBuilt: it is too late.
    """
    _check_not_built()
    for base, fields in ((CoreQueries, queries), (CoreMutations, mutations)):
        for name, field in fields.items():
            setattr(base, name, field)
    _price("Query", queries)
    _forget_introspection()


def add_type_fields(fields: Mapping[str, Mapping[str, Any]]) -> None:
    """Add fields to types of the host, by the type's name. Fields bring their resolvers.

    Raises:
        SchemaAlreadyBuilt: it is too late.
    """
    _check_not_built()
    for type_name, added in fields.items():
        _TYPES[type_name]._meta.fields.update(added)
        _price(type_name, added)


def _check_not_built() -> None:
    if "saleor.graphql.api" in sys.modules:
        raise SchemaAlreadyBuilt


def _price(type_name: str, fields: Mapping[str, Any]) -> None:
    """Have fields, and what they lead to, count towards the cost of a query.

    As Saleor's own do: 1 for each, and for a list in pages 1 for each row that is asked for.
    """
    for name, field in fields.items():
        pages = [each for each in ("first", "last") if each in field.args]
        cost = {"complexity": 1, "multipliers": pages} if pages else {"complexity": 1}
        COST_MAP.setdefault(type_name, {})[to_camel_case(name)] = cost
        _price_type(_object_type(field))


def _price_type(type: Any) -> None:
    """Price those fields of a type that lead to objects, unless it is the host's or done."""
    ours = type is not None and type.__module__.split(".")[0] == __name__.split(".")[0]
    if ours and type._meta.name not in COST_MAP:
        COST_MAP[type._meta.name] = {}
        fields = type._meta.fields.items()
        _price(type._meta.name, {name: each for name, each in fields if _object_type(each)})


def _object_type(field: Any) -> Any:
    """Return the type of object that a field leads to, of a list the rows'; else None."""
    type = field.type
    while isinstance(type, Structure):
        type = type.of_type
    if not issubclass(type, graphene.ObjectType):
        return None
    return type._meta.node if issubclass(type, graphene.Connection) else type


def _forget_introspection() -> None:
    """Keep clients from seeing the schema as it was before the plugin, or its last version, came.

    Saleor 3 caches introspection for a week, by its own version and a suffix. 3.21 has none:
    there, the cache has to be cleared by hand.
    """
    suffix = getattr(settings, "GRAPHQL_CACHE_SUFFIX", None)
    if suffix is not None:
        settings.GRAPHQL_CACHE_SUFFIX = f"{suffix}serials-{__version__}"


def schema() -> Any:
    """Return the host's schema, and build it if it is not built yet."""
    from saleor.graphql.api import schema

    return schema
