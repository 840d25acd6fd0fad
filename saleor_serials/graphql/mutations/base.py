"""What every mutation does: read ids, call one verb, translate refusals."""

from collections.abc import Mapping
from typing import Any, ClassVar

from graphene.utils.str_converters import to_camel_case

from saleor_serials import tasks
from saleor_serials.access.packs import Right, pack_access
from saleor_serials.access.permissions import MANAGE_PRODUCTS
from saleor_serials.errors import InvalidInput, InvalidInputs, NotFound
from saleor_serials.graphql import ids
from saleor_serials.graphql.loaders import batching
from saleor_serials.graphql.types import SerialError
from saleor_serials.host import api
from saleor_serials.host.shapes import Actor
from saleor_serials.models import Job, Pack

_Base: Any = api.Mutation


class Mutation(_Base):
    """A change by staff with the ``permission``: MANAGE_PRODUCTS unless a mutation names another.

    ``renamed``: what the API calls an input that the code below calls something else, for errors.
    """

    renamed: ClassVar[Mapping[str, str]] = {}

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(
        cls, *, permission: str = MANAGE_PRODUCTS, **options: Any
    ) -> None:
        super().__init_subclass_with_meta__(
            permission=permission, error_type_class=SerialError, **options
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        """Make the change and return what is to be seen of it.

        Raises:
            InvalidInput, InvalidInputs: nothing was changed.
        """
        raise NotImplementedError

    @classmethod
    def perform_mutation(cls, _root: Any, info: Any, /, **arguments: Any) -> Any:
        try:
            return cls.perform(api.actor(info.context), **arguments)
        except InvalidInput as refusal:
            return cls(errors=[cls._error(refusal)])
        except InvalidInputs as refusals:
            return cls(errors=[cls._error(each) for each in refusals.errors])
        finally:
            batching.forget(info.context)

    @classmethod
    def _error(cls, refusal: InvalidInput) -> SerialError:
        return SerialError(
            field=to_camel_case(cls.renamed.get(refusal.field, refusal.field)),
            message=refusal.message,
            code=refusal.code.value,
            index=refusal.index,
        )


def pack_of(actor: Actor, global_id: str, right: Right) -> Pack:
    """Read the id of a pack in the argument ``pack``, with which somebody may do this.

    Raises:
        NotFound, NotAllowed: they may not, or there is none.
    """
    pack_id = ids.require(global_id, "SerialPack", field="pack")
    pack: Pack | None = Pack.objects.filter(pk=pack_id).first()
    if pack is None:
        raise NotFound("There is no such pack.", field="pack")
    pack_access(actor).require(right, pack.pk, field="pack")
    return pack


def begin(job: Job, *, at_once: bool) -> Job:
    """Do a small job now, and have a large one done."""
    if at_once:
        tasks.work_at(job.pk)
    else:
        tasks.request_job(job.pk)
    job.refresh_from_db()
    return job
