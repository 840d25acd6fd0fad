"""Who acts by hand and why, and what all actions begin with: finding and locking the serials."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from saleor_serials.access.packs import PackAccess, Right
from saleor_serials.assignments import claims
from saleor_serials.config import Config, load_config
from saleor_serials.errors import (
    NotFound,
    OutOfRange,
    Required,
    TooMany,
    WrongStatus,
    without_details,
)
from saleor_serials.history import By
from saleor_serials.models import (
    MAX_REASON,
    Assignment,
    OrderRecord,
    Pack,
    Serial,
    SerialStatus,
)
from saleor_serials.models.expiry import has_expired
from saleor_serials.run import Run
from saleor_serials.storable import short_text

MAX_SERIALS = 100
COUNTS = ("granted", "withheld", "entitled", "held", "entitled_since")


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffAction:
    """Who acts, why, and which packs they reach."""

    actor: str
    reason: str
    access: PackAccess

    def by(self) -> By:
        """Say it to the history.

        Raises:
            Required, TooLong, InvalidInput: the reason is empty, too long, or no text.
        """
        reason = short_text(self.reason, field="reason", at_most=MAX_REASON)
        if not reason:
            raise Required("Give a reason; the history keeps it.", field="reason")
        return By(actor=self.actor, reason=reason)

    def run(self) -> Run:
        """Begin the action: the settings, the moment, and who acts for the history.

        Raises: as ``by``.
        """
        return Run(config=load_config(), now=timezone.now(), by=self.by())


@contextmanager
def one_transaction() -> Iterator[None]:
    """Do all or nothing, with database errors that do not show the row."""
    with without_details(), transaction.atomic():
        yield


def lock(serial_ids: Sequence[int], action: StaffAction, *, field: str = "serials") -> list[Serial]:
    """Lock serials, and before them the orders and gifts that they are on. Four statements.

    Raises:
        Required, TooMany: there are none, or more than 100.
        NotFound, NotAllowed: one does not exist, or the action has no access.
        WrongStatus: one has just been moved.
    """
    if not serial_ids:
        raise Required("Name at least one serial.", field=field)
    if len(serial_ids) > MAX_SERIALS:
        raise TooMany(f"At most {MAX_SERIALS} serials in one call.", field=field)
    ids = sorted(set(serial_ids))
    seen = dict(Serial.objects.filter(pk__in=ids).values_list("pk", "assignment_id"))
    assignments = {pk for pk in seen.values() if pk is not None}
    records = OrderRecord.objects.filter(assignments__in=assignments).order_by("pk")
    list(OrderRecord.objects.select_for_update().filter(pk__in=records.values("pk")).order_by("pk"))
    gifts = Assignment.objects.filter(pk__in=assignments, order=None)
    list(gifts.select_for_update().order_by("pk"))
    rows = Serial.objects.select_for_update(of=("self",)).filter(pk__in=ids)
    serials = {
        serial.pk: serial
        for serial in rows.select_related("pack", "assignment__order").order_by("pk")
    }
    for index, pk in enumerate(serial_ids):
        at = index if field == "serials" else None
        serial = serials.get(pk)
        if serial is None or not action.access.sees(serial.pack_id):
            raise NotFound("There is no such serial.", field=field, index=at)
        action.access.require(Right.ASSIGN, serial.pack_id, field=field)
        if serial.assignment_id != seen[pk]:
            raise WrongStatus("It has just been moved; look at it again.", field=field, index=at)
    _share_assignments(serials.values())
    return [serials[pk] for pk in dict.fromkeys(serial_ids)]


def _share_assignments(serials: Iterable[Serial]) -> None:
    """Let serials of one line share one Assignment object: a change to it counts for all."""
    known: dict[int, Assignment] = {}
    for serial in serials:
        if serial.assignment is not None:
            serial.assignment = known.setdefault(serial.assignment_id, serial.assignment)
            serial.assignment.pack = serial.pack


def pack_of(pack_id: int, action: StaffAction) -> Pack:
    """Find a pack whose serials may be handled.

    Raises:
        NotFound, NotAllowed: there is none, or the action has no access.
    """
    pack: Pack | None = Pack.objects.filter(pk=pack_id).first()
    if pack is None:
        raise NotFound("There is no such pack.", field="pack")
    action.access.require(Right.ASSIGN, pack_id, field="pack")
    return pack


def check_quantity(quantity: int) -> None:
    """Refuse what is too few or too many for one call.

    Raises:
        OutOfRange: it is not 1 to 100.
    """
    if not 1 <= quantity <= MAX_SERIALS:
        raise OutOfRange(f"Give 1 to {MAX_SERIALS} at once.", field="quantity")


def check_available(
    serials: Sequence[Serial], customer: str, *, config: Config, field: str = "serials"
) -> None:
    """Check that a customer may be given these serials.

    Raises:
        WrongStatus: one is not in a status that is available for assignment (C1), is kept for
            another customer, is on a line, or has expired.
    """
    for index, serial in enumerate(serials):
        if problem := _unavailable(serial, customer, config):
            raise WrongStatus(problem, field=field, index=index if field == "serials" else None)


def _unavailable(serial: Serial, customer: str, config: Config) -> str:
    if serial.assignment_id is not None:
        return "It is held already; release it first."
    available = set(config.assignable_statuses)
    if serial.customer == customer:
        available |= claims.own_statuses(config)
    elif serial.status == SerialStatus.RESERVED:
        return "It is reserved for another customer."
    if serial.status not in available:
        return f"It is {serial.status}, which is not available for assignment."
    if has_expired(serial.expires_at, now=timezone.now()):
        return "It has expired."
    return ""


def by_pack(serials: Iterable[Serial]) -> Mapping[Pack, list[Serial]]:
    """Group serials by their pack."""
    found: dict[Pack, list[Serial]] = defaultdict(list)
    for serial in serials:
        found[serial.pack].append(serial)
    return found
