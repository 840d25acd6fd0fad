"""What can make serials, show them and act when they are consumed, and what can be set of it."""

from collections.abc import Sequence
from typing import Any

import graphene

from saleor_serials.extensions.settings import Setting
from saleor_serials.graphql.types.enums import SerialExtensionSettingTypeEnum
from saleor_serials.host import api


class SerialExtensionSetting(graphene.ObjectType):
    name = graphene.String(required=True, description="Name of the setting.")
    type = SerialExtensionSettingTypeEnum(required=True, description="What its value is.")
    default = api.JSONString(
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


# What is installed: its name, and its class.
type _Named = tuple[str, type[Any]]


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

    @staticmethod
    def resolve_name(root: _Named, info: Any) -> str:
        return root[0]

    @staticmethod
    def resolve_label(root: _Named, info: Any) -> str:
        return str(root[1].label)

    @staticmethod
    def resolve_settings(root: _Named, info: Any) -> Sequence[Setting]:
        declared: Sequence[Setting] = root[1].settings
        return declared


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

    @staticmethod
    def resolve_needs_user(root: _Named, info: Any) -> bool:
        return bool(root[1].needs_user)
