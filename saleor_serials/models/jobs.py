"""Long work: generating, importing, exporting and deleting, in chunks that survive a crash."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from saleor_serials.described import Described
from saleor_serials.models.packs import Pack
from saleor_serials.models.serials import Batch


class JobKind(Described):
    """What a job does."""

    GENERATE = "generate", "Makes serials with the generator of a pack."
    IMPORT = "import", "Puts the serials of a file into packs."
    IMPORT_LINKS = "import_links", "Makes the links that a file names."
    EXPORT = "export", "Writes serials into a file."
    DELETE = "delete", "Deletes serials."


class JobStatus(Described):
    """How far a job is."""

    WAITING = "waiting", "Somebody is about to begin, or to go on."
    RUNNING = "running", "Somebody works at it."
    DONE = "done", "It is done."
    FAILED = "failed", "It ended before it was done; its problems say why."


# What a worker may take up.
OPEN_JOBS = (JobStatus.WAITING, JobStatus.RUNNING)


class Job(models.Model):
    """Work that is done in chunks: each commits its rows together with ``done``.

    ``input`` is what the job was asked to do: written once, when it is made. ``progress`` is what
    it has found out and done so far, beside the counts. Both are dataclasses of the code of its
    kind, as JSON. ``pack_ids`` are the packs it concerns, where ``pack`` is not the only one; null:
    all packs, or not known yet. ``problems`` are the first of ``problem_count``.

    ``total`` is null until it is known. ``due_at`` is when a worker may take the job up: while one
    works at it, that is the end of its lease. ``file_digest`` is the SHA-256 of an imported file.
    No column holds serial data.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=16)
    status = models.CharField(max_length=16, default=JobStatus.WAITING)
    pack = models.ForeignKey(Pack, null=True, on_delete=models.CASCADE, related_name="jobs")
    batch = models.ForeignKey(
        Batch, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    pack_ids = ArrayField(models.BigIntegerField(), null=True)
    input = models.JSONField(default=dict)
    progress = models.JSONField(default=dict)
    file_name = models.CharField(max_length=255, blank=True, default="")
    file_digest = models.CharField(max_length=64, blank=True, default="")
    total = models.BigIntegerField(null=True)
    done = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    problems = models.JSONField(default=list)
    problem_count = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    actor = models.CharField(max_length=64, default="system")
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                name="serials_job_due",
                condition=Q(status__in=["waiting", "running"]),
            ),
            models.Index(fields=["status", "id"], name="serials_job_status"),
            models.Index(fields=["created_at", "id"], name="serials_job_created"),
        ]


class JobPart(models.Model):
    """A part of the file that a job reads or writes; removed when it is no longer needed."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="serials_job_part_once"),
        ]
