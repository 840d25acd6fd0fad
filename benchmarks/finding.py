"""What it takes to find serials among a million: searches beside the raw query, and deep pages."""

import random
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connection

from demo.services import postgres
from saleor_serials.models import Pack, Serial
from saleor_serials.serials import search
from saleor_serials.serials.search import Cursor, Filter, Page
from tests import database, making

_LIMIT = 50

# Four groups of four letters and digits, of which each pack's first group is its own.
_FILL = """
INSERT INTO saleor_serials_serial
    (pack_id, data, digest, extra, status, position, customer, created_at)
SELECT %(pack)s, data, sha256(data::bytea), '{}', 'free', position, '', now()
FROM (
    SELECT position, 'PACK' || %(number)s || '-' || substr(code, 1, 4) || '-'
        || substr(code, 5, 4) || '-' || substr(code, 9, 4) AS data
    FROM (
        SELECT position, upper(md5(%(number)s || '-' || position)) AS code
        FROM generate_series(1, %(serials)s::bigint) AS position
    ) AS drawn
) AS made
ON CONFLICT DO NOTHING
"""

# The same page without anything of ours.
_RAW = "SELECT * FROM saleor_serials_serial WHERE data ILIKE %s ORDER BY id LIMIT 51"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How many serials are searched, over how many packs, and how often each thing is done."""

    serials: int
    packs: int
    rounds: int
    deep: int


FULL = Scale(serials=1_000_000, packs=2, rounds=60, deep=10_000)
QUICK = Scale(serials=5_000, packs=2, rounds=2, deep=50)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Seconds of something and of what it is held against, round by round."""

    title: str
    floor: str
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """All pairs, and how many serials there were."""

    scale: Scale
    pairs: list[Pair]


def run(scale: Scale) -> Results:
    """Make a database, find in it, and drop it."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database_url(durable=False))
        stack.enter_context(database.cloned(url))
        packs = _fill(scale)
        return Results(scale=scale, pairs=[*_searches(scale, packs), _pages(scale, packs[0])])


def _fill(scale: Scale) -> list[Pack]:
    packs = []
    for number in range(scale.packs):
        print(f"filling pack {number + 1} of {scale.packs}", file=sys.stderr, flush=True)
        packs.append(making.make_pack())
        values = {"pack": packs[-1].pk, "number": number, "serials": scale.serials // scale.packs}
        with connection.cursor() as cursor:
            cursor.execute(_FILL, values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE saleor_serials_serial")
    return packs


def _searches(scale: Scale, packs: list[Pack]) -> list[Pair]:
    rare = Pair(title="search by 4 characters in all packs", floor="raw trigram query")
    common = Pair(title="search by 4 characters that all share", floor="raw trigram query")
    for _ in range(scale.rounds):
        term = _term(packs)
        _measure(rare, partial(_find, term), partial(_raw, term))
        _measure(common, lambda: _find("PACK"), lambda: _raw("PACK"))
    return [rare, common]


def _term(packs: list[Pack]) -> str:
    """Four characters that stand in some serials: the whole of a middle group."""
    pack = random.choice(packs)
    first = pack.serials.order_by("pk").values_list("pk", flat=True)[0]
    data = Serial.objects.get(pk=first + random.randrange(pack.serials.count())).data
    return str(data.split("-")[2])


def _find(term: str) -> None:
    search.find(Filter(search=term), Page(limit=_LIMIT))


def _raw(term: str) -> None:
    list(Serial.objects.raw(_RAW, [f"%{term}%"]))


def _pages(scale: Scale, pack: Pack) -> Pair:
    pages = Pair(title=f"page {scale.deep:,} of a pack", floor="its page 1")
    last = list(pack.serials.order_by("pk").values_list("pk", flat=True))[
        (scale.deep - 1) * _LIMIT - 1
    ]
    criteria = Filter(pack_ids=(pack.pk,))
    deep = Page(limit=_LIMIT, after=Cursor(id=last))
    for _ in range(scale.rounds):
        _measure(
            pages,
            lambda: search.find(criteria, deep),
            lambda: search.find(criteria, Page(limit=_LIMIT)),
        )
    return pages


def _measure(pair: Pair, ours: Callable[[], Any], theirs: Callable[[], Any]) -> None:
    # In either order: whoever comes second finds the pages in memory.
    acts = [(ours, pair.ours), (theirs, pair.theirs)]
    random.shuffle(acts)
    for act, seconds in acts:
        start = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - start)


def render(results: Results) -> str:
    """The figures as plain text, each beside what it is held against."""
    scale = results.scale
    rows = [
        f"pages of {_LIMIT} among {scale.serials:,} serials, medians of {scale.rounds} rounds",
        "{:<40}{:>10}{:>10}{:>8}  {}".format("", "ms", "floor ms", "ratio", "floor"),
    ]
    for pair in results.pairs:
        ours, theirs = (statistics.median(each) * 1000 for each in (pair.ours, pair.theirs))
        ratios = [one / other for one, other in zip(pair.ours, pair.theirs, strict=True)]
        rows.append(
            f"{pair.title:<40}{ours:>10.2f}{theirs:>10.2f}{statistics.median(ratios):>8.2f}"
            f"  {pair.floor}"
        )
    return "\n".join(rows)
