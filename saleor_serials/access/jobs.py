"""Which jobs a requester may see."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from saleor_serials.access.packs import PackAccess
from saleor_serials.models import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class JobAccess:
    """What a requester may see of jobs: those of the packs they may see; None: all packs.

    A job that concerns all packs, or packs not known yet, is seen by its own actor.
    """

    packs: frozenset[int] | None
    actor: str

    @classmethod
    def of(cls, access: PackAccess, actor: str) -> "JobAccess":
        return cls(packs=access.packs, actor=actor)

    def jobs(self) -> QuerySet[Job]:
        """Select the jobs that the requester may see."""
        if self.packs is None:
            return Job.objects.all()
        packs = sorted(self.packs)
        return Job.objects.filter(
            Q(pack__in=packs)
            | Q(pack=None, pack_ids__contained_by=packs)
            | Q(pack=None, pack_ids__isnull=True, actor=self.actor)
        )
