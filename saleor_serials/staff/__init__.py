"""What staff do with serials by hand (mission O6), each with a reason that the history keeps.

Every action changes the entitlement together with what is held, in one transaction under the
order's own lock, so that no later reconcile undoes it. Each returns the effects to enqueue.
"""

from saleor_serials.staff.action import MAX_SERIALS, StaffAction
from saleor_serials.staff.assigning import assign
from saleor_serials.staff.reserving import customer_key, reserve, unreserve
from saleor_serials.staff.selection import Customer, FromPack, Line, Selection, Serials, Target
from saleor_serials.staff.serial_edits import edit, note
from saleor_serials.staff.taking_back import release, replace, revoke

__all__ = [
    "MAX_SERIALS",
    "Customer",
    "FromPack",
    "Line",
    "Selection",
    "Serials",
    "StaffAction",
    "Target",
    "assign",
    "customer_key",
    "edit",
    "note",
    "release",
    "replace",
    "reserve",
    "revoke",
    "unreserve",
]
