"""Give to customers without an order, and reserve for them."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth import get_user_model
from django.utils import timezone

from saleor_serials import config
from saleor_serials.assignments.release import put
from saleor_serials.errors import InvalidInput, NotEnough, NotFound, WrongStatus
from saleor_serials.host.shapes import customer_of_user, is_email
from saleor_serials.models import Assignment, EventType, Pack, SerialStatus
from saleor_serials.orders.outcome import Outcome, pack_effects
from saleor_serials.staff.action import (
    StaffAction,
    by_pack,
    check_available,
    check_quantity,
    lock,
    one_transaction,
    pack_of,
)
from saleor_serials.staff.assigning import claim, fill, outcomes


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
        return customer_of_user(user_id)
    email = email.strip().lower()
    if not (is_email(email) and email.isprintable()):
        raise InvalidInput("Name a customer, or write an e-mail address.", field="customer_email")
    user = users.filter(email__iexact=email).values_list("pk", flat=True).first()
    return customer_of_user(user) if user is not None else f"email:{email}"


def give(serial_ids: Sequence[int], user_id: int, action: StaffAction) -> list[Outcome]:
    """Give these very serials to a customer's account, without an order.

    Raises:
        NotFound, NotAllowed: there is no such customer or serial, or one is out of reach.
        WrongStatus: a serial is not available, or kept for another customer.
    """
    by, settings = action.by(), config.load_config()
    with one_transaction():
        now, customer = timezone.now(), customer_key(user_id=user_id)
        serials = lock(serial_ids, action)
        check_available(serials, customer, settings=settings)
        gifts = []
        for pack, of_pack in by_pack(serials).items():
            gift = _gift(pack, customer, len(of_pack), now=now)
            claim(gift, of_pack, by=by, now=now)
            gifts.append(gift)
        return outcomes(gifts, settings=settings, now=now)


def give_any(pack_id: int, quantity: int, user_id: int, action: StaffAction) -> list[Outcome]:
    """Give a customer's account so many serials of a pack, without an order.

    Raises:
        NotFound, NotAllowed: there is no such customer or pack, or it is out of reach.
        OutOfRange: the quantity is not 1 to 100.
        NotEnough: the pack has not as many; nothing was given.
    """
    by, settings = action.by(), config.load_config()
    check_quantity(quantity)
    with one_transaction():
        now = timezone.now()
        pack = pack_of(pack_id, action)
        gift = _gift(pack, customer_key(user_id=user_id), quantity, now=now)
        fill(gift, settings=settings, by=by, now=now)
        return outcomes([gift], settings=settings, now=now)


def _gift(pack: Pack, customer: str, quantity: int, *, now: datetime) -> Assignment:
    gift: Assignment = Assignment.objects.create(
        pack=pack,
        customer=customer,
        per_unit=0,
        granted=quantity,
        entitled=quantity,
        entitled_since=now,
    )
    return gift


def reserve(serial_ids: Sequence[int], customer: str, action: StaffAction) -> list[Outcome]:
    """Keep serials for a customer, by their key: only their orders take them.

    Raises:
        NotFound, NotAllowed: there is no such serial, or it is out of reach.
        WrongStatus: one is neither free nor given back.
    """
    takes = (SerialStatus.FREE, SerialStatus.UNASSIGNED)
    return _keep(serial_ids, action, EventType.RESERVED, takes, customer)


def reserve_any(
    pack_id: int, quantity: int, customer: str, action: StaffAction
) -> tuple[list[int], list[Outcome]]:
    """Keep so many free serials of a pack for a customer; return their ids as well.

    Raises:
        NotFound, NotAllowed: there is no such pack, or it is out of reach.
        OutOfRange: the quantity is not 1 to 100.
        NotEnough: the pack has not as many free; nothing was reserved.
    """
    check_quantity(quantity)
    with one_transaction():
        free = pack_of(pack_id, action).serials.filter(status=SerialStatus.FREE)
        chosen = free.select_for_update(skip_locked=True).order_by("position")[:quantity]
        ids = [serial.pk for serial in chosen]
        if len(ids) < quantity:
            raise NotEnough(f"The pack has only {len(ids)} free.", field="quantity")
        return ids, reserve(ids, customer, action)


def unreserve(serial_ids: Sequence[int], action: StaffAction) -> list[Outcome]:
    """Keep reserved or given back serials for nobody any longer: they become free.

    Raises:
        NotFound, NotAllowed: there is no such serial, or it is out of reach.
        WrongStatus: one is neither reserved nor unassigned.
    """
    takes = (SerialStatus.RESERVED, SerialStatus.UNASSIGNED)
    return _keep(serial_ids, action, EventType.UNRESERVED, takes, "")


def _keep(
    serial_ids: Sequence[int],
    action: StaffAction,
    type: EventType,
    takes: Sequence[SerialStatus],
    customer: str,
) -> list[Outcome]:
    by, settings = action.by(), config.load_config()
    to = SerialStatus.RESERVED if customer else SerialStatus.FREE
    with one_transaction():
        now = timezone.now()
        serials = lock(serial_ids, action)
        for index, serial in enumerate(serials):
            if serial.status not in takes:
                raise WrongStatus(
                    f"It is {serial.status}, not {' or '.join(takes)}.",
                    field="serials",
                    index=index,
                )
        put(serials, to, type, by=by, settings=settings, now=now, customer=customer)
        packs = {serial.pack_id for serial in serials}
        return [Outcome(allocated=0, effects=pack_effects(settle=packs, moved=packs))]
