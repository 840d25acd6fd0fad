"""The benchmark, from an empty database to its figures."""

import os
import platform
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import ceil
from typing import Any

import django
from django.db import connection

from benchmarks import measures, stock
from benchmarks.clients import Crowd, crowd
from benchmarks.measures import Case, FirstClaim, Floor, LargeOrder
from demo.services import postgres
from saleor_serials.host import installed_version
from tests import database
from tests.hosts import shop

_CHUNKS_AT_ONCE = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How much is measured. ``claims`` and ``orders`` are those of one round, by all clients."""

    clients: int
    rounds: int
    pack: int
    small_pack: int
    large_pack: int
    claims: int
    orders: int
    large_orders: int
    large_order: int
    large_order_pack: int

    def cases(self) -> list[Case]:
        size, small = self.pack, self.small_pack
        small_packs = ceil(
            self.rounds * (self.claims + self.orders) / (small - measures.LEFT_ALONE)
        )
        half, most = size // 2, size * 9 // 10
        return [
            Case(title=f"{size:,}, none sold", size=size),
            Case(title=f"{size:,}, 50 % sold, no vacuum since", size=size, just_sold=half),
            Case(title=f"{size:,}, 90 % sold, no vacuum since", size=size, just_sold=most),
            Case(title=f"{size:,}, 90 % sold, vacuumed", size=size, sold=most),
            Case(title=f"{small:,}, one after the other", size=small, packs=small_packs),
            Case(title=f"{self.large_pack:,}, none sold", size=self.large_pack),
        ]


FULL = Scale(
    clients=8,
    rounds=15,
    pack=200_000,
    small_pack=1_000,
    large_pack=1_000_000,
    claims=640,
    orders=64,
    large_orders=5,
    large_order=5_000,
    large_order_pack=50_000,
)
QUICK = Scale(
    clients=8,
    rounds=2,
    pack=4_000,
    small_pack=1_000,
    large_pack=8_000,
    claims=40,
    orders=8,
    large_orders=2,
    large_order=500,
    large_order_pack=5_000,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """All that was measured, and on what. ``statements``: by the number of serials."""

    scale: Scale
    cases: list[Case]
    large_orders: Sequence[LargeOrder]
    first_claim: FirstClaim
    statements: dict[int, int]
    plans: set[str]
    serials: int
    versions: dict[str, str]
    settings: dict[str, str]


class Progress:
    """Says on stderr what is being done, and since when."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, doing: str) -> None:
        print(f"{time.monotonic() - self._start:4.0f} s  {doing}", file=sys.stderr, flush=True)


def run(scale: Scale) -> Results:
    """Make a database, measure in it, and drop it."""
    say = Progress()
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database_url(durable=False))
        say("migrating a database, unless the server has kept one")
        stack.enter_context(database.cloned(url))
        clients = stack.enter_context(crowd(scale.clients))
        # Dead index entries are what is to be measured: nothing may tidy them up meanwhile.
        _execute("ALTER TABLE saleor_serials_serial SET (autovacuum_enabled = off)")
        return _measure(scale, clients, say)


def _measure(scale: Scale, clients: Crowd, say: Progress) -> Results:
    cases = scale.cases()
    warming_up = Case(title="warming up", size=scale.small_pack)
    for_floor = Case(title="floor", size=scale.pack)
    for_large = Case(title="large orders", size=scale.large_order_pack)
    _stock([*cases, warming_up, for_floor, for_large], clients, say)

    say("making buyers and paid orders")
    floor = Floor(for_floor.links[0].pack)
    works = [
        case.works(scale.rounds, floor, claims=scale.claims, orders=scale.orders) for case in cases
    ]
    sizes = (1, 100, scale.large_order)
    variant = for_large.links[0].variant
    few = {size: shop.paid_orders(variant, 1, units=size)[0] for size in sizes}
    large = shop.paid_orders(variant, scale.large_orders, units=scale.large_order)
    [warm_up] = warming_up.works(1, floor, claims=scale.clients * 8, orders=scale.clients * 2)
    _execute("ANALYZE")
    _execute("CHECKPOINT")

    warm_up.measure(clients)
    for number, works_of_round in enumerate(zip(*works, strict=True), 1):
        say(f"measuring, round {number} of {scale.rounds}")
        for case, work in zip(cases, works_of_round, strict=True):
            case.rounds.append(work.measure(clients))
    say("measuring large orders")
    return Results(
        scale=scale,
        cases=cases,
        statements={size: measures.statements(order, owed=size) for size, order in few.items()},
        large_orders=[
            measures.large_order(order, floor, owed=scale.large_order) for order in large
        ],
        first_claim=measures.first_claim(floor.pack),
        plans={measures.plan_of_claim(link.pack) for case in cases for link in case.links[-1:]},
        serials=_value("SELECT count(*) FROM saleor_serials_serial"),
        versions={
            "PostgreSQL": _value("SHOW server_version").split()[0],
            "Saleor": installed_version(),
            "Django": django.__version__,
            "Python": platform.python_version(),
            "cores": str(os.cpu_count()),
        },
        settings={
            name: _value(f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        },
    )


def _stock(cases: Sequence[Case], clients: Crowd, say: Progress) -> None:
    """Make and fill the packs of all cases, and bring each into its state."""
    chunks: list[stock.Chunk] = []
    for case in cases:
        for _ in range(case.packs):
            link, to_fill = stock.make_pack(case.size)
            case.links.append(link)
            chunks += to_fill
    for start in range(0, len(chunks), _CHUNKS_AT_ONCE):
        say(f"making serials, {start / len(chunks):.0%}")
        clients.rate(stock.fill, chunks[start : start + _CHUNKS_AT_ONCE])
    say("selling serials")
    clients.rate(stock.sell, [sale for case in cases for sale in case.sales(case.sold)])
    _execute("VACUUM saleor_serials_serial")
    clients.rate(stock.sell, [sale for case in cases for sale in case.sales(case.just_sold)])


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _value(query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]
