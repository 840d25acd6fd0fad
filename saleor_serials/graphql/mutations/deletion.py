"""Delete serials: chosen ones, all that match a filter, or those of a batch."""

from collections.abc import Sequence
from typing import Any

import graphene

from saleor_serials import tasks
from saleor_serials.access.packs import PackAccess, Right, pack_access
from saleor_serials.access.permissions import MANAGE_ORDERS
from saleor_serials.errors import NotAllowed, NotFound, Required, TooMany
from saleor_serials.graphql import ids
from saleor_serials.graphql.inputs import one_of, refuse_beside
from saleor_serials.graphql.mutations.base import Mutation, begin
from saleor_serials.graphql.types import SerialBatch, filters
from saleor_serials.graphql.types.jobs import SerialJob
from saleor_serials.host import api
from saleor_serials.host.shapes import Actor
from saleor_serials.models import Batch, Job, Serial
from saleor_serials.serials import deletion, search
from saleor_serials.serials.deletion import Deleted
from saleor_serials.serials.search import Filter

_WHAT_STAYS = (
    "They stay for the history and can never be put in again. What somebody holds is skipped. "
    "Requires the permission MANAGE_PRODUCTS."
)


def _deleted() -> Any:
    return graphene.Int(description="How many serials were deleted.")


def _skipped() -> Any:
    return graphene.Int(description="How many were not: somebody holds them, or they were already.")


def _job() -> Any:
    return graphene.Field(
        SerialJob,
        description=(
            f"The job that deletes them, where they are more than {deletion.CHUNK:,}; then nothing "
            "is said of how many were deleted yet."
        ),
    )


def _reason() -> Any:
    return graphene.String(description="Why, for the history: at most 250 characters.")


class SerialsDeleteInput(graphene.InputObjectType):
    ids = graphene.List(
        graphene.NonNull(graphene.ID),
        description=f"IDs of the serials to delete: at most {deletion.CHUNK:,}.",
    )
    filter = filters.SerialFilterInput(description="Which serials to delete.")
    expected_count = graphene.Int(
        description=(
            "How many serials the filter lets through, as `serialCount` says. If they are more "
            "or fewer by now, nothing is deleted."
        )
    )
    reason = _reason()

    class Meta:
        description = (
            "Which serials to delete: exactly one of `ids` and `filter`. With `filter` goes "
            "`expectedCount`, which is required, and cannot be combined with `ids`."
        )


class SerialsDelete(Mutation):
    deleted = _deleted()
    skipped = _skipped()
    serial_job = _job()

    class Arguments:
        input = SerialsDeleteInput(required=True, description="Which serials to delete, and why.")

    class Meta:
        description = f"Delete serials. {_WHAT_STAYS}"

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        expected, reason = given.get("expected_count"), given.get("reason") or ""
        if one_of(given, "ids", "filter") == "ids":
            refuse_beside(given, "expected_count", beside="ids")
            chosen = _numbers(given["ids"], pack_access(actor))
            done = deletion.delete(chosen, actor=actor.key, reason=reason)
        else:
            if expected is None:
                raise Required(
                    "Say how many serials the filter lets through.", field="expected_count"
                )
            criteria = _criteria(actor, given["filter"])
            if expected > deletion.CHUNK:
                return cls(serial_job=_later(criteria, expected, actor, reason))
            done = deletion.delete_matching(
                criteria, expected=expected, actor=actor.key, reason=reason
            )
        _follow(done)
        return cls(deleted=done.deleted, skipped=done.skipped)


def _later(criteria: Filter, expected: int | None, actor: Actor, reason: str) -> Job:
    job = deletion.start(criteria, expected=expected, actor=actor.key, reason=reason)
    return begin(job, at_once=False)


def _follow(done: Deleted) -> None:
    for pack_id in done.pack_ids:
        tasks.request_stock(pack_id)


def _numbers(global_ids: Sequence[str], reached: PackAccess) -> list[int]:
    """Read the ids of serials that somebody may delete."""
    numbers = [ids.number_of(each, "Serial") for each in global_ids[: deletion.CHUNK + 1]]
    if len(numbers) > deletion.CHUNK:
        raise TooMany(f"At most {deletion.CHUNK:,} serials in one call; use a filter.", field="ids")
    chosen = [number for number in numbers if number is not None]
    packs = dict(Serial.objects.filter(pk__in=chosen).values_list("pk", "pack"))
    for index, number in enumerate(numbers):
        if number not in packs or not reached.sees(packs[number]):
            raise NotFound("There is no such serial.", field="ids", index=index)
    for pack_id in set(packs.values()):
        reached.require(Right.DELETE, pack_id, field="ids")
    return chosen


def _criteria(actor: Actor, given: Any) -> Filter:
    """Read a filter of serials, in packs with which somebody may do this."""
    reached = pack_access(actor)
    criteria = filters.serials(given, within=reached.packs)
    if criteria.names_customer and MANAGE_ORDERS not in actor.permissions:
        raise api.permission_denied(MANAGE_ORDERS)
    if not all(reached.may(Right.DELETE, pack_id) for pack_id in criteria.pack_ids or ()):
        raise NotAllowed(
            f"The rights of your group do not include '{Right.DELETE}' for all of these packs; "
            "name the packs in the filter.",
            field="filter",
        )
    return criteria


class SerialBatchDelete(Mutation):
    serial_batch = graphene.Field(SerialBatch, description="The batch, which stays listed.")
    deleted = _deleted()
    skipped = _skipped()
    serial_job = _job()

    class Arguments:
        id = graphene.ID(required=True, description="ID of the batch.")
        reason = _reason()

    class Meta:
        description = f"Delete the serials of a batch. {_WHAT_STAYS}"

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        number = ids.require(arguments["id"], "SerialBatch", field="id")
        batch = Batch.objects.filter(pk=number).first()
        reached = pack_access(actor)
        if batch is None or not reached.sees(batch.pack_id):
            raise NotFound("There is no such batch.", field="id")
        reached.require(Right.DELETE, batch.pack_id, field="id")
        criteria = Filter(pack_ids=(batch.pack_id,), batch_ids=(batch.pk,))
        reason = arguments.get("reason") or ""
        if search.count(criteria) > deletion.CHUNK:
            return cls(serial_batch=batch, serial_job=_later(criteria, None, actor, reason))
        done = deletion.delete_matching(criteria, expected=None, actor=actor.key, reason=reason)
        _follow(done)
        return cls(serial_batch=batch, deleted=done.deleted, skipped=done.skipped)
