"""What the plugin adds to the web request that completes a checkout, beside itself switched off.

The shop is Saleor's own server process, used over HTTP. No worker runs: tasks wait in the queue,
where they are counted, and nothing else has the machine.
"""

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from redis import Redis

from benchmarks.wire import wire
from demo import serials, shop
from demo.api import Api
from demo.hosts import api as host_api
from demo.hosts import host
from demo.services import broker, postgres, stage
from demo.services.processes import child, free_port
from demo.shop import Shop
from saleor_serials.config import PLUGIN_ID
from tests import database

_START_SECONDS = 120
_OURS = "saleor_serials."


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """How the plugin stands when somebody buys."""

    is_active: bool
    is_linked: bool


KINDS = [Kind(is_active=on, is_linked=linked) for on, linked in product((False, True), repeat=2)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lap:
    """One completed checkout: its seconds or its statements, and the tasks that it enqueued."""

    reading: float
    tasks: Counter[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What the plugin adds to a request: medians over the rounds, in which each kind came once.

    ``ratio`` is the median of the pairs' ratios of seconds, with their quartiles.
    """

    statements: float
    our_tasks: float
    all_tasks: float
    seconds: float
    ratio: float
    quartiles: tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """All laps by kind; those of one round stand at the same place in each list.

    Statements were counted by a proxy in front of the database, seconds taken without it.
    """

    statements: dict[Kind, list[Lap]]
    seconds: dict[Kind, list[Lap]]

    def request(self) -> tuple[float, float]:
        """The seconds and the statements of a request with the plugin switched off."""
        off = [kind for kind in KINDS if not kind.is_active]
        return (
            median(lap.reading for kind in off for lap in self.seconds[kind]),
            median(lap.reading for kind in off for lap in self.statements[kind]),
        )

    def added(self, *, is_linked: bool) -> Added:
        """What the active plugin adds, with or without a pack that is linked to what is bought."""
        on, off = (Kind(is_active=active, is_linked=is_linked) for active in (True, False))
        counted = list(zip(self.statements[on], self.statements[off], strict=True))
        timed = list(zip(self.seconds[on], self.seconds[off], strict=True))
        ratios = [with_us.reading / without.reading for with_us, without in timed]
        first, _, last = quantiles(ratios)
        return Added(
            statements=median(one.reading - other.reading for one, other in counted),
            our_tasks=median(_ours(one.tasks) for one, _ in counted),
            all_tasks=median(one.tasks.total() - other.tasks.total() for one, other in counted),
            seconds=median(one.reading - other.reading for one, other in timed),
            ratio=median(ratios),
            quartiles=(first, last),
        )


def _ours(tasks: Counter[str]) -> int:
    return sum(number for name, number in tasks.items() if name.startswith(_OURS))


@dataclass(frozen=True, kw_only=True)
class Meter(Api):
    """Somebody at the API whose completed checkouts are measured: by how much ``read`` moves."""

    read: Callable[[], float]
    readings: list[float] = field(default_factory=list)

    def post(self, document: str, **variables: Any) -> dict[str, Any]:
        if "checkoutComplete(" not in document:
            return super().post(document, **variables)
        before = self.read()
        answer = super().post(document, **variables)
        self.readings.append(self.read() - before)
        return answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How many rounds are counted, and how many are timed, each after some in which caches fill."""

    warming_up: int
    counted: int
    timed: int


FULL = Scale(warming_up=3, counted=5, timed=60)
QUICK = Scale(warming_up=1, counted=2, timed=2)


def run(scale: Scale) -> Results:
    """Open a shop, have statements and tasks counted and requests timed in it, and close it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres.database_url(durable=False))
        direct = stack.enter_context(database.cloned(server))
        between = stack.enter_context(wire(direct))
        broker_url = stack.enter_context(broker.broker_url(folder=folder, log=stage.log_of(folder)))
        queue = Redis.from_url(broker_url)
        port = free_port()
        with _saleor(folder, database=between.url, broker=broker_url, port=port) as api:
            till = _open(api)
            statements = till.sell(
                scale.counted,
                warming_up=scale.warming_up,
                read=lambda: between.statements,
                queue=queue,
            )
        with _saleor(folder, database=direct, broker=broker_url, port=port):
            seconds = till.sell(
                scale.timed, warming_up=scale.warming_up, read=time.perf_counter, queue=queue
            )
    return Results(statements=statements, seconds=seconds)


@contextmanager
def _saleor(folder: Path, *, database: str, broker: str, port: int) -> Iterator[Api]:
    """Run Saleor's own server, on a database that has an owner."""
    log = stage.log_of(folder)
    address = f"http://127.0.0.1:{port}"
    environment = host.environment(
        folder, database=database, redis=broker, smtp="smtp://127.0.0.1:1", address=address
    )
    list(stage.facts_of(environment, log=log))
    command = [stage.PYTHON, *host.web(port)]
    with child("Saleor", command, log=log, folder=host.FOLDER, environment=environment) as web:
        api = Api(url=f"{address}/graphql/", scheme=host.TOKEN_SCHEME)
        for _ in web.wait_for(lambda: stage.answers(api), seconds=_START_SECONDS):
            pass
        yield api


@dataclass(frozen=True, kw_only=True)
class _Till:
    """A shop that sells one thing, and a pack to sell it with."""

    api: Api
    shop: Shop
    pack: str

    def sell(
        self, rounds: int, *, warming_up: int, read: Callable[[], float], queue: Redis
    ) -> dict[Kind, list[Lap]]:
        """Have a customer buy, in each round once in every kind, in any order."""
        owner = self.api.log_in(stage.OWNER, stage.OWNER_PASSWORD)
        meter = Meter(url=self.api.url, scheme=self.api.scheme, read=read)
        customer = shop.register(meter, name=f"Ada{time.time_ns()}")
        laps: dict[Kind, list[Lap]] = {kind: [] for kind in KINDS}
        for round_ in range(-warming_up, rounds):
            for kind in random.sample(KINDS, len(KINDS)):
                self._bring_about(kind, owner)
                queue.flushdb()
                host_api.buy(customer, self.shop, boxes=1)
                if round_ >= 0:
                    laps[kind].append(Lap(reading=meter.readings[-1], tasks=_waiting(queue)))
        return laps

    def _bring_about(self, kind: Kind, owner: Api) -> None:
        owner.do(
            """mutation ($id: ID!, $active: Boolean!) {
              pluginUpdate(id: $id, input: {active: $active}) { errors { field message } }
            }""",
            id=PLUGIN_ID,
            active=kind.is_active,
        )
        links = owner.ask("query ($id: ID!) { serialPack(id: $id) { links { id } } }", id=self.pack)
        if kind.is_linked and not links["serialPack"]["links"]:
            serials.link(owner, self.pack, self.shop.variant, quantity=1)
        for link in [] if kind.is_linked else links["serialPack"]["links"]:
            owner.do(
                """mutation ($id: ID!) {
                  serialPackLinkDelete(id: $id) { errors { field message } }
                }""",
                id=link["id"],
            )


def _open(api: Api) -> _Till:
    owner = api.log_in(stage.OWNER, stage.OWNER_PASSWORD)
    return _Till(
        api=api, shop=host_api.open_shop(owner), pack=serials.make_pack(owner, name="Space Traders")
    )


def _waiting(queue: Redis) -> Counter[str]:
    """The tasks that wait in the broker, in whatever queue."""
    lists = [name for name in queue.scan_iter() if queue.type(name) == b"list"]
    messages = [message for name in lists for message in queue.lrange(name, 0, -1)]
    return Counter(json.loads(message)["headers"]["task"] for message in messages)


def render(results: Results) -> str:
    """The figures as plain text."""
    seconds, statements = results.request()
    rows = [
        f"checkoutComplete, fully paid, over HTTP, worker stopped: {seconds * 1000:.0f} ms and "
        f"{statements:.0f} statements with the plugin switched off",
        "{:<22}{:>12}{:>8}{:>11}{:>9}{:>9}  {}".format(
            "the plugin adds", "statements", "tasks", "all tasks", "ms", "ratio", "quartiles"
        ),
    ]
    for is_linked, title in ((False, "without a linked pack"), (True, "with a linked pack")):
        added = results.added(is_linked=is_linked)
        rows.append(
            f"{title:<22}{added.statements:>12g}{added.our_tasks:>8g}{added.all_tasks:>11g}"
            f"{added.seconds * 1000:>9.1f}{added.ratio:>9.3f}"
            f"  {added.quartiles[0]:.3f} to {added.quartiles[1]:.3f}"
        )
    return "\n".join(rows)
