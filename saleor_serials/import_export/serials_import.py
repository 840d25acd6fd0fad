"""Import serials from files that staff upload."""

from collections.abc import Iterator
from dataclasses import asdict

from django.utils import timezone

from saleor_serials.access.packs import PackAccess, Right
from saleor_serials.errors import NotAllowed, Required
from saleor_serials.import_export import serials_check, serials_writing
from saleor_serials.import_export.columns import HOLDER_COLUMNS, Column
from saleor_serials.import_export.upload import ImportFile, create_job, examine, packs_with_rights
from saleor_serials.jobs import work
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
    """Make a job that imports serials; what the file's beginning shows to be wrong is refused here.

    The same import that was left half-way is taken up again. ``reach`` is that of whoever asks,
    ``sees_holders`` whether they may say who holds serials.

    Raises:
        Required: the file is empty, or has no column ``data``; or nothing names a pack.
        InvalidInput, TooLong, Unreadable, Duplicate, NotFound: the file or its columns.
        NotAllowed: the columns name holders, or packs are to be made, and they may not.
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
        pack,
        actor,
        {
            "form": asdict(file_format),
            "header": list(header),
            "reach": packs_with_rights(access, rights),
            "vendor_group": _group_of(access) if create_packs else None,
            "create_packs": create_packs,
            "batch_name": batch_name,
            "dry_run": dry_run,
        },
    )


def _group_of(access: PackAccess) -> int | None:
    """Say to which vendor a pack belongs that is made for whoever has this reach."""
    if access.packs is None:
        return None
    groups = [pk for pk, rights in access.groups.items() if {Right.EDIT, Right.IMPORT} <= rights]
    if len(groups) != 1:
        raise NotAllowed("You cannot have packs made here; make them first.", field="create_packs")
    return groups[0]


def import_serials(job: Job) -> Iterator[work.Step]:
    if not job.settings.get("is_checked"):
        yield from serials_check.check(job)
    if not job.settings["dry_run"]:
        yield from serials_writing.write(job)
