"""The plugin as Saleor sees it: hooks that only enqueue, settings that are checked."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from saleor_serials import config, dispatch, tasks
from saleor_serials.config import Config
from saleor_serials.errors import InvalidInput
from saleor_serials.models import SerialStatus
from saleor_serials.plugin import SerialsPlugin
from tests import making, servers
from tests.graphql.api import ask, gid, people
from tests.hosts import shop
from tests.making import held
from tests.queues import Queue


@pytest.mark.parametrize("hook", sorted(shop.ORDER_HOOKS))
def test_every_order_hook_has_the_order_looked_at(hook: str, queue: Queue) -> None:
    order_id = shop.place_order([])
    queue.requests.clear()

    shop.call_hook(hook, order_id)

    assert set(queue.arguments) == {order_id}


def test_no_event_of_an_order_is_missed() -> None:
    known = {name for name in shop.ORDER_HOOKS if hasattr(SerialsPlugin, name)}

    assert known == shop.ORDER_HOOKS


def test_nobody_takes_us_for_a_payment_provider_because_we_listen() -> None:
    for hook in shop.ORDER_HOOKS:
        assert not SerialsPlugin(configuration=[], active=True).is_event_active(hook)


@pytest.mark.parametrize("hook", sorted(shop.ORDER_HOOKS))
def test_an_inactive_plugin_does_nothing(hook: str, queue: Queue) -> None:
    shop.set_plugin(active=False)
    order_id = shop.place_order([])

    shop.call_hook(hook, order_id)
    shop.tell_by_signal(order_id)

    assert queue.arguments == []


def test_a_hook_never_raises(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.is_broken = True
    pack = making.make_pack()
    making.make_serials(pack, 1)

    order_id = making.paid_order(making.make_link(pack))
    monkeypatch.undo()
    tasks.request_reconcile(order_id)

    assert len(held(order_id)) == 1


def test_events_of_one_transaction_become_one_request_after_its_commit(
    queue: Queue,
) -> None:
    with transaction.atomic():
        for _ in range(3):
            tasks.request_reconcile("1")
        tasks.request_reconcile("2")
        before_commit = queue.arguments

    assert before_commit == []
    assert queue.arguments == ["1", "2"]


def test_a_web_request_enqueues_each_task_once_at_its_end(
    queue: Queue, real_broker: Callable[[str], None]
) -> None:
    order_id = making.placed_order(making.make_link(making.make_pack()))
    staff = people.make_staff("MANAGE_ORDERS")
    queue.requests.clear()

    with servers.broker() as url:
        real_broker(url)
        ask(
            "mutation ($id: ID!) { orderMarkAsPaid(id: $id) { order { isPaid } } }",
            {"id": gid("Order", order_id)},
            by=staff,
        )

    assert queue.arguments == [order_id]


def test_a_batch_enqueues_each_request_once_in_the_order_they_came(
    queue: Queue, real_broker: Callable[[str], None]
) -> None:
    real_broker("redis://127.0.0.1:1/0")
    with dispatch.batch():
        for order_id in ("1", "2", "1"):
            tasks.request_reconcile(order_id)
        before_the_end = queue.arguments

    assert before_the_end == []
    assert queue.arguments == ["1", "2"]


def test_a_batch_that_fails_enqueues_what_was_requested(
    queue: Queue, real_broker: Callable[[str], None]
) -> None:
    real_broker("redis://127.0.0.1:1/0")

    with suppress(RuntimeError), dispatch.batch():
        tasks.request_reconcile("1")
        raise RuntimeError

    assert queue.arguments == ["1"]


def test_a_batch_never_raises_because_the_broker_does(
    queue: Queue, real_broker: Callable[[str], None]
) -> None:
    queue.is_broken = True
    real_broker("redis://127.0.0.1:1/0")

    with dispatch.batch():
        tasks.request_reconcile("1")


def test_a_request_that_is_rolled_back_takes_no_other_with_it(queue: Queue) -> None:
    with transaction.atomic():
        with suppress(RuntimeError), transaction.atomic():
            tasks.request_reconcile("1")
            raise RuntimeError
        after_the_rollback = list(connection.run_on_commit)
        tasks.request_reconcile("1")

    assert after_the_rollback == []
    assert queue.arguments == ["1"]


def test_a_request_inside_a_savepoint_does_not_stand_in_for_one_outside(
    queue: Queue,
) -> None:
    with transaction.atomic():
        savepoint = transaction.savepoint()
        tasks.request_reconcile("1")
        transaction.savepoint_rollback(savepoint)
        tasks.request_reconcile("1")

    assert "1" in queue.arguments


def test_a_hook_asks_the_database_for_one_thing_only(queue: Queue) -> None:
    with CaptureQueriesContext(connection) as statements:
        tasks.request_reconcile("1")

    assert len(statements) == 1
    assert queue.arguments == ["1"]


def test_the_settings_are_shown_and_can_be_changed() -> None:
    shop.set_plugin(send_email="false", shown_statuses="used", status_after_release="free")

    settings = config.active_config()

    assert settings == replace(
        Config.parse({}),
        send_email=False,
        shown_statuses=frozenset({SerialStatus.USED}),
        status_after_release=SerialStatus.FREE,
    )
    shown = shop.plugin_settings()
    assert [entry["name"] for entry in shown] == [field.name for field in config.FIELDS]
    assert all(entry["label"] and entry["help_text"] and entry["type"] for entry in shown)


def test_the_defaults_hold_before_anything_is_saved() -> None:
    assert config.active_config() == Config(
        assign_on="paid",
        assignable_statuses=frozenset({SerialStatus.FREE, SerialStatus.RESERVED}),
        forget_on_release=False,
        pack_size_limit=1000,
        batch_size_limit=500,
        notice_recipients=(),
        stock_link=False,
        stock_warehouse="",
        preview_length=100,
        send_email=True,
        shown_statuses=frozenset({SerialStatus.ASSIGNED, SerialStatus.USED}),
        status_after_release=SerialStatus.UNASSIGNED,
        expose_in_metadata=False,
        automatic_fulfillment=False,
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shown_statuses", "assigned, gone"),
        ("status_after_release", ""),
        ("status_after_release", "assigned, free"),
        ("assign_on", "shipped"),
        ("assignable_statuses", "reserved"),
        ("assignable_statuses", "free, used"),
        ("pack_size_limit", "many"),
        ("batch_size_limit", "0"),
        ("notice_recipients", "staff"),
        ("preview_length", "-1"),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused_by_name_and_nothing_changes(
    field: str, value: str
) -> None:
    before = config.active_config()

    with pytest.raises(ValidationError, match=f"{field}: "):
        shop.set_plugin(**{field: value})

    assert config.active_config() == before


def test_the_class_keeps_its_own_defaults_whatever_the_host_does_to_them() -> None:
    before = [dict(entry) for entry in SerialsPlugin.DEFAULT_CONFIGURATION]

    shop.plugin_settings()
    shop.set_plugin(send_email="false")

    assert before == SerialsPlugin.DEFAULT_CONFIGURATION


def test_the_shops_rule_after_release_is_obeyed() -> None:
    shop.set_plugin(status_after_release="free")
    pack = making.make_pack()
    making.make_serials(pack, 2)
    order_id = making.paid_order(making.make_link(pack))

    shop.cancel(order_id)

    assert making.statuses(pack) == {"free": 2}


def test_settings_spoilt_behind_saleors_back_are_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        Config.parse({"status_after_release": "gone"})

    assert refused.value.field == "status_after_release"
