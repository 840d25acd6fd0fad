"""What the plugin adds to Saleor's schema: queries, mutations, and fields on Saleor's types."""

from saleor_serials.graphql.mutations import MUTATIONS
from saleor_serials.graphql.queries import QUERIES, TYPE_FIELDS
from saleor_serials.host import api


def install() -> None:
    """Add to the host's schema, before it is built.

    Raises:
        SchemaAlreadyBuilt: something imported it too early.
    """
    api.add_root_fields(queries=QUERIES, mutations=MUTATIONS)
    api.add_type_fields(TYPE_FIELDS)
