"""A real Celery worker in a process of its own, with a real broker between."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from celery.beat import Scheduler

from demo.hosts import host as demo_host
from demo.services import stage
from demo.services.processes import child, free_port
from saleor_serials import tasks
from saleor_serials.host import host
from saleor_serials.models import Event, EventType
from tests import making, servers
from tests.hosts import shop
from tests.making import held, shortfall

PATIENCE = 60


@contextmanager
def worker(folder: Path, *, broker_url: str, database_url: str, mail_port: int) -> Iterator[None]:
    environment = demo_host.environment(
        folder,
        database=database_url,
        redis=broker_url,
        smtp=f"smtp://127.0.0.1:{mail_port}",
        address="http://127.0.0.1",
    )
    command = [sys.executable, *demo_host.worker(folder)]
    with child(
        *("the worker", command),
        log=stage.log_of(folder),
        folder=demo_host.FOLDER,
        environment=environment,
    ):
        yield


def complaints(folder: Path) -> list[str]:
    """What the worker's log complains of that happened in our code."""
    lines = stage.log_of(folder).read_text().splitlines()
    ours = (line for line in lines if "saleor_serials" in line)
    return [line for line in ours if "WARNING" in line or "ERROR" in line]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the worker did not do it"
        time.sleep(0.1)


def test_a_worker_serves_settles_and_sends(
    real_broker: Callable[[str], None], database_url: str, tmp_path: Path
) -> None:
    mail_port = free_port()
    pack = making.make_pack()
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(
            making.make_link(pack), units=5, email="buyer@example.com", language="de-at"
        )

    with (
        servers.broker() as broker_url,
        servers.mail_server(mail_port) as mailbox,
        worker(tmp_path, broker_url=broker_url, database_url=database_url, mail_port=mail_port),
    ):
        real_broker(broker_url)
        tasks.request_reconcile(order_id)
        until(lambda: len(mailbox.messages) == 1)
        first = len(held(order_id)), shortfall(order_id)
        making.make_serials(pack, 4)
        tasks.request_settle(pack.pk)
        until(lambda: len(mailbox.messages) == 2)
        until(lambda: Event.objects.filter(type=EventType.DELIVERED).count() == 5)

    assert first == (3, 2)
    assert (len(held(order_id)), shortfall(order_id)) == (5, 0)
    earlier, later = (m.get_body(("plain",)).get_content() for m in mailbox.messages)
    assert [data for data in held(order_id) if data in later] == held(order_id)[3:]
    assert "2 weitere Seriennummern folgen" in earlier
    assert {m["To"] for m in mailbox.messages} == {"buyer@example.com"}
    assert complaints(tmp_path) == []


def test_beat_finds_the_sweep_in_its_schedule_and_it_serves_what_nobody_told() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))
    scheduler = Scheduler(app=host.celery_app, lazy=True)
    scheduler.setup_schedule()

    entry = scheduler.schedule["saleor-serials-sweep"]
    scheduler.apply_entry(entry)

    assert entry.schedule.run_every == timedelta(minutes=1)
    assert len(held(order_id)) == 1
