"""What staff do with serials by hand."""

from collections.abc import Mapping
from typing import Any

import graphene

from saleor_serials import staff, tasks
from saleor_serials.access.packs import pack_access
from saleor_serials.access.permissions import MANAGE_ORDERS
from saleor_serials.errors import NotFound, Required
from saleor_serials.graphql import ids
from saleor_serials.graphql.mutations.base import Mutation
from saleor_serials.graphql.types import Serial
from saleor_serials.graphql.types.enums import SerialStatusEnum
from saleor_serials.graphql.types.metadata import metadata_input, reference_input
from saleor_serials.host import api
from saleor_serials.host.shapes import Actor
from saleor_serials.models import Serial as SerialRow
from saleor_serials.models import SerialStatus
from saleor_serials.orders.outcome import Effect, EffectKind, Outcome
from saleor_serials.staff import StaffAction

_SERIALS = graphene.List(
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
        _serial_id(global_id, field="serials", index=index) for index, global_id in enumerate(given)
    ]


def _serial_id(global_id: str, *, field: str, index: int | None = None) -> int:
    number = ids.number_of(global_id, "Serial")
    if number is None:
        raise NotFound("This is not the ID of a Serial.", field=field, index=index)
    return number


def _selection(
    named: list[str] | None, pack: str | None, arguments: Mapping[str, Any]
) -> staff.Selection:
    if named is not None:
        return staff.Serials(_serial_ids(named))
    quantity = arguments.get("quantity")
    return staff.FromPack(
        ids.require(pack or "", "SerialPack", field="pack"), 1 if quantity is None else quantity
    )


def _follow(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        tasks.enqueue_effects(outcome.effects)


class _OfMany(Mutation):
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


class SerialAssign(Mutation):
    quantity = graphene.Int(description="How many serials were given.")
    shortfall = graphene.Int(description="How many of them the pack lacks; they will follow.")

    class Arguments:
        serials = graphene.List(
            graphene.NonNull(graphene.ID),
            description=(
                f"IDs of the serials to give, at most {staff.MAX_SERIALS}; these, or a pack."
            ),
        )
        pack = graphene.ID(description="ID of the pack to give from; this, or serials.")
        quantity = graphene.Int(
            default_value=1, description="How many to give from the pack, 1 to 100."
        )
        order_line = graphene.ID(
            description="ID of the `OrderLine` that gets them; this, or a customer."
        )
        customer = graphene.ID(
            description="ID of the `User` who gets them without an order; this, or an order line."
        )
        reason = _REASON

    class Meta:
        description = (
            "Give serials to an order line or to a customer. A line that is short gets what it is "
            "owed; beyond that it is owed so many more. The buyer is sent them as ever; a gift is "
            f"not sent, but stands in the customer's account. {_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        action = _action(actor, arguments["reason"])
        named, pack = arguments.get("serials"), arguments.get("pack")
        if (named is None) == (pack is None):
            raise Required("Name serials or a pack, one of the two.", field="serials")
        line, customer = arguments.get("order_line"), arguments.get("customer")
        if (line is None) == (customer is None):
            raise Required("Name an order line or a customer, one of the two.", field="order_line")
        selection = _selection(named, pack, arguments)
        target = staff.Customer(_user_id(customer)) if line is None else staff.Line(_line_id(line))
        quantity = (
            len(set(selection.ids)) if isinstance(selection, staff.Serials) else selection.quantity
        )
        outcomes = staff.assign(selection, target, action)
        # What is named and what is given to a customer is given in full, or refused.
        may_be_short = named is None and line is not None
        got = sum(outcome.allocated for outcome in outcomes) if may_be_short else quantity
        _follow(outcomes)
        return cls(quantity=got, shortfall=max(0, quantity - got))


def _line_id(global_id: str) -> str:
    line_id = ids.text_of(global_id, "OrderLine")
    if line_id is None:
        raise NotFound("This is not the ID of an OrderLine.", field="order_line")
    return line_id


def _user_id(global_id: str | None) -> int:
    return ids.require(global_id or "", "User", field="customer")


class SerialRelease(_OfMany):
    serials = _changed()

    class Arguments:
        serials = _SERIALS
        reason = _REASON
        status = SerialStatusEnum(
            description=(
                "What they become: `FREE` or `UNASSIGNED`. If left out, what the shop's "
                "`status_after_release` says."
            )
        )

    class Meta:
        description = (
            "Take serials back from whoever holds them; they are owed so many less. A consumed "
            f"serial can only be revoked. {_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        serial_ids, status = _serial_ids(arguments["serials"]), arguments.get("status")
        outcomes = staff.release(
            serial_ids,
            _action(actor, arguments["reason"]),
            status=None if status is None else SerialStatus(status),
        )
        return cls.after(serial_ids, outcomes)


class SerialRevoke(_OfMany):
    serials = _changed()

    class Arguments:
        serials = _SERIALS
        reason = _REASON

    class Meta:
        description = (
            "Take serials from whoever holds them, for good: they are deleted, and owed no more. "
            f"{_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        serial_ids = _serial_ids(arguments["serials"])
        return cls.after(serial_ids, staff.revoke(serial_ids, _action(actor, arguments["reason"])))


class SerialReplace(Mutation):
    serial = graphene.Field(Serial, description="The serial that was replaced, now deleted.")
    shortfall = graphene.Int(description="1 if the pack has no other yet; it will follow.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the serial that does not serve.")
        with_ = graphene.ID(
            name="with",
            description="ID of the one to give instead. If left out, the pack chooses.",
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
        other = arguments.get("with_")
        outcomes = staff.replace(
            serial_id,
            _action(actor, arguments["reason"]),
            with_id=None if other is None else _serial_id(other, field="with"),
        )
        _follow(outcomes)
        serial = SerialRow.objects.get(pk=serial_id)
        waits = Effect(kind=EffectKind.SETTLE, id=serial.pack_id)
        is_short = any(waits in outcome.effects for outcome in outcomes)
        return cls(serial=serial, shortfall=int(is_short))


class SerialReserve(_OfMany):
    serials = _changed()

    class Arguments:
        serials = graphene.List(
            graphene.NonNull(graphene.ID),
            description=f"IDs of the serials, at most {staff.MAX_SERIALS}; these, or a pack.",
        )
        pack = graphene.ID(description="ID of the pack to reserve from; this, or serials.")
        quantity = graphene.Int(
            default_value=1, description="How many to reserve from the pack, 1 to 100."
        )
        customer = graphene.ID(description="ID of the `User` they are for; this, or an address.")
        customer_email = graphene.String(
            description="E-mail address of the customer, who may have no account."
        )
        reason = _REASON

    class Meta:
        description = (
            "Keep serials for a customer: only their orders take them, and before all others. "
            f"{_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        action = _action(actor, arguments["reason"])
        named, pack = arguments.get("serials"), arguments.get("pack")
        if (named is None) == (pack is None):
            raise Required("Name serials or a pack, one of the two.", field="serials")
        user = arguments.get("customer")
        customer = staff.customer_key(
            user_id=None if user is None else _user_id(user),
            email=arguments.get("customer_email") or "",
        )
        selection = _selection(named, pack, arguments)
        serial_ids, outcomes = staff.reserve(selection, customer, action)
        return cls.after(serial_ids, outcomes)


class SerialUnreserve(_OfMany):
    serials = _changed()

    class Arguments:
        serials = _SERIALS
        reason = _REASON

    class Meta:
        description = (
            "Keep reserved serials, or those that a customer gave back, for nobody any longer: "
            f"they become free. {_FOR_ORDERS}"
        )
        permission = MANAGE_ORDERS

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        serial_ids = _serial_ids(arguments["serials"])
        outcomes = staff.unreserve(serial_ids, _action(actor, arguments["reason"]))
        return cls.after(serial_ids, outcomes)


class SerialUpdate(Mutation):
    serial = graphene.Field(Serial, description="The changed serial.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the serial.")
        extra = api.JSONString(
            description="Its extra fields, all of them, as a JSON object; left out, they stay."
        )
        expires_at = api.DateTime(description="When it ceases to be valid.")
        never_expires = graphene.Boolean(description="Whether it is to be valid for ever.")
        metadata = metadata_input()
        private_metadata = metadata_input(is_private=True)
        external_reference = reference_input()
        reason = _REASON

    class Meta:
        description = (
            "Change a serial's extra fields, its expiry, its metadata or its external reference. "
            f"{_FOR_PRODUCTS}"
        )

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        serial = staff.edit(
            _serial_id(arguments["id"], field="id"),
            _action(actor, arguments["reason"]),
            extra=arguments.get("extra"),
            expires_at=arguments.get("expires_at"),
            never_expires=bool(arguments.get("never_expires")),
            metadata=arguments.get("metadata"),
            private_metadata=arguments.get("private_metadata"),
            external_reference=arguments.get("external_reference"),
        )
        return cls(serial=serial)


class SerialEventCreate(Mutation):
    serial = graphene.Field(Serial, description="The serial whose history it stands in.")

    class Arguments:
        id = graphene.ID(required=True, description="ID of the serial.")
        title = graphene.String(
            required=True, description="What happened, in a word or two: made, inspected, repaired."
        )
        text = graphene.String(description="More about it.")
        happened_at = api.DateTime(description="When it happened, if not now.")

    class Meta:
        description = f"Write an event into a serial's history. {_FOR_PRODUCTS}"

    @classmethod
    def perform(cls, actor: Actor, **arguments: Any) -> Any:
        serial = staff.note(
            _serial_id(arguments["id"], field="id"),
            _action(actor, arguments.get("text") or ""),
            title=arguments["title"],
            happened_at=arguments.get("happened_at"),
        )
        return cls(serial=serial)
