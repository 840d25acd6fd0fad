"""Long work as the API shows it: how far it is, what is wrong, and the file that it has made."""

import base64
from typing import Any

import graphene
from django.urls import get_script_prefix
from graphene import relay

from saleor_serials import models
from saleor_serials.access import permissions
from saleor_serials.config import EXPORTS_PATH
from saleor_serials.graphql.loaders import jobs, rows
from saleor_serials.graphql.types import SerialBatch, SerialPack
from saleor_serials.graphql.types.enums import (
    SerialErrorCode,
    SerialJobKindEnum,
    SerialJobStatusEnum,
)
from saleor_serials.host import api
from saleor_serials.import_export import export, plan
from saleor_serials.jobs import downloads
from saleor_serials.models import JobKind, JobStatus


class SerialJobProblem(graphene.ObjectType):
    row = graphene.Int(
        description="The row of the file, from 1, as a spreadsheet counts; null for the whole."
    )
    code = SerialErrorCode(required=True, description="What is wrong, for programs.")
    message = graphene.String(required=True, description="What is wrong, in a sentence.")

    class Meta:
        description = "Something that is wrong with the input of a job."


class SerialJob(graphene.ObjectType):
    kind = SerialJobKindEnum(required=True, description="What it does.")
    status = SerialJobStatusEnum(required=True, description="How far it is.")
    pack = graphene.Field(SerialPack, description="The pack, if it is about one alone.")
    batch = graphene.Field(SerialBatch, description="The batch that it makes, if it is one.")
    done = graphene.Int(required=True, description="How many rows are done.")
    total = graphene.Int(description="How many rows there are; null until that is known.")
    checked = graphene.Int(description="How many rows of its file were checked.")
    skipped = graphene.Int(required=True, description="How many rows needed no change.")
    is_dry_run = graphene.Boolean(
        required=True, description="Whether it only checks, and changes nothing."
    )
    problems = graphene.List(
        graphene.NonNull(SerialJobProblem),
        required=True,
        description="What is wrong, row by row; of many problems the first 100.",
    )
    problem_count = graphene.Int(required=True, description="How many problems there are in all.")
    file_name = graphene.String(description="Name of the file that it reads or writes.")
    encoding = graphene.String(description="The encoding in which its file is read.")
    created_at = api.DateTime(required=True, description="When it was asked for.")
    finished_at = api.DateTime(description="When it came to its end.")
    parts = graphene.Int(
        required=True,
        description=(
            "How many parts the file has that it has made; none once it is removed, a day later."
        ),
    )
    file_url = graphene.String(
        description=(
            "Where the file that it has made can be downloaded without logging in, until it is "
            "removed a day later: keep it as secret as the file. Null if there is none, and if the "
            "file says who holds serials for those without the permission MANAGE_ORDERS."
        )
    )
    part = graphene.String(
        description=(
            "A part of the file that it has made, in Base64: all of them in order, decoded and put "
            "together, are the file. Requires the permission MANAGE_ORDERS as well if the file "
            "says who holds serials."
        ),
        number=graphene.Int(required=True, description="Which part, from 1."),
    )

    class Meta:
        description = "Long work with serials, which is done in the background."
        interfaces = [relay.Node]

    @staticmethod
    def resolve_pack(root: models.Job, info: Any) -> Any:
        return None if root.pack_id is None else rows.packs(info.context, root.pack_id)

    @staticmethod
    def resolve_batch(root: models.Job, info: Any) -> Any:
        return None if root.batch_id is None else rows.batches(info.context, root.batch_id)

    @staticmethod
    def resolve_checked(root: models.Job, info: Any) -> int | None:
        return plan.checked_rows(root)

    @staticmethod
    def resolve_is_dry_run(root: models.Job, info: Any) -> bool:
        input = plan.file_input(root)
        return input is not None and input.dry_run

    @staticmethod
    def resolve_file_name(root: models.Job, info: Any) -> str | None:
        return root.file_name or None

    @staticmethod
    def resolve_encoding(root: models.Job, info: Any) -> str | None:
        input = plan.file_input(root)
        return (input and input.file_format.encoding) or None

    @staticmethod
    def resolve_parts(root: models.Job, info: Any) -> Any:
        return jobs.part_counts(info.context, root.pk) if _has_file(root) else 0

    @staticmethod
    def resolve_file_url(root: models.Job, info: Any) -> Any:
        if not _has_file(root) or not _may_read(root, info):
            return None

        def url(parts: int) -> str | None:
            path = f"{get_script_prefix()}{EXPORTS_PATH}{downloads.token_of(root)}"
            return info.context.build_absolute_uri(path) if parts else None

        return jobs.part_counts(info.context, root.pk).then(url)

    @staticmethod
    def resolve_part(root: models.Job, info: Any, *, number: int) -> Any:
        if not _has_file(root) or number < 1:
            return None
        if not _may_read(root, info):
            raise api.permission_denied(permissions.MANAGE_ORDERS)
        return jobs.parts(info.context, (root.pk, number)).then(
            lambda content: content and base64.b64encode(content).decode()
        )


def _may_read(job: models.Job, info: Any) -> bool:
    sees_holders = permissions.may_see_holders(api.actor(info.context))
    return sees_holders or not export.names_holders(job)


def _has_file(job: models.Job) -> bool:
    """Tell whether a job has made a file; what others read is given to nobody."""
    return bool(job.kind == JobKind.EXPORT and job.status == JobStatus.DONE)
