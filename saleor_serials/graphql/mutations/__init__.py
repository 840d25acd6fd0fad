"""What staff change: each mutation reads ids, calls one verb, and translates refusals."""

from saleor_serials.graphql.mutations import by_hand, deleting, links, packs, serials, vendors

MUTATIONS = {
    "serial_pack_create": packs.SerialPackCreate.Field(),
    "serial_pack_update": packs.SerialPackUpdate.Field(),
    "serial_pack_delete": packs.SerialPackDelete.Field(),
    "serial_pack_restore": packs.SerialPackRestore.Field(),
    "serial_pack_link_create": links.SerialPackLinkCreate.Field(),
    "serial_pack_link_update": links.SerialPackLinkUpdate.Field(),
    "serial_pack_link_delete": links.SerialPackLinkDelete.Field(),
    "serials_create": serials.SerialsCreate.Field(),
    "serial_assign": by_hand.SerialAssign.Field(),
    "serial_release": by_hand.SerialRelease.Field(),
    "serial_replace": by_hand.SerialReplace.Field(),
    "serial_revoke": by_hand.SerialRevoke.Field(),
    "serial_reserve": by_hand.SerialReserve.Field(),
    "serial_unreserve": by_hand.SerialUnreserve.Field(),
    "serial_update": by_hand.SerialUpdate.Field(),
    "serial_event_create": by_hand.SerialEventCreate.Field(),
    "serial_vendor_group_update": vendors.SerialVendorGroupUpdate.Field(),
    "serial_vendor_group_delete": vendors.SerialVendorGroupDelete.Field(),
    "serials_delete": deleting.SerialsDelete.Field(),
    "serial_batch_delete": deleting.SerialBatchDelete.Field(),
}
