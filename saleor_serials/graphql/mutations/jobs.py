"""Long work: generate, import and export serials. What is small is done at once."""

import io
from typing import Any

import graphene

from saleor_serials.access import jobs
from saleor_serials.access.packs import Right, pack_access
from saleor_serials.access.permissions import may_see_holders
from saleor_serials.errors import NotAllowed, NotFound
from saleor_serials.graphql import ids
from saleor_serials.graphql.inputs import one_of
from saleor_serials.graphql.mutations.base import Mutation, begin, pack_of
from saleor_serials.graphql.types import filters
from saleor_serials.graphql.types.enums import (
    SerialColumnEnum,
    SerialExportFormatEnum,
    SerialFileFormatEnum,
    SerialLinkColumnEnum,
)
from saleor_serials.graphql.types.jobs import SerialJob
from saleor_serials.host import api
from saleor_serials.host.shapes import Actor
from saleor_serials.import_export import export, links_import, serials_import, upload
from saleor_serials.import_export.readers import formats
from saleor_serials.import_export.serials_writing import ALL_OR_NOTHING
from saleor_serials.import_export.upload import ImportFile
from saleor_serials.jobs import files
from saleor_serials.models import Pack
from saleor_serials.serials import generation_job


class SerialsGenerateInput(graphene.InputObjectType):
    pack = graphene.ID(required=True, description="ID of the pack to fill.")
    quantity = graphene.Int(
        required=True, description=f"How many, 1 to {generation_job.MAX_QUANTITY:,}."
    )
    batch_name = graphene.String(description="Name of the batch. If left out, the date and time.")

    class Meta:
        description = "How many serials to make, and for which pack."


class SerialsGenerate(Mutation):
    serial_job = graphene.Field(
        SerialJob,
        description=f"The job that makes them; up to {generation_job.AT_ONCE:,} are made at once.",
    )

    class Arguments:
        input = SerialsGenerateInput(required=True, description="What to make.")

    class Meta:
        description = (
            "Fill a pack with serials from its generator, and serve the orders that wait for them. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        job = generation_job.start(
            pack_of(actor, given["pack"], Right.GENERATE),
            given["quantity"],
            actor=actor.key,
            batch_name=given.get("batch_name"),
        )
        return cls(serial_job=begin(job, at_once=job.total <= generation_job.AT_ONCE))


class SerialBatchCreateInput(graphene.InputObjectType):
    pack = graphene.ID(required=True, description="ID of the pack, of the type `BATCH`.")
    name = graphene.String(description="Name of the batch. If left out, the date and time.")
    quantity = graphene.Int(required=True, description="How many serials to make.")

    class Meta:
        description = "The batch to make."


class SerialBatchCreate(Mutation):
    serial_job = graphene.Field(SerialJob, description="The job that makes the batch.")

    class Arguments:
        input = SerialBatchCreateInput(required=True, description="The batch to make.")

    class Meta:
        description = (
            "Make a batch of serials with a pack's generator. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        job = generation_job.start_batch(
            pack_of(actor, given["pack"], Right.GENERATE),
            given["quantity"],
            actor=actor.key,
            name=given.get("name"),
        )
        return cls(serial_job=begin(job, at_once=job.total <= generation_job.AT_ONCE))


class _ImportInput(graphene.InputObjectType):
    """What to read: the part of the input that all imports share."""

    pack = graphene.ID(
        description="ID of the pack, for rows that name none. Needed without a column for it."
    )
    file = api.Upload(description="The file, in a multipart request.")
    text = graphene.String(description="Pasted text.")
    format = SerialFileFormatEnum(description="What kind of file it is. If left out, found out.")
    encoding = graphene.String(
        description="The file's encoding, such as `utf-8`. If left out, found out."
    )
    separator = graphene.String(
        description="What stands between cells in CSV. If left out, found out."
    )
    dry_run = graphene.Boolean(
        default_value=False, description="Whether to check the file and change nothing."
    )

    class Meta:
        abstract = True


class SerialImportColumnInput(graphene.InputObjectType):
    name = graphene.String(required=True, description="What the file calls the column.")
    column = SerialColumnEnum(description="Which column it is. If left out, it is not read.")

    class Meta:
        description = "A column that goes by another name in a file of serials."


class SerialsImportInput(_ImportInput):
    columns = graphene.List(
        graphene.NonNull(SerialImportColumnInput),
        description=(
            "Columns that go by another name than data, status, extra, customer, order, order "
            "line, assigned at, delivered at, consumed at, expires at, pack and batch."
        ),
    )
    create_packs = graphene.Boolean(
        default_value=False, description="Whether packs that do not exist are to be made."
    )
    batch_name = graphene.String(
        description="Name of the batch, for rows that name none. If left out, the date and time."
    )

    class Meta:
        description = (
            "What to import, and how to read it: exactly one of `file` and `text`. `encoding` says "
            "nothing of a text."
        )


class _Import(Mutation):
    """A mutation whose input may come as a file beside it."""

    class Meta:
        abstract = True

    @classmethod
    def perform_mutation(cls, root: Any, info: Any, /, **arguments: Any) -> Any:
        given = dict(arguments.pop("input"))
        file = api.uploaded_file(info.context, given.pop("file", None))
        return super().perform_mutation(root, info, input={**given, "file": file}, **arguments)


def _import_file(given: dict[str, Any]) -> ImportFile:
    file, text = given["file"], given.get("text")
    one_of(given, "file", "text")
    columns = given.get("columns")
    return ImportFile(
        # Text that is no Unicode is complained of by its row.
        file=file or io.BytesIO((text or "").encode("utf-8", "surrogatepass")),
        name=file.name if file else "",
        format=given.get("format") and formats.Format(given["format"]),
        encoding=given.get("encoding") if file else "utf-8",
        separator=given.get("separator"),
        columns=None if columns is None else {each["name"]: each.get("column") for each in columns},
    )


def _pack(actor: Actor, given: dict[str, Any], right: Right) -> Pack | None:
    return None if given.get("pack") is None else pack_of(actor, given["pack"], right)


def _is_small(import_file: ImportFile) -> bool:
    return import_file.file.seek(0, io.SEEK_END) <= upload.AT_ONCE


class SerialsImport(_Import):
    serial_job = graphene.Field(
        SerialJob,
        description="The job that imports them, which a small file has finished already.",
    )

    class Arguments:
        input = SerialsImportInput(required=True, description="What to import.")

    class Meta:
        description = (
            "Put the serials of a file into packs, all of them or none, and serve the orders that "
            f"wait for them. A file of more than {ALL_OR_NOTHING:,} rows goes in chunk "
            "by chunk; the same import again goes on where one was left. Rows that are wrong are "
            "named in the job's problems. Requires the permission MANAGE_PRODUCTS, and for "
            "columns about holders MANAGE_ORDERS as well."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        import_file = _import_file(given)
        job = serials_import.start(
            import_file,
            pack=_pack(actor, given, Right.IMPORT),
            actor=actor.key,
            access=pack_access(actor),
            sees_holders=may_see_holders(actor),
            batch_name=given.get("batch_name"),
            create_packs=bool(given.get("create_packs")),
            dry_run=bool(given.get("dry_run")),
        )
        return cls(serial_job=begin(job, at_once=_is_small(import_file)))


class SerialLinkColumnInput(graphene.InputObjectType):
    name = graphene.String(required=True, description="What the file calls the column.")
    column = SerialLinkColumnEnum(description="Which column it is. If left out, it is not read.")

    class Meta:
        description = "A column that goes by another name in a file of links."


class SerialPackLinksImportInput(_ImportInput):
    columns = graphene.List(
        graphene.NonNull(SerialLinkColumnInput),
        description="Columns that go by another name than sku, product, pack and quantity.",
    )

    class Meta:
        description = (
            "What links to import, and how to read them: exactly one of `file` and `text`. "
            "`encoding` says nothing of a text."
        )


class SerialPackLinksImport(_Import):
    serial_job = graphene.Field(
        SerialJob,
        description="The job that imports them, which a small file has finished already.",
    )

    class Arguments:
        input = SerialPackLinksImportInput(required=True, description="What to import.")

    class Meta:
        description = (
            "Link packs with variants and products as a file says, all or nothing; links that are "
            "there get the quantity of the file, others stay. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        import_file = _import_file(given)
        job = links_import.start_links(
            import_file,
            pack=_pack(actor, given, Right.LINK),
            actor=actor.key,
            access=pack_access(actor),
            dry_run=bool(given.get("dry_run")),
        )
        return cls(serial_job=begin(job, at_once=_is_small(import_file)))


class SerialsExportInput(graphene.InputObjectType):
    filter = filters.SerialFilterInput(
        description="Which serials to export. If left out, all but deleted ones."
    )
    format = SerialExportFormatEnum(
        default_value=export.Format.CSV.value, description="What kind of file to write."
    )

    class Meta:
        description = "Which serials to write into a file, and what kind of file."


class SerialsExport(Mutation):
    serial_job = graphene.Field(
        SerialJob, description="The job that writes the file; its parts are fetched from it."
    )

    class Arguments:
        input = SerialsExportInput(required=True, description="What to export.")

    class Meta:
        description = (
            "Write serials into a file, which is kept for a day. It says who holds them if "
            "whoever asks has the permission MANAGE_ORDERS as well. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given, reached = arguments["input"], pack_access(actor)
        criteria = filters.serials(given.get("filter"), within=reached.packs)
        if criteria.names_customer and not may_see_holders(actor):
            raise NotAllowed(
                "To choose by order or customer takes the permission MANAGE_ORDERS as well.",
                field="filter",
            )
        job = export.start_export(
            criteria,
            format=export.Format(given.get("format") or export.Format.CSV),
            actor=actor.key,
            access=reached,
            sees_holders=may_see_holders(actor),
        )
        return cls(serial_job=begin(job, at_once=export.is_small(criteria)))


class SerialJobFileDelete(Mutation):
    serial_job = graphene.Field(SerialJob, description="The job without its file.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the job.")

    class Meta:
        description = (
            "Remove the file that a job has made, once it has been fetched. "
            "Requires the permission MANAGE_PRODUCTS."
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        job_id = ids.require(arguments["id"], "SerialJob", field="id")
        job = jobs.JobAccess.of(pack_access(actor), actor.key).jobs().filter(pk=job_id).first()
        if job is None:
            raise NotFound("There is no such job.", field="id")
        files.drop_file(job)
        return cls(serial_job=job)
