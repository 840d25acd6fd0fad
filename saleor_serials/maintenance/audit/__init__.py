"""Hold orders, assignments, serials, counts, stock and history against each other.

Each check is a rule that must hold, and reads what breaks it in a statement or few, whatever the
size of the shop. What is safe to repair is repaired through the domain's own verbs, while the shop
is open; the rest is for staff to decide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from saleor_serials.maintenance.audit import assignments, history, saleor, sweeps
from saleor_serials.maintenance.audit.rule import Check, Finding

# In this order: stock and metadata follow from what the books say.
CHECKS: tuple[Check, ...] = (*assignments.CHECKS, *history.CHECKS, *saleor.CHECKS, *sweeps.CHECKS)

__all__ = ["CHECKS", "Check", "Finding", "Result", "audit"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What a check found, and what of it is left."""

    check: Check
    found: Sequence[Finding]
    left: Sequence[Finding]


def audit(*, repair: bool = False) -> Iterator[Result]:
    """Run every check, one after the other; with ``repair`` put right what is safe to."""
    for check in CHECKS:
        found = left = check.find()
        if found and repair and check.repair is not None:
            check.repair(found)
            left = check.find()
        yield Result(check=check, found=found, left=left)
