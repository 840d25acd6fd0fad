"""What can be asked: each module has its queries, and its fields on Saleor's types."""

from saleor_serials.graphql.queries import assignments, extensions, jobs, orders, packs, serials

QUERIES = {
    **packs.QUERIES,
    **serials.QUERIES,
    **extensions.QUERIES,
    **jobs.QUERIES,
    **assignments.QUERIES,
}
TYPE_FIELDS = {
    **orders.TYPE_FIELDS,
    **packs.TYPE_FIELDS,
    "OrderLine": {
        **orders.TYPE_FIELDS["OrderLine"],
        **assignments.TYPE_FIELDS["OrderLine"],
    },
}
