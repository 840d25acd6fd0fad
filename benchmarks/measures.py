"""What is measured: the floor, the claim, the whole reconcile, one large order."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import stock
from benchmarks.clients import Crowd
from saleor_serials.assignments.claims import CLAIM_FREE, claim
from saleor_serials.config import Config
from saleor_serials.models import Assignment, Pack, PackLink, SerialStatus
from saleor_serials.orders.outcome import EffectKind, Outcome
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.run import Run
from tests.hosts import shop

# Rivals hide what they are about to take: clients that fight for a pack's last serials get none.
LEFT_ALONE = 100

_CONFIG = Config.parse({})

# What the claim writes, into rows that are known already.
_FLOOR = """
UPDATE saleor_serials_serial
SET status = %s, assignment_id = %s, customer = %s, assigned_at = %s, delivered_at = NULL
WHERE id = {}
"""
_FLOOR_OF_ONE = _FLOOR.format("%s")
_FLOOR_OF_MANY = _FLOOR.format("ANY(%s)")


class NotAllocated(AssertionError):
    """What was to be measured did not take place."""


def update_one(item: tuple[int, Assignment]) -> None:
    """Do the floor's work for one serial."""
    serial_id, buyer = item
    _update(_FLOOR_OF_ONE, serial_id, buyer)


def claim_one(buyer: Assignment) -> None:
    """Claim one serial, as the product calls its claiming statement."""
    if len(claim(CLAIM_FREE, buyer, run=Run(config=_CONFIG, now=timezone.now()))) != 1:
        raise NotAllocated(f"Pack {buyer.pack_id} gave nothing")


def reconcile_one(order_id: str) -> None:
    """Do all that the product does for a paid order that is owed one serial."""
    _reconcile(order_id, owed=1)


def _update(statement: str, target: Any, buyer: Assignment) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [SerialStatus.USED.value, buyer.pk, buyer.customer, timezone.now(), target],
        )


def _is_to_be_sent(outcome: Outcome) -> bool:
    return any(effect.kind is EffectKind.DELIVER for effect in outcome.effects)


def _reconcile(order_id: str, *, owed: int) -> None:
    outcome = reconcile(order_id)
    if outcome is None or outcome.allocated != owed or not _is_to_be_sent(outcome):
        raise NotAllocated(f"Order {order_id} is owed {owed} serials: {outcome}")


class Floor:
    """Serials that nobody claims, to be updated by their ids in the order they lie."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._ids = iter(list(pack.serials.order_by("position").values_list("pk", flat=True)))

    def take(self, number: int) -> list[tuple[int, Assignment]]:
        """The next serials, each with who gets it."""
        ids = list(islice(self._ids, number))
        return list(zip(ids, stock.make_buyers(self.pack, number), strict=True))

    def take_ids(self, number: int) -> tuple[list[int], Assignment]:
        """The next serials, and the one who gets them all."""
        return list(islice(self._ids, number)), stock.make_buyers(self.pack, 1)[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """Floor, claims and reconciles a second, measured one right after the other."""

    floor: float
    claim: float
    reconcile: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What the clients are to do in one round."""

    updates: list[tuple[int, Assignment]]
    buyers: list[Assignment]
    order_ids: list[str]

    def measure(self, crowd: Crowd) -> Round:
        return Round(
            floor=crowd.rate(update_one, self.updates),
            claim=crowd.rate(claim_one, self.buyers),
            reconcile=crowd.rate(reconcile_one, self.order_ids),
        )


@dataclass(kw_only=True, slots=True)
class Case:
    """Packs in one state, and how fast serials left them, round by round.

    All clients are at the same pack; of several packs, at one after the other. What is ``sold``
    was vacuumed since; of what is ``just_sold``, the index entries are still there.
    """

    title: str
    size: int
    packs: int = 1
    sold: int = 0
    just_sold: int = 0
    links: list[PackLink] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)

    def sales(self, quantity: int) -> list[stock.Sale]:
        """Name what is to be sold before it starts."""
        return [stock.Sale(pack=link.pack, quantity=quantity) for link in self.links if quantity]

    def works(self, number: int, floor: Floor, *, claims: int, orders: int) -> list[Work]:
        """Make buyers and orders for so many rounds."""
        room = self.size - self.sold - self.just_sold - LEFT_ALONE
        left = deque((link, room) for link in self.links)

        def spread(make: Callable[[PackLink, int], list[Any]], entitled: int) -> Iterator[Any]:
            while entitled:
                link, room = left.popleft()
                part = min(room, entitled)
                yield from make(link, part)
                entitled -= part
                if room > part:
                    left.appendleft((link, room - part))

        return [
            Work(
                updates=floor.take(claims),
                buyers=list(spread(lambda link, n: stock.make_buyers(link.pack, n), claims)),
                order_ids=list(spread(_paid_orders, orders)),
            )
            for _ in range(number)
        ]


def _paid_orders(link: PackLink, number: int) -> list[str]:
    return shop.paid_orders(link.variant, number, units=1)


def plan_of_claim(pack: Pack) -> str:
    """Tell by which scan the planner finds a pack's next free serial."""
    [buyer] = stock.make_buyers(pack, 1)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (COSTS OFF) {CLAIM_FREE}", _without_memory(buyer))
        plan = "\n".join(line for (line,) in cursor.fetchall())
    found = re.search(r"LockRows\n\s*->\s+(.+?)( on .+)?\n", plan)
    return found[1] if found else plan


def _without_memory(buyer: Assignment) -> dict[str, Any]:
    """The claiming statement's values for a process without memory."""
    return {
        "pack": buyer.pack_id,
        "head": -(2**63),
        "limit": 1,
        "status": SerialStatus.USED.value,
        "assignment": buyer.pk,
        "holder": buyer.customer,
        "now": timezone.now(),
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstClaim:
    """Seconds of the first claim behind serials sold one by one and not vacuumed since.

    ``first``: of anybody. ``again``: of another process, whom the first has spared most of the
    way. ``remembered``: of a process that has claimed there before.
    """

    sold: int
    first: float
    again: float
    remembered: float


def first_claim(pack: Pack) -> FirstClaim:
    """Claim from a pack of which much was sold, and nothing was claimed before."""
    sold = pack.serials.exclude(status=SerialStatus.FREE).count()
    acts = (_claim_without_memory, _claim_without_memory, claim_one, claim_one)
    first, again, _, remembered = (
        _seconds(act, buyer) for act, buyer in zip(acts, stock.make_buyers(pack, 4), strict=True)
    )
    return FirstClaim(sold=sold, first=first, again=again, remembered=remembered)


def _claim_without_memory(buyer: Assignment) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_FREE, _without_memory(buyer))


def _seconds(act: Callable[..., None], *arguments: Any, **named: Any) -> float:
    start = time.perf_counter()
    act(*arguments, **named)
    return time.perf_counter() - start


@dataclass(frozen=True, kw_only=True, slots=True)
class LargeOrder:
    """Seconds that one order of many serials took, and its floor: one update by their ids."""

    floor: float
    reconcile: float


def large_order(order_id: str, floor: Floor, *, owed: int) -> LargeOrder:
    """Reconcile an order alone on the server, after updating as many serials by their ids."""
    ids, buyer = floor.take_ids(owed)
    return LargeOrder(
        floor=_seconds(_update, _FLOOR_OF_MANY, ids, buyer),
        reconcile=_seconds(_reconcile, order_id, owed=owed),
    )


def statements(order_id: str, *, owed: int) -> int:
    """Count the statements of an order's first reconcile, without BEGIN and COMMIT."""
    with CaptureQueriesContext(connection) as captured:
        _reconcile(order_id, owed=owed)
    return len(captured)
