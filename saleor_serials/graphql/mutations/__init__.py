"""What staff change: each mutation reads ids, calls one verb, and translates refusals."""

from saleor_serials.graphql.mutations import links, packs, serials, vendors

MUTATIONS = {
    "serial_pack_create": packs.SerialPackCreate.Field(),
    "serial_pack_update": packs.SerialPackUpdate.Field(),
    "serial_pack_delete": packs.SerialPackDelete.Field(),
    "serial_pack_restore": packs.SerialPackRestore.Field(),
    "serial_pack_link_create": links.SerialPackLinkCreate.Field(),
    "serial_pack_link_update": links.SerialPackLinkUpdate.Field(),
    "serial_pack_link_delete": links.SerialPackLinkDelete.Field(),
    "serials_create": serials.SerialsCreate.Field(),
    "serial_vendor_group_update": vendors.SerialVendorGroupUpdate.Field(),
    "serial_vendor_group_delete": vendors.SerialVendorGroupDelete.Field(),
}
