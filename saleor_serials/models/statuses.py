"""Where a serial is in its life, and how it may get from one place to another.

The table of transitions, what each status says of the holder, and the two rules as the database
enforces them, stand together here; ``migrations/0001_initial.py`` has the same SQL.
"""

from django.db.models import Q

from saleor_serials.described import Described


class SerialStatus(Described):
    """Where a serial is in its life."""

    FREE = "free", "Can be assigned to any customer."
    RESERVED = "reserved", "Kept for one customer; only their orders take it."
    ASSIGNED = "assigned", "Held by a customer who can still consume it."
    USED = (
        "used",
        "Held by a customer who has consumed it, or who bought it from a pack that is not "
        "consumable.",
    )
    UNASSIGNED = "unassigned", "Was assigned and given back; can go to the same customer again."
    DELETED = "deleted", "Kept for history, never handed out again."


_EVERY = frozenset(SerialStatus)

# What a serial may become. Nothing brings a deleted one back, and who never had one cannot have
# given it back. A consumed serial only ever becomes deleted: see HOLDER.
TRANSITIONS: dict[SerialStatus, frozenset[SerialStatus]] = {
    SerialStatus.FREE: _EVERY - {SerialStatus.FREE, SerialStatus.UNASSIGNED},
    SerialStatus.RESERVED: _EVERY - {SerialStatus.RESERVED, SerialStatus.UNASSIGNED},
    SerialStatus.ASSIGNED: _EVERY - {SerialStatus.ASSIGNED},
    SerialStatus.USED: _EVERY - {SerialStatus.USED},
    SerialStatus.UNASSIGNED: _EVERY - {SerialStatus.UNASSIGNED},
    SerialStatus.DELETED: frozenset(),
}

_NOBODYS = Q(assignment__isnull=True, customer="", consumed_at__isnull=True)
_SOMEBODYS = Q(Q(assignment__isnull=True, consumed_at__isnull=True), ~Q(customer=""))
# A serial of a pack that assigns no user is its order's alone.
_HELD = ~Q(customer="") | Q(assignment__isnull=False)

# What each status says of the holder.
HOLDER = (
    (Q(status="free") & _NOBODYS)
    | (Q(status__in=["reserved", "unassigned"]) & _SOMEBODYS)
    | (Q(status="assigned", consumed_at__isnull=True) & _HELD)
    | (Q(status="used") & (_HELD | Q(consumed_at__isnull=False)))
    | Q(status="deleted", assignment__isnull=True)
)
