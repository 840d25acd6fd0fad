"""What staff change: each mutation reads ids, calls one verb, and translates refusals."""

from saleor_serials.graphql.mutations import deleting, links, packs, serials

MUTATIONS = {
    "serial_pack_create": packs.SerialPackCreate.Field(),
    "serial_pack_update": packs.SerialPackUpdate.Field(),
    "serial_pack_link_create": links.SerialPackLinkCreate.Field(),
    "serial_pack_link_update": links.SerialPackLinkUpdate.Field(),
    "serial_pack_link_delete": links.SerialPackLinkDelete.Field(),
    "serials_create": serials.SerialsCreate.Field(),
    "serials_delete": deleting.SerialsDelete.Field(),
    "serial_batch_delete": deleting.SerialBatchDelete.Field(),
}
