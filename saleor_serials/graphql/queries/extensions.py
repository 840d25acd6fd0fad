"""Queries for what packs can be extended with: generators, renderers and consumers."""

from collections.abc import Callable, Mapping
from typing import Any

import graphene

from saleor_serials.access.permissions import MANAGE_PRODUCTS
from saleor_serials.extensions import consumers, generators, renderers
from saleor_serials.graphql.access import require
from saleor_serials.graphql.types.extensions import (
    SerialConsumer,
    SerialGenerator,
    SerialRenderer,
)


def _extensions(of_type: Any, registered: Callable[[], Mapping[str, Any]], what: str) -> Any:
    """Make the field that lists the installed extensions of a kind."""

    def resolve(root: Any, info: Any) -> list[tuple[str, Any]]:
        require(info, MANAGE_PRODUCTS)
        return list(registered().items())

    return graphene.Field(
        graphene.List(graphene.NonNull(of_type)),
        resolver=resolve,
        description=f"List what {what}. Requires the permission MANAGE_PRODUCTS.",
    )


QUERIES = {
    "serial_generators": _extensions(
        SerialGenerator, generators.registered, "can make serials for packs"
    ),
    "serial_renderers": _extensions(
        SerialRenderer, renderers.registered, "can say how serials look"
    ),
    "serial_consumers": _extensions(
        SerialConsumer, consumers.registered, "can act when serials are consumed"
    ),
}
