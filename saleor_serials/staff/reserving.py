"""Reserve serials for customers, and undo it."""

from collections.abc import Sequence

from django.contrib.auth import get_user_model

from saleor_serials import customers
from saleor_serials.assignments.release import put
from saleor_serials.errors import InvalidInput, NotEnough, NotFound, WrongStatus
from saleor_serials.host.shapes import is_email
from saleor_serials.models import EventType, SerialStatus
from saleor_serials.orders.outcome import Outcome, pack_effects
from saleor_serials.staff.action import (
    StaffAction,
    lock,
    one_transaction,
    pack_of,
)
from saleor_serials.staff.selection import FromPack, Selection


def customer_key(*, user_id: int | None = None, email: str = "") -> str:
    """Find the key of a customer: an account, or an address, which may be an account's.

    Raises:
        NotFound: there is no such account; ``field`` is ``customer``.
        InvalidInput: the address is none; ``field`` is ``customer_email``.
    """
    users = get_user_model().objects.all()
    if user_id is not None:
        if not users.filter(pk=user_id).exists():
            raise NotFound("There is no such customer.", field="customer")
        return customers.of_user(user_id)
    email = email.strip().lower()
    if not (is_email(email) and email.isprintable()):
        raise InvalidInput("Name a customer, or write an e-mail address.", field="customer_email")
    user = users.filter(email__iexact=email).values_list("pk", flat=True).first()
    return customers.of_user(user) if user is not None else customers.of_email(email)


def reserve(
    selection: Selection, customer: str, action: StaffAction
) -> tuple[list[int], list[Outcome]]:
    """Reserve serials for a customer key: only their orders take them. Return their ids as well.

    Named serials must be free or unassigned; a pack gives free ones, in the order of their
    position.

    Raises:
        NotFound, NotAllowed: there is no such pack or serial, or the action has no access.
        WrongStatus: a named serial is neither free nor unassigned.
        OutOfRange: the quantity is not 1 to 100.
        NotEnough: the pack has not as many free; nothing was reserved.
    """
    selection.check()
    takes = (SerialStatus.FREE, SerialStatus.UNASSIGNED)
    with one_transaction():
        ids = _free(selection, action) if isinstance(selection, FromPack) else list(selection.ids)
        return ids, _reserve_for(ids, action, EventType.RESERVED, takes, customer)


def _free(selection: FromPack, action: StaffAction) -> list[int]:
    """Lock so many free serials of a pack, past those that other transactions have locked."""
    free = pack_of(selection.pack_id, action).serials.filter(status=SerialStatus.FREE)
    chosen = free.select_for_update(skip_locked=True).order_by("position")[: selection.quantity]
    ids = [serial.pk for serial in chosen]
    if len(ids) < selection.quantity:
        raise NotEnough(f"The pack has only {len(ids)} free.", field="quantity")
    return ids


def unreserve(serial_ids: Sequence[int], action: StaffAction) -> list[Outcome]:
    """Free serials that are reserved, or that a customer gave back.

    Raises:
        NotFound, NotAllowed: there is no such serial, or the action has no access.
        WrongStatus: one is neither reserved nor unassigned.
    """
    takes = (SerialStatus.RESERVED, SerialStatus.UNASSIGNED)
    return _reserve_for(serial_ids, action, EventType.UNRESERVED, takes, "")


def _reserve_for(
    serial_ids: Sequence[int],
    action: StaffAction,
    type: EventType,
    takes: Sequence[SerialStatus],
    customer: str,
) -> list[Outcome]:
    to = SerialStatus.RESERVED if customer else SerialStatus.FREE
    with one_transaction():
        run = action.run()
        serials = lock(serial_ids, action)
        for index, serial in enumerate(serials):
            if serial.status not in takes:
                raise WrongStatus(
                    f"It is {serial.status}, not {' or '.join(takes)}.",
                    field="serials",
                    index=index,
                )
        put(serials, to, type, run=run, customer=customer)
        packs = {serial.pack_id for serial in serials}
        return [Outcome(allocated=0, effects=pack_effects(settle=packs, moved=packs))]
