"""What staff change: each mutation reads ids, calls one verb, and translates refusals."""

from saleor_serials.graphql.mutations import deletion, jobs, links, packs, serials, staff, vendors

MUTATIONS = {
    "serial_pack_create": packs.SerialPackCreate.Field(),
    "serial_pack_update": packs.SerialPackUpdate.Field(),
    "serial_pack_delete": packs.SerialPackDelete.Field(),
    "serial_pack_restore": packs.SerialPackRestore.Field(),
    "serial_pack_link_create": links.SerialPackLinkCreate.Field(),
    "serial_pack_link_update": links.SerialPackLinkUpdate.Field(),
    "serial_pack_link_delete": links.SerialPackLinkDelete.Field(),
    "serials_create": serials.SerialsCreate.Field(),
    "serials_generate": jobs.SerialsGenerate.Field(),
    "serial_batch_create": jobs.SerialBatchCreate.Field(),
    "serials_import": jobs.SerialsImport.Field(),
    "serial_pack_links_import": jobs.SerialPackLinksImport.Field(),
    "serials_export": jobs.SerialsExport.Field(),
    "serial_job_file_delete": jobs.SerialJobFileDelete.Field(),
    "serial_assign": staff.SerialAssign.Field(),
    "serial_release": staff.SerialRelease.Field(),
    "serial_replace": staff.SerialReplace.Field(),
    "serial_revoke": staff.SerialRevoke.Field(),
    "serial_reserve": staff.SerialReserve.Field(),
    "serial_unreserve": staff.SerialUnreserve.Field(),
    "serial_update": staff.SerialUpdate.Field(),
    "serial_event_create": staff.SerialEventCreate.Field(),
    "serial_vendor_group_update": vendors.SerialVendorGroupUpdate.Field(),
    "serial_vendor_group_delete": vendors.SerialVendorGroupDelete.Field(),
    "serials_delete": deletion.SerialsDelete.Field(),
    "serial_batch_delete": deletion.SerialBatchDelete.Field(),
}
