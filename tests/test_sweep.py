"""The sweep: whatever was lost, once it has run the shop is right."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from saleor_serials.errors import StorageFailed
from saleor_serials.maintenance import sweep as sweep_module
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Assignment, OrderRecord, Serial, SweepState
from saleor_serials.orders import reconcile as reconcile_module
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
    SweepState.objects.update(
        cursor={"event": 10**9, "order": 10**9, "payment": "2999-01-01T00:00:00Z"}
    )
    sweep()

    assert report.failed == [poisoned]
    assert len(held(healthy)) == 1
    assert len(held(poisoned)) == 1
    assert SweepState.objects.get().retry == []


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
    monkeypatch.setattr(sweep_module, "_SECONDS_TO_SEND", 0)

    sent = [sweep().sent for _ in range(4)]

    assert sent == [1, 1, 1, 0]
