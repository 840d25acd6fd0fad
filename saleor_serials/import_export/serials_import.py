"""Import serials from files that staff upload."""

from collections.abc import Iterator

from django.utils import timezone

from saleor_serials.access.packs import PackAccess, Right
from saleor_serials.errors import NotAllowed, Required
from saleor_serials.import_export import serials_check, serials_writing
from saleor_serials.import_export.columns import HOLDER_COLUMNS, Column
from saleor_serials.import_export.plan import ImportInput, ImportProgress
from saleor_serials.import_export.upload import ImportFile, create_job, examine, packs_with_rights
from saleor_serials.jobs import typed_json, work
from saleor_serials.models import Job, JobKind, Pack
from saleor_serials.serials import batches


def start(
    import_file: ImportFile,
    *,
    pack: Pack | None,
    actor: str,
    access: PackAccess,
    sees_holders: bool,
    batch_name: str | None = None,
    create_packs: bool = False,
    dry_run: bool = False,
) -> Job:
    """Make a job that imports serials; a file with a wrong beginning is refused here.

    An equal import that was left half-way is resumed instead. ``access`` and ``sees_holders`` are
    the requester's: the packs they may import into, and whether they may name holders.

    Raises:
        Required: the file is empty, or has no column ``data``; or nothing names a pack.
        InvalidInput, TooLong, Unreadable, Duplicate, NotFound: the file or its columns.
        NotAllowed: the requester may not name holders, or not create packs.
    """
    batches.batch_name(batch_name, now=timezone.now())
    file_format, header = examine(import_file, Column)
    if Column.DATA not in header:
        raise Required("The file needs a column called data.", field="columns")
    if pack is None and Column.PACK not in header:
        raise Required("Name a pack, or have a column called pack.", field="pack")
    rights = {Right.IMPORT}
    if held := [column for column in header if column in HOLDER_COLUMNS]:
        if not sees_holders:
            raise NotAllowed(
                f"The column {held[0]} takes the permission MANAGE_ORDERS as well.",
                field="columns",
            )
        rights.add(Right.ASSIGN)
    if pack is not None:
        for right in rights:
            access.require(right, pack.pk, field="pack")
    return create_job(
        JobKind.IMPORT,
        import_file,
        ImportInput(
            file_format=file_format,
            header=header,
            allowed_pack_ids=packs_with_rights(access, rights),
            vendor_group_id=_group_of(access) if create_packs else None,
            create_packs=create_packs,
            batch_name=batch_name,
            dry_run=dry_run,
        ),
        pack=pack,
        actor=actor,
    )


def _group_of(access: PackAccess) -> int | None:
    """Return the vendor group that owns packs created for a requester; None: the shop.

    Raises:
        NotAllowed: the requester belongs to no such group, or to several.
    """
    if access.packs is None:
        return None
    groups = [pk for pk, rights in access.groups.items() if {Right.EDIT, Right.IMPORT} <= rights]
    if len(groups) != 1:
        raise NotAllowed("You cannot have packs made here; make them first.", field="create_packs")
    return groups[0]


def import_serials(job: Job) -> Iterator[work.Step]:
    """Check a file, unless it is checked already, then write what is not written yet."""
    input = typed_json.load(ImportInput, job.input)
    if not typed_json.load(ImportProgress, job.progress).is_checked:
        yield from serials_check.check(job, input)
    if not input.dry_run:
        yield from serials_writing.write(job, input)
