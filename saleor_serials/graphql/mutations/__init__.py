"""What staff change: each mutation reads ids, calls one verb, and translates refusals."""

from saleor_serials.graphql.mutations import jobs, links, packs, serials

MUTATIONS = {
    "serial_pack_create": packs.SerialPackCreate.Field(),
    "serial_pack_update": packs.SerialPackUpdate.Field(),
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
}
