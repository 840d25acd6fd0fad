"""The sweep: whatever was lost, once it has run the shop is right."""

from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from saleor_serials.delivery import metadata, outbox
from saleor_serials.errors import StorageFailed
from saleor_serials.host import host
from saleor_serials.jobs import work
from saleor_serials.maintenance import sweep as sweep_module
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Assignment, Delivery, OrderRecord, Serial, SweepState
from saleor_serials.orders import fulfillment
from saleor_serials.orders import reconcile as reconcile_module
from saleor_serials.packs import low_stock, stock_sync
from saleor_serials.serials import counts
from tests import making
from tests.hosts import part, shop
from tests.making import held, shortfall, statuses


@pytest.fixture(autouse=True)
def nothing_is_heard() -> Any:
    with shop.nothing_heard():
        yield


@pytest.fixture
def no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """See each change once only, so that a later sweep cannot find it by chance."""
    monkeypatch.setattr(part("orders"), "_OVERLAP", timedelta(0))


def test_a_sweep_serves_and_informs_orders_that_nobody_told_about() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    paid = making.paid_order(link, email="buyer@example.com")
    unpaid = making.placed_order(link)

    report = sweep()

    assert (len(held(paid)), held(unpaid)) == (1, [])
    assert (report.allocated, report.sent, report.failed) == (1, 1, [])
    assert [message.to for message in mail.outbox] == [["buyer@example.com"]]


@pytest.mark.usefixtures("no_second_look")
@pytest.mark.parametrize("change", ["pay", "cancel", "refund", "refund_payment"])
def test_a_later_sweep_sees_what_changed_since(change: str) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    order_id = making.placed_order(link) if change == "pay" else making.paid_order(link)
    sweep()
    before = len(held(order_id))

    getattr(shop, change)(order_id)
    report = sweep()

    assert (before, len(held(order_id))) == ((0, 1) if change == "pay" else (1, 0))
    assert report.looked_at == 1


@pytest.mark.usefixtures("no_second_look")
def test_a_sweep_finds_an_order_that_a_script_cancelled() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    order_id = making.paid_order(making.make_link(pack))
    sweep()

    shop.cancel_silently(order_id)
    sweep()

    assert statuses(pack) == {"unassigned": 1, "free": 4}
    assert sweep().looked_at == 0


@pytest.mark.usefixtures("no_second_look")
def test_a_sweep_settles_old_shortfalls_oldest_first() -> None:
    pack = making.make_pack()
    link = making.make_link(pack)
    orders = [making.paid_order(link, units=2) for _ in range(3)]
    sweep()

    making.make_serials(pack, 5)
    report = sweep()

    assert report.looked_at == 0
    assert [len(held(order)) for order in orders] == [2, 2, 1]
    assert [shortfall(order) for order in orders] == [0, 0, 1]


@pytest.mark.usefixtures("no_second_look")
def test_a_guests_serials_follow_the_order_into_the_account() -> None:
    pack = making.make_pack(status_on_refund="assigned", is_consumable=True)
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    kept_order = making.paid_order(link, email="ann@example.com")
    order_id = making.paid_order(link, email="ann@example.com")
    sweep()
    shop.refund(kept_order)
    sweep()
    user = shop.make_user(email="ann@example.com")

    shop.claim_guest_orders(user)
    sweep()

    key = f"user:{user.pk}"
    assert set(OrderRecord.objects.values_list("customer", flat=True)) == {key}
    assert set(Assignment.objects.values_list("customer", flat=True)) == {key}
    owners = Serial.objects.exclude(status="free").values_list("customer", flat=True)
    assert list(owners) == [key, key]
    assert len(held(order_id)) == 1


def unseen(*, order_failures: bool) -> None:
    """Have nothing tell of any order; those that failed are due if asked for. Then sweep."""
    state = SweepState.objects.get()
    never = "2999-01-01T00:00:00+00:00"
    state.cursor = {
        **dict.fromkeys(["event", "order", "transaction"], 10**9),
        **dict.fromkeys(["payment", "since"], never),
    }
    if order_failures:
        state.failures = {pk: (n, shop.now().isoformat()) for pk, (n, _) in state.failures.items()}
    state.save()
    sweep()


def test_one_poisoned_order_keeps_no_other_from_its_serials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    poisoned, healthy = (making.paid_order(link) for _ in range(2))
    original = reconcile_module.reconcile

    def reconcile(order_id: str, **how: Any) -> Any:
        if order_id == poisoned:
            raise StorageFailed
        return original(order_id, **how)

    monkeypatch.setattr(reconcile_module, "reconcile", reconcile)
    report = sweep()
    with pytest.raises(CommandError, match=f"1 orders failed .*: {poisoned}"):
        call_command("sweep_serials")
    monkeypatch.undo()
    unseen(order_failures=False)
    at_once = held(poisoned)
    unseen(order_failures=True)

    assert report.failed == [poisoned]
    assert len(held(healthy)) == 1
    assert at_once == []
    assert len(held(poisoned)) == 1
    assert SweepState.objects.get().failures == {}


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    making.paid_order(making.make_link(pack), units=2)

    call_command("sweep_serials")

    assert capsys.readouterr().out == (
        "1 orders looked at, 2 serials assigned, 1 e-mails sent, 0 not sent, 0 orders fulfilled.\n"
    )


def test_without_any_link_there_is_nothing_to_look_at() -> None:
    shop.place_order([(shop.make_variant(), 1)])

    assert sweep().looked_at == 0


def test_orders_placed_before_the_first_link_are_left_alone() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    variant = shop.make_variant()
    order_id = shop.place_order([(variant, 1)])
    shop.pay(order_id)

    making.make_link(pack, variant=variant)
    sweep()

    assert (held(order_id), shortfall(order_id)) == ([], 0)


def test_orders_placed_while_the_plugin_was_off_are_left_alone() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    shop.set_plugin(active=False)
    while_off = making.paid_order(link)
    swept_while_off = sweep().looked_at

    shop.set_plugin(active=True)
    while_on = making.paid_order(link)
    sweep()

    assert swept_while_off == 0
    assert (held(while_off), shortfall(while_off)) == ([], 0)
    assert len(held(while_on)) == 1


def test_an_order_from_before_the_switch_off_is_still_served_after_it() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    order_id = making.placed_order(making.make_link(pack))
    sweep()

    shop.set_plugin(active=False)
    shop.set_plugin(active=True)
    shop.pay(order_id)
    sweep()

    assert len(held(order_id)) == 1


def test_a_slow_mail_server_keeps_no_sweep_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    link = making.make_link(pack)
    for _ in range(3):
        making.paid_order(link)
    sweep()
    Delivery.objects.update(status="pending", due_at=shop.now())
    monkeypatch.setattr(sweep_module, "SECONDS_PER_STEP", 0)

    sent = [sweep().sent for _ in range(4)]

    assert sent == [1, 1, 1, 0]


# Where each step begins.
STEPS: dict[str, tuple[Any, str]] = {
    "metadata links": (host, "out_of_sync_targets"),
    "orders": (host, "changed_orders"),
    "jobs": (work, "due"),
    "shortfalls": (sweep_module, "settle"),
    "stock": (stock_sync, "sync_all"),
    "refused addresses": (outbox, "refused"),
    "deliveries": (outbox, "due"),
    "notices": (low_stock, "watched"),
    "metadata": (metadata, "due"),
    "counts": (counts, "fold"),
    "fulfilments": (fulfillment, "due"),
}


@pytest.mark.parametrize("broken", STEPS)
def test_a_step_that_fails_keeps_no_other_from_its_turn(
    broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop.set_plugin(automatic_fulfillment="true")
    making.paid_order(making.make_link(making.make_pack()))
    sweep()
    begun = []

    def at(step: str, owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def begin(*args: Any, **how: Any) -> Any:
            begun.append(step)
            if step == broken:
                raise RuntimeError("SECRET")
            return original(*args, **how)

        monkeypatch.setattr(owner, name, begin)

    for step, (owner, name) in STEPS.items():
        at(step, owner, name)
    report = sweep()

    assert list(dict.fromkeys(begun)) == list(STEPS)
    assert report.failed_steps == [broken]
    assert f"The sweep's step '{broken}' failed: RuntimeError" in caplog.text
    assert "SECRET" not in caplog.text
    with pytest.raises(CommandError, match=f"These steps failed; .*: {broken}"):
        call_command("sweep_serials")
    monkeypatch.undo()
    assert sweep().failed_steps == []


def test_an_order_that_always_fails_is_tried_ever_later_and_then_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order_id = making.paid_order(making.make_link(making.make_pack()))
    monkeypatch.setattr(reconcile_module, "reconcile", mock.Mock(side_effect=StorageFailed))
    sweep()
    pauses = []

    while (failure := SweepState.objects.get().failures[order_id])[1] is not None:
        pauses.append(datetime.fromisoformat(failure[1]) - shop.now())
        unseen(order_failures=True)

    assert failure == [sweep_module.RETRY.attempts, None]
    assert [round(pause / timedelta(minutes=1)) for pause in pauses[:4]] == [1, 2, 4, 8]
    tried = reconcile_module.reconcile.call_count  # type: ignore[attr-defined]
    unseen(order_failures=False)
    assert reconcile_module.reconcile.call_count == tried  # type: ignore[attr-defined]


def test_a_sweep_has_so_much_time_for_orders_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    link = making.make_link(pack)
    orders = [making.paid_order(link) for _ in range(3)]
    monkeypatch.setattr(sweep_module, "SECONDS_PER_STEP", 0)
    monkeypatch.setattr(sweep_module, "_settle_packs", lambda state, report: None)

    sweep()
    first = sum(len(held(order)) for order in orders)
    for _ in range(2):
        unseen(order_failures=False)

    assert first == 1
    assert [len(held(order)) for order in orders] == [1, 1, 1]
    assert SweepState.objects.get().waiting == []


def test_packs_take_turns_where_there_is_no_time_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    packs = [making.make_pack() for _ in range(3)]
    for pack in packs:
        making.paid_order(making.make_link(pack))
    sweep()
    settled: list[int] = []

    def settle(pack_id: int) -> Any:
        settled.append(pack_id)
        yield mock.Mock(allocated=0)

    monkeypatch.setattr(sweep_module, "settle", settle)
    monkeypatch.setattr(sweep_module, "SECONDS_PER_STEP", 0)
    for _ in range(4):
        sweep()

    assert settled == [*(pack.pk for pack in packs), packs[0].pk]


def test_while_a_sweep_is_at_it_no_other_begins(capsys: pytest.CaptureFixture[str]) -> None:
    sweep()
    for until, begins in ((timedelta(minutes=1), False), (-timedelta(seconds=1), True)):
        SweepState.objects.update(busy_until=shop.now() + until)

        assert sweep().is_other_busy is not begins
    SweepState.objects.update(busy_until=shop.now() + timedelta(minutes=1))
    call_command("sweep_serials")
    assert capsys.readouterr().out == "Another sweep is at it; nothing was done.\n"


@pytest.mark.parametrize("broken", ["serials", "recipient", "sent"])
def test_one_delivery_that_cannot_be_read_or_ended_keeps_no_other_waiting(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 2)
    link = making.make_link(pack)
    with mock.patch.object(outbox, "due", return_value=[]):
        for _ in range(2):
            making.paid_order(link)
        sweep()
    first, second = Delivery.objects.order_by("due_at", "pk")

    def fails_for_first(original: Any) -> Any:
        seen = iter([True])

        def call(*args: Any, **how: Any) -> Any:
            if next(seen, False):
                raise RuntimeError("SECRET")
            return original(*args, **how)

        return call

    owner, name = {
        "serials": (Serial.objects, "filter"),
        "recipient": (host, "recipient"),
        "sent": (outbox, "_sent"),
    }[broken]
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, fails_for_first(getattr(owner, name)))
        for delivery in (first, second):
            outbox.deliver(delivery.pk)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.attempts, first.problem) == ("pending", 1, "RuntimeError")
    assert first.due_at > shop.now()
    assert second.status == "sent"
