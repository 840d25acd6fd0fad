"""What an import is told, what its check finds out, and what the check hands to the writer."""

from dataclasses import dataclass, replace

from saleor_serials.import_export.columns import Column
from saleor_serials.import_export.readers.formats import FileFormat
from saleor_serials.jobs import typed_json
from saleor_serials.models import Job, JobKind


@dataclass(frozen=True, kw_only=True, slots=True)
class FileInput:
    """What every import is told.

    ``allowed_pack_ids``: the existing packs that the requester may import into; None: all.
    """

    file_format: FileFormat
    allowed_pack_ids: tuple[int, ...] | None
    dry_run: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportInput(FileInput):
    """What an import of serials is told.

    ``vendor_group_id`` owns the packs that ``create_packs`` creates.
    """

    header: tuple[Column | None, ...]
    vendor_group_id: int | None
    create_packs: bool
    batch_name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedPack:
    """A pack that a file names; ``id`` is None until the writer has created it."""

    slug: str
    name: str
    id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedBatch:
    """The rows of a file that go into one pack (its slug) under one batch name.

    ``name`` is empty for rows that name no batch; ``id`` is None until the writer has created it.
    """

    pack: str
    name: str
    quantity: int
    id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportPlan:
    """What the check hands to the writer: the packs, batches and quantities of a whole file."""

    packs: tuple[PlannedPack, ...] = ()
    batches: tuple[PlannedBatch, ...] = ()

    def with_pack(self, pack: PlannedPack) -> "ImportPlan":
        """Put a pack in the place of the one with its slug."""
        packs = tuple(pack if each.slug == pack.slug else each for each in self.packs)
        return replace(self, packs=packs)

    def with_batch(self, batch: PlannedBatch) -> "ImportPlan":
        """Put a batch in the place of the one with its pack and name."""
        key = (batch.pack, batch.name)
        batches = tuple(batch if (each.pack, each.name) == key else each for each in self.batches)
        return replace(self, batches=batches)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportProgress:
    """How far an import is; the rows that are written are counted in the job's ``done``."""

    checked: int | None = None
    is_checked: bool = False
    plan: ImportPlan = ImportPlan()


def file_input(job: Job) -> FileInput | None:
    """Read what any import was told; None if the job is no import."""
    if job.kind not in (JobKind.IMPORT, JobKind.IMPORT_LINKS):
        return None
    return typed_json.load(FileInput, job.input)


def checked_rows(job: Job) -> int | None:
    """Tell how many rows of its file a job has checked; None if it has checked none."""
    return typed_json.load(ImportProgress, job.progress).checked
