"""What can make serials, and what can be set of it."""

from typing import Any

import graphene

from saleor_serials.generators import Setting, registered
from saleor_serials.graphql.enums import SerialGeneratorSettingTypeEnum
from saleor_serials.host import graphql


class SerialGeneratorSetting(graphene.ObjectType):
    name = graphene.String(required=True, description="Name of the setting.")
    type = SerialGeneratorSettingTypeEnum(required=True, description="What its value is.")
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
        description = "What can be set of a generator."

    @staticmethod
    def resolve_choices(root: Setting, info: Any) -> list[str]:
        return list(root.choices)


class SerialGenerator(graphene.ObjectType):
    name = graphene.String(required=True, description="Name of the generator, for packs.")
    label = graphene.String(required=True, description="Name of the generator, for people.")
    settings = graphene.List(
        graphene.NonNull(SerialGeneratorSetting),
        required=True,
        description="What a pack can set of it.",
    )

    class Meta:
        description = "What makes serials for packs."


def listed() -> list[dict[str, Any]]:
    """List the generators that are installed, each as a ``SerialGenerator``."""
    return [
        {"name": name, "label": kind.label, "settings": kind.settings}
        for name, kind in registered().items()
    ]
