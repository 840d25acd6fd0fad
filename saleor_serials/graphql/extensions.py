"""What can make serials, show them and act when they are consumed, and what can be set of it."""

from collections.abc import Mapping
from typing import Any

import graphene

from saleor_serials.extensions import Extension, Setting
from saleor_serials.graphql.enums import SerialExtensionSettingTypeEnum
from saleor_serials.host import graphql


class SerialExtensionSetting(graphene.ObjectType):
    name = graphene.String(required=True, description="Name of the setting.")
    type = SerialExtensionSettingTypeEnum(required=True, description="What its value is.")
    default = graphql.JSONString(
        description="Its value where none is given; null if one must be given."
    )
    choices = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="The texts that it can have; empty if it is not one of a few.",
    )
    help_text = graphene.String(required=True, description="What it does.")

    class Meta:
        description = "What can be set of a generator, a renderer or a consumer."

    @staticmethod
    def resolve_choices(root: Setting, info: Any) -> list[str]:
        return list(root.choices)


class _Extension(graphene.ObjectType):
    name = graphene.String(required=True, description="Its name, for packs.")
    label = graphene.String(required=True, description="Its name, for people.")
    settings = graphene.List(
        graphene.NonNull(SerialExtensionSetting),
        required=True,
        description="What a pack can set of it.",
    )

    class Meta:
        abstract = True


class SerialGenerator(_Extension):
    class Meta:
        description = "What makes serials for packs."


class SerialRenderer(_Extension):
    class Meta:
        description = "What says how the serials of packs look."


class SerialConsumer(_Extension):
    needs_user = graphene.Boolean(
        required=True, description="Whether it does nothing for guests, who have no account."
    )

    class Meta:
        description = "What acts when serials of packs are consumed."


def listed(registered: Mapping[str, type[Extension]]) -> list[dict[str, Any]]:
    """List extensions that are installed, each as what its type here is made of."""
    return [
        {
            "name": name,
            "label": kind.label,
            "settings": kind.settings,
            "needs_user": getattr(kind, "needs_user", False),
        }
        for name, kind in registered.items()
    ]
