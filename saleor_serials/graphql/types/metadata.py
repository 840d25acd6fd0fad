"""Metadata and references of outside software on our own types, as Saleor's have them."""

from collections.abc import Mapping
from typing import Any

import graphene

from saleor_serials import models
from saleor_serials.access import permissions
from saleor_serials.graphql.access import pack_access_of
from saleor_serials.host import api


class HasMetadata:
    """Adds the fields to a type; Saleor's own mutations of metadata do not know our types."""

    metadata = graphene.List(
        graphene.NonNull(api.MetadataItem),
        required=True,
        description="Public metadata: whoever sees the object sees it.",
    )
    private_metadata = graphene.List(
        graphene.NonNull(api.MetadataItem),
        description=(
            "Private metadata. Requires the permission MANAGE_PRODUCTS, and that the pack is "
            "within reach, else null."
        ),
    )
    metafield = graphene.String(
        key=graphene.String(required=True, description="Key of the public metadata."),
        description="One value of the public metadata; null where there is no such key.",
    )
    private_metafield = graphene.String(
        key=graphene.String(required=True, description="Key of the private metadata."),
        description="One value of the private metadata; null where that is, or has no such key.",
    )
    external_reference = graphene.String(
        description="What outside software calls it, which no other object of its type is called."
    )

    @staticmethod
    def resolve_metadata(root: Any, info: Any) -> list[Any]:
        return _items(root.metadata)

    @staticmethod
    def resolve_private_metadata(root: Any, info: Any) -> list[Any] | None:
        return _items(root.private_metadata) if _sees_private(root, info) else None

    @staticmethod
    def resolve_metafield(root: Any, info: Any, *, key: str) -> str | None:
        value: str | None = root.metadata.get(key)
        return value

    @staticmethod
    def resolve_private_metafield(root: Any, info: Any, *, key: str) -> str | None:
        value: str | None = root.private_metadata.get(key)
        return value if _sees_private(root, info) else None


def _sees_private(root: Any, info: Any) -> bool:
    pack_id = root.pk if isinstance(root, models.Pack) else root.pack_id
    manages = permissions.may_see_packs(api.actor(info.context))
    return manages and pack_access_of(info).sees(pack_id)


def _items(values: dict[str, str]) -> list[Any]:
    return [api.MetadataItem(key=key, value=values[key]) for key in sorted(values)]


def metadata_input(*, is_private: bool = False) -> Any:
    """Make the input that adds metadata, in Saleor's form."""
    kind = "private" if is_private else "public"
    return graphene.List(
        graphene.NonNull(api.MetadataInput),
        description=f"Keys of the {kind} metadata to add or to change; others stay.",
    )


def reference_input() -> Any:
    """Make the input that sets the external reference."""
    return graphene.String(
        description="What outside software calls it, at most 250 characters; null: nothing."
    )


def given_reference(given: Mapping[str, Any]) -> str | None:
    """Return the external reference that an input sets, empty to clear it; None: left out."""
    return (given["external_reference"] or "") if "external_reference" in given else None
