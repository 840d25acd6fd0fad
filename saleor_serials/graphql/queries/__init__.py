"""What can be asked: each module has its queries, and its fields on Saleor's types."""

from saleor_serials.graphql.queries import extensions, jobs, orders, packs, serials

QUERIES = {
    **packs.QUERIES,
    **serials.QUERIES,
    **extensions.QUERIES,
    **jobs.QUERIES,
}
TYPE_FIELDS = {**orders.TYPE_FIELDS, **packs.TYPE_FIELDS}
