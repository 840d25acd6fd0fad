"""Crashes, and the e-mail server or the broker gone: nothing is lost, nothing is given twice."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from demo.services.processes import free_port
from saleor_serials import history, tasks
from saleor_serials.delivery import outbox
from saleor_serials.host import host
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Assignment, Delivery, Event, EventType, OrderRecord, Serial
from saleor_serials.orders import fulfillment, payment
from saleor_serials.orders import reconcile as reconcile_module
from saleor_serials.orders.reconcile import reconcile
from tests import making, servers
from tests.hosts import shop
from tests.making import held, shortfall, statuses


def die(*args: Any, **kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_at(module: Any, function: str, action: Callable[[], Any]) -> None:
    """Run an action in a forked process that is killed when it reaches the function."""
    connection.close()  # the child must open its own
    child = os.fork()
    if child == 0:
        with mock.patch.object(module, function, die):
            action()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"{function} was not reached"
    assert os.WTERMSIG(status) == signal.SIGKILL


def later() -> None:
    """Let the pauses and leases of deliveries pass."""
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_killed_between_commit_and_email_the_sweep_sends_it() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack), email="buyer@example.com")

    killed_at(tasks, "deliver", lambda: tasks.reconcile_order(order_id))
    unsent = len(mail.outbox)
    sweep()

    [message] = mail.outbox
    assert unsent == 0
    assert message.to == ["buyer@example.com"]
    assert held(order_id)[0] in message.body
    assert len(held(order_id)) == 1


def test_killed_while_sending_the_sweep_sends_it_when_the_lease_has_passed() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))

    killed_at(outbox, "_send", lambda: tasks.reconcile_order(order_id))
    sweep()
    during_the_lease = len(mail.outbox)
    later()
    sweep()

    assert during_the_lease == 0
    assert len(mail.outbox) == 1
    assert Delivery.objects.get().status == "sent"


@pytest.mark.parametrize(
    ("module", "function"),
    [
        (payment, "record_payment"),
        (history, "record_serials"),
        (reconcile_module, "store"),
        (outbox, "enqueue"),
    ],
)
def test_killed_inside_the_transaction_nothing_happened(module: Any, function: str) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))

    killed_at(module, function, lambda: reconcile(order_id))
    after_the_crash = (
        statuses(pack),
        OrderRecord.objects.count(),
        Assignment.objects.count(),
        Delivery.objects.count(),
        Event.objects.exclude(type=EventType.CREATED).count(),
    )
    sweep()

    assert after_the_crash == ({"free": 3}, 0, 0, 0, 0)
    assert (len(held(order_id)), shortfall(order_id)) == (1, 0)
    assert len(mail.outbox) == 1
    making.check_books()


def test_killed_during_release_nothing_happened_and_the_sweep_releases() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    order_id = making.paid_order(making.make_link(pack))
    with shop.nothing_heard():
        shop.refund(order_id)

    killed_at(history, "record_serials", lambda: reconcile(order_id))
    after_the_crash = statuses(pack)
    sweep()

    assert after_the_crash == {"used": 1, "free": 2}
    assert statuses(pack) == {"unassigned": 1, "free": 2}


@pytest.mark.parametrize(
    ("module", "function"),
    [
        (tasks, "fulfill"),
        (host, "fulfilled_units"),
        (host, "fulfill"),
        (history, "record_line"),
        (fulfillment, "_finish"),
    ],
)
def test_killed_between_email_and_fulfilment_the_sweep_fulfils(module: Any, function: str) -> None:
    shop.set_plugin(automatic_fulfillment="true")
    pack = making.make_pack()
    making.make_serials(pack, 3)
    variant = shop.make_variant(is_tracked=True)
    shop.stock(variant, 10)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack, variant=variant), units=2)
    reconcile(order_id)

    killed_at(module, function, lambda: tasks.send_delivery(Delivery.objects.get().pk))
    after_the_crash = Delivery.objects.get().status, shop.count_fulfillments(order_id)
    fulfilled = [sweep().fulfilled for _ in range(2)]

    assert after_the_crash == ("sent", 0)
    assert fulfilled == [1, 0]
    assert list(shop.fulfilled(order_id).values()) == [2]
    assert (shop.count_fulfillments(order_id), shop.stock_of(variant)) == (1, [(8, 0)])
    assert mail.outbox == []  # the one e-mail was sent by the process that died


def test_the_email_server_is_down_and_nothing_is_lost(smtp_port: int) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)

    order_id = making.paid_order(making.make_link(pack), email="buyer@example.com")
    [waiting] = Delivery.objects.all()
    with servers.mail_server(smtp_port) as mailbox:
        sweep()
        too_early = len(mailbox.messages)
        later()
        sweep()
        sweep()

    assert len(held(order_id)) == 1
    assert (waiting.status, waiting.attempts) == ("pending", 1)
    assert waiting.problem == "ConnectionRefusedError"
    assert waiting.due_at > timezone.now()
    assert too_early == 0
    [message] = mailbox.messages
    assert message["To"] == "buyer@example.com"
    assert held(order_id)[0] in message.get_body(("plain",)).get_content()
    assert held(order_id)[0] in message.get_body(("html",)).get_content()
    assert Delivery.objects.get().status == "sent"


def test_a_delivery_that_never_succeeds_ends_as_failed_for_staff_to_see(smtp_port: int) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    order_id = making.paid_order(making.make_link(pack))

    for _ in range(outbox.RETRY.attempts):
        later()
        sweep()

    row = Delivery.objects.get()
    assert (row.status, row.attempts) == ("failed", outbox.RETRY.attempts)
    [event] = Event.objects.filter(type=EventType.DELIVERY_FAILED)
    assert (event.order.order_id, event.reason) == (order_id, "ConnectionRefusedError")
    assert len(held(order_id)) == 1


def test_the_broker_is_down_and_the_sweep_serves_the_order(
    real_broker: Callable[[str], None],
) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))
    real_broker(f"redis://127.0.0.1:{free_port()}/0")

    tasks.request_reconcile(order_id)
    after_the_request = held(order_id)
    sweep()

    assert after_the_request == []
    assert len(held(order_id)) == 1
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_never_answers_is_tried_once_and_then_left_in_peace(
    real_broker: Callable[[str], None], scheme: str
) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))

    with servers.deaf_server() as (port, visitors):
        real_broker(f"{scheme}://127.0.0.1:{port}//")
        for _ in range(5):
            tasks.request_reconcile(order_id)
        sweep()

    assert len(visitors) == 1
    assert len(held(order_id)) == 1


def test_what_goes_to_the_broker_is_an_id_and_never_a_serial(
    real_broker: Callable[[str], None],
) -> None:
    import redis

    pack = making.make_pack()
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))
    reconcile(order_id)

    with servers.broker() as url:
        real_broker(url)
        tasks.request_reconcile(order_id)
        tasks.request_settle(pack.pk)
        tasks.request_delivery(Delivery.objects.get().pk)
        tasks.request_metadata(order_id)
        queued: Any = redis.Redis.from_url(url).lrange("celery", 0, -1)
        messages = b"".join(queued).decode()

    assert messages.count("saleor_serials.") >= 4
    assert not [data for data in Serial.objects.values_list("data", flat=True) if data in messages]
