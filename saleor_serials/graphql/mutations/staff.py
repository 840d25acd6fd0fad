"""What staff do with serials by hand."""

from collections.abc import Mapping
from typing import Any

import graphene

from saleor_serials import staff, tasks
from saleor_serials.access.packs import pack_access
from saleor_serials.access.permissions import MANAGE_ORDERS
from saleor_serials.errors import NotFound
from saleor_serials.graphql import ids
from saleor_serials.graphql.inputs import one_of, refuse_beside
from saleor_serials.graphql.mutations.base import Mutation
from saleor_serials.graphql.types import Serial
from saleor_serials.graphql.types.enums import SerialStatusEnum
from saleor_serials.graphql.types.json_object import SerialJSON
from saleor_serials.graphql.types.metadata import (
    given_reference,
    metadata_input,
    reference_input,
)
from saleor_serials.host import api
from saleor_serials.host.shapes import Actor
from saleor_serials.models import Serial as SerialRow
from saleor_serials.models import SerialStatus
from saleor_serials.orders.outcome import Effect, EffectKind, Outcome
from saleor_serials.staff import StaffAction

_IDS = graphene.List(
    graphene.NonNull(graphene.ID),
    required=True,
    description=f"IDs of the serials, at most {staff.MAX_SERIALS}.",
)
_REASON = graphene.String(required=True, description="Why; the history keeps it.")
_FOR_ORDERS = "Requires the permission MANAGE_ORDERS."
_FOR_PRODUCTS = "Requires the permission MANAGE_PRODUCTS."


def _action(actor: Actor, reason: str) -> StaffAction:
    return StaffAction(actor=actor.key, reason=reason, access=pack_access(actor))


def _serial_ids(given: list[str]) -> list[int]:
    return [
        _serial_id(global_id, field="ids", index=index) for index, global_id in enumerate(given)
    ]


def _serial_id(global_id: str, *, field: str, index: int | None = None) -> int:
    number = ids.number_of(global_id, "Serial")
    if number is None:
        raise NotFound("This is not the ID of a Serial.", field=field, index=index)
    return number


def _follow(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        tasks.enqueue_effects(outcome.effects)


class _StaffMutation(Mutation):
    """A staff action on serials."""

    renamed = {"serials": "ids", "with": "replacement_id"}

    class Meta:
        abstract = True


class _OfChosenInput(graphene.InputObjectType):
    """Which serials: named ones, or so many of a pack."""

    ids = graphene.List(
        graphene.NonNull(graphene.ID),
        description=f"IDs of the serials, at most {staff.MAX_SERIALS}.",
    )
    pack = graphene.ID(description="ID of the pack whose serials they are; it chooses which.")
    quantity = graphene.Int(
        description=f"How many of the pack, 1 to {staff.MAX_SERIALS}. If left out, 1."
    )

    class Meta:
        abstract = True


def _selection(given: Mapping[str, Any]) -> staff.Selection:
    """Read which serials are chosen.

    Raises:
        Required, InvalidInput: it is neither of the two, both, or a quantity beside ids.
        NotFound: an id is none.
    """
    if one_of(given, "ids", "pack") == "ids":
        refuse_beside(given, "quantity", beside="ids")
        return staff.Serials(_serial_ids(given["ids"]))
    quantity = given.get("quantity")
    pack_id = ids.require(given["pack"], "SerialPack", field="pack")
    return staff.FromPack(pack_id, 1 if quantity is None else quantity)


class _OfMany(_StaffMutation):
    """A change to serials that are named, all of them or none."""

    class Meta:
        abstract = True

    @classmethod
    def after(cls, serial_ids: list[int], outcomes: list[Outcome]) -> Any:
        _follow(outcomes)
        rows = SerialRow.objects.in_bulk(serial_ids)
        return cls(serials=[rows[pk] for pk in dict.fromkeys(serial_ids)])


def _changed() -> Any:
    return graphene.List(graphene.NonNull(Serial), description="The serials as they are now.")


class SerialAssignInput(_OfChosenInput):
    order_line = graphene.ID(description="ID of the `OrderLine` that gets them.")
    customer = graphene.ID(description="ID of the `User` who gets them without an order.")
    reason = _REASON

    class Meta:
        description = (
            "Which serials, and for whom: exactly one of `ids` and `pack`, and exactly one of "
            "`orderLine` and `customer`. `quantity` goes with `pack` alone."
        )


class SerialAssign(_StaffMutation):
    quantity = graphene.Int(description="How many serials were given.")
    shortfall = graphene.Int(description="How many of them the pack lacks; they will follow.")

    class Arguments:
        input = SerialAssignInput(required=True, description="Which serials, for whom, and why.")

    class Meta:
        description = (
            "Give serials to an order line or to a customer. A line that is short gets what it is "
            "owed; beyond that it is owed so many more. The buyer is sent them as ever; a gift is "
            f"not sent, but stands in the customer's account. {_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        action = _action(actor, given["reason"])
        selection, target = _selection(given), _target(given)
        quantity = (
            len(set(selection.ids)) if isinstance(selection, staff.Serials) else selection.quantity
        )
        outcomes = staff.assign(selection, target, action)
        # What is named and what is given to a customer is given in full, or refused.
        may_be_short = isinstance(selection, staff.FromPack) and isinstance(target, staff.Line)
        got = sum(outcome.allocated for outcome in outcomes) if may_be_short else quantity
        _follow(outcomes)
        return cls(quantity=got, shortfall=max(0, quantity - got))


def _target(given: Mapping[str, Any]) -> staff.Target:
    """Read who gets serials: an order line, or a customer.

    Raises:
        Required, InvalidInput: it is neither of the two, or both.
        NotFound: an id is none.
    """
    if one_of(given, "order_line", "customer") == "order_line":
        return staff.Line(_line_id(given["order_line"]))
    return staff.Customer(_user_id(given["customer"]))


def _line_id(global_id: str) -> str:
    line_id = ids.text_of(global_id, "OrderLine")
    if line_id is None:
        raise NotFound("This is not the ID of an OrderLine.", field="order_line")
    return line_id


def _user_id(global_id: str) -> int:
    return ids.require(global_id, "User", field="customer")


class SerialReleaseInput(graphene.InputObjectType):
    reason = _REASON
    status = SerialStatusEnum(
        description=(
            "What they become: `FREE` or `UNASSIGNED`. If left out, what the shop's "
            "`status_after_release` says."
        )
    )

    class Meta:
        description = "Why serials are taken back, and what becomes of them."


class SerialRelease(_OfMany):
    serials = _changed()

    class Arguments:
        ids = _IDS
        input = SerialReleaseInput(required=True, description="Why, and what they become.")

    class Meta:
        description = (
            "Take serials back from whoever holds them; they are owed so many less. A consumed "
            f"serial can only be revoked. {_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        serial_ids, status = _serial_ids(arguments["ids"]), given.get("status")
        outcomes = staff.release(
            serial_ids,
            _action(actor, given["reason"]),
            status=None if status is None else SerialStatus(status),
        )
        return cls.after(serial_ids, outcomes)


class SerialRevoke(_OfMany):
    serials = _changed()

    class Arguments:
        ids = _IDS
        reason = _REASON

    class Meta:
        description = (
            "Take serials from whoever holds them, for good: they are deleted, and owed no more. "
            f"{_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        serial_ids = _serial_ids(arguments["ids"])
        return cls.after(serial_ids, staff.revoke(serial_ids, _action(actor, arguments["reason"])))


class SerialReplace(_StaffMutation):
    serial = graphene.Field(Serial, description="The serial that was replaced, now deleted.")
    shortfall = graphene.Int(description="1 if the pack has no other yet; it will follow.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the serial that does not serve.")
        replacement_id = graphene.ID(
            description="ID of the one to give instead. If left out, the pack chooses."
        )
        reason = _REASON

    class Meta:
        description = (
            "Delete a serial that is held, and give its holder another of the pack. The buyer is "
            f"sent it as ever. {_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        serial_id = _serial_id(arguments["id"], field="id")
        other = arguments.get("replacement_id")
        outcomes = staff.replace(
            serial_id,
            _action(actor, arguments["reason"]),
            with_id=None if other is None else _serial_id(other, field="replacement_id"),
        )
        _follow(outcomes)
        serial = SerialRow.objects.get(pk=serial_id)
        waits = Effect(kind=EffectKind.SETTLE, id=serial.pack_id)
        is_short = any(waits in outcome.effects for outcome in outcomes)
        return cls(serial=serial, shortfall=int(is_short))


class SerialReserveInput(_OfChosenInput):
    customer = graphene.ID(description="ID of the `User` they are for.")
    customer_email = graphene.String(
        description="E-mail address of the customer, who may have no account."
    )
    reason = _REASON

    class Meta:
        description = (
            "Which serials, and for whom: exactly one of `ids` and `pack`, and exactly one of "
            "`customer` and `customerEmail`. `quantity` goes with `pack` alone."
        )


class SerialReserve(_OfMany):
    serials = _changed()

    class Arguments:
        input = SerialReserveInput(required=True, description="Which serials, for whom, and why.")

    class Meta:
        description = (
            "Keep serials for a customer: only their orders take them, and before all others. "
            f"{_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        action = _action(actor, given["reason"])
        selection = _selection(given)
        if one_of(given, "customer", "customer_email") == "customer":
            customer = staff.customer_key(user_id=_user_id(given["customer"]))
        else:
            customer = staff.customer_key(email=given["customer_email"])
        serial_ids, outcomes = staff.reserve(selection, customer, action)
        return cls.after(serial_ids, outcomes)


class SerialUnreserve(_OfMany):
    serials = _changed()

    class Arguments:
        ids = _IDS
        reason = _REASON

    class Meta:
        description = (
            "Keep reserved serials, or those that a customer gave back, for nobody any longer: "
            f"they become free. {_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        serial_ids = _serial_ids(arguments["ids"])
        outcomes = staff.unreserve(serial_ids, _action(actor, arguments["reason"]))
        return cls.after(serial_ids, outcomes)


class SerialUpdateInput(graphene.InputObjectType):
    extra = SerialJSON(
        description="Its extra fields, all of them, as a JSON object; null: it has none."
    )
    expires_at = api.DateTime(description="When it ceases to be valid; null: never.")
    metadata = metadata_input()
    private_metadata = metadata_input(is_private=True)
    external_reference = reference_input()
    reason = _REASON

    class Meta:
        description = "What to change of a serial; what is left out stays."


class SerialUpdate(_StaffMutation):
    serial = graphene.Field(Serial, description="The changed serial.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the serial.")
        input = SerialUpdateInput(required=True, description="What to change, and why.")

    class Meta:
        description = (
            "Change a serial's extra fields, its expiry, its metadata or its external reference. "
            f"{_FOR_PRODUCTS}"
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        extra, expires_at = given.get("extra"), given.get("expires_at")
        serial = staff.edit(
            _serial_id(arguments["id"], field="id"),
            _action(actor, given["reason"]),
            extra={} if "extra" in given and extra is None else extra,
            expires_at=expires_at,
            never_expires="expires_at" in given and expires_at is None,
            metadata=given.get("metadata"),
            private_metadata=given.get("private_metadata"),
            external_reference=given_reference(given),
        )
        return cls(serial=serial)


class SerialEventCreateInput(graphene.InputObjectType):
    title = graphene.String(
        required=True, description="What happened, in a word or two: made, inspected, repaired."
    )
    text = graphene.String(description="More about it.")
    happened_at = api.DateTime(description="When it happened, if not now.")

    class Meta:
        description = "What happened to a serial."


class SerialEventCreate(_StaffMutation):
    serial = graphene.Field(Serial, description="The serial whose history it stands in.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the serial.")
        input = SerialEventCreateInput(required=True, description="What happened.")

    class Meta:
        description = f"Write an event into a serial's history. {_FOR_PRODUCTS}"

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        given = arguments["input"]
        serial = staff.note(
            _serial_id(arguments["id"], field="id"),
            _action(actor, given.get("text") or ""),
            title=given["title"],
            happened_at=given.get("happened_at"),
        )
        return cls(serial=serial)
