"""Which jobs a requester may see."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from saleor_serials.access.packs import PackAccess
from saleor_serials.models import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class JobAccess:
    """Whoever asks for jobs: they see those of packs that they reach, None: all.

    Of a job whose packs are not known (yet), they see what they have started themselves.
    """

    packs: frozenset[int] | None
    actor: str

    @classmethod
    def of(cls, access: PackAccess, actor: str) -> "JobAccess":
        return cls(packs=access.packs, actor=actor)

    def jobs(self) -> QuerySet[Job]:
        """The jobs that they may know of."""
        if self.packs is None:
            return Job.objects.all()
        reached = sorted(self.packs)
        is_unknown = Q(settings__pack_ids=None) | Q(settings__pack_ids__isnull=True)
        return Job.objects.filter(
            Q(pack__in=reached)
            | Q(pack=None, settings__pack_ids__contained_by=reached)
            | Q(is_unknown, pack=None, actor=self.actor)
        )
