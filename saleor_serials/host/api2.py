"""Saleor 2.10.1's GraphQL: who asks, and how fields and mutations enter its one schema."""

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import graphene
from graphql_jwt.exceptions import PermissionDenied
from saleor.core.permissions import AccountPermissions, OrderPermissions, ProductPermissions
from saleor.graphql.account.types import User
from saleor.graphql.core.connection import CountableConnection
from saleor.graphql.core.dataloaders import DataLoader
from saleor.graphql.core.enums import OrderDirection
from saleor.graphql.core.mutations import BaseMutation
from saleor.graphql.core.schema import CoreMutations, CoreQueries
from saleor.graphql.core.types.common import DateTimeRangeInput
from saleor.graphql.core.types.upload import Upload
from saleor.graphql.meta.mutations import MetadataInput
from saleor.graphql.meta.types import MetadataItem
from saleor.graphql.order.types import Order, OrderLine
from saleor.graphql.product.types import Product, ProductVariant
from saleor.graphql.views import GraphQLView

from saleor_serials.errors import SchemaAlreadyBuilt
from saleor_serials.host.actors import actor_names, actor_of
from saleor_serials.host.shapes import Actor

DateTime = graphene.DateTime
JSONString = graphene.JSONString

_PERMISSIONS = {
    "MANAGE_ORDERS": OrderPermissions.MANAGE_ORDERS,
    "MANAGE_PRODUCTS": ProductPermissions.MANAGE_PRODUCTS,
    "MANAGE_STAFF": AccountPermissions.MANAGE_STAFF,
}
_TYPES = {each._meta.name: each for each in (Order, OrderLine, Product, ProductVariant, User)}


def reading() -> AbstractContextManager[None]:
    """Let a resolver read the writing database; 2.10.1 lets it read what it likes."""
    return nullcontext()


def actor(context: Any) -> Actor:
    """Say who makes a request; an anonymous visitor is a user without a key."""
    return actor_of(context, _PERMISSIONS)


def permission_denied(permission: str) -> Exception:
    """Make the host's own refusal; 2.10.1's does not name the permission that is missing."""
    denied: Exception = PermissionDenied()
    return denied


class Mutation(BaseMutation):
    """A mutation that one ``permission`` opens, and whose ``errors`` are typed.

    2.10.1's own ``errors`` have no codes, and its typed ones stand in a field of another name.
    """

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(
        cls, *, permission: str, error_type_class: Any, **options: Any
    ) -> None:
        super().__init_subclass_with_meta__(permissions=(_PERMISSIONS[permission],), **options)
        cls._meta.fields["errors"] = graphene.Field(
            graphene.List(graphene.NonNull(error_type_class)),
            description="What is wrong with the input; if anything is, nothing was changed.",
            required=True,
        )


def uploaded_file(context: Any, given: Any) -> Any:
    """Find the file of a multipart request that an ``Upload`` names; None if there is none."""
    return context.FILES.get(given) if isinstance(given, str) else None


def unwrap(root: Any) -> Any:
    """Return the row behind what a resolver is given; 2.10.1 gives the row itself."""
    return root


def wrap_product(product: Any) -> Any:
    """Make a product's row what the host's own resolvers expect; 2.10.1 expects the row."""
    return product


def wrap_variant(variant: Any) -> Any:
    """Make a variant's row what the host's own resolvers expect; 2.10.1 expects the row."""
    return variant


def add_root_fields(*, queries: Mapping[str, Any], mutations: Mapping[str, Any]) -> None:
    """Add fields to the roots of the host's schema, which is not yet built.

    2.10.1 puts the roots together from base classes, and graphene reads the fields of those when
    it makes the roots: when ``saleor.graphql.api`` is imported.

    Raises:
        SchemaAlreadyBuilt: it is too late.
    """
    _check_not_built()
    for base, fields in ((CoreQueries, queries), (CoreMutations, mutations)):
        for name, field in fields.items():
            setattr(base, name, field)
    _show_extensions()


def _show_extensions() -> None:
    """Let clients see an error's own extensions, such as our code and field.

    2.10.1's view overwrites them with the name of the error's class; Saleor 3 keeps both.
    """
    format_error = GraphQLView.format_error.__func__

    def with_extensions(cls: Any, error: Any) -> Any:
        formatted = format_error(cls, error)
        formatted["extensions"].update(getattr(error, "extensions", None) or {})
        return formatted

    GraphQLView.format_error = classmethod(with_extensions)


def add_type_fields(fields: Mapping[str, Mapping[str, Any]]) -> None:
    """Add fields to types of the host, by the type's name. Fields bring their resolvers.

    Raises:
        SchemaAlreadyBuilt: it is too late.
    """
    _check_not_built()
    for type_name, added in fields.items():
        _TYPES[type_name]._meta.fields.update(added)


def _check_not_built() -> None:
    if "saleor.graphql.api" in sys.modules:
        raise SchemaAlreadyBuilt


def schema() -> Any:
    """Return the host's schema, and build it if it is not built yet."""
    from saleor.graphql.api import schema

    return schema
