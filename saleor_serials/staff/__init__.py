"""What staff do with serials by hand (mission O6), each with a reason that the history keeps.

Every action changes what is owed together with what is held, in one transaction under the order's
own lock, so that no later reconcile undoes it. Each returns what is left to do after commit.
"""

from saleor_serials.staff.action import MAX_SERIALS, StaffAction
from saleor_serials.staff.gifts import customer_key, give, give_any, reserve, reserve_any, unreserve
from saleor_serials.staff.lines import assign, assign_any, release, replace, revoke
from saleor_serials.staff.serial_edits import edit, note

__all__ = [
    "MAX_SERIALS",
    "StaffAction",
    "assign",
    "assign_any",
    "customer_key",
    "edit",
    "give",
    "give_any",
    "note",
    "release",
    "replace",
    "reserve",
    "reserve_any",
    "revoke",
    "unreserve",
]
