"""The story of an order: paid, short, settled, refunded, cancelled, edited."""

from contextlib import nullcontext
from unittest import mock

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_serials import history
from saleor_serials.assignments import allocation, claims
from saleor_serials.config import Config
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import (
    Assignment,
    Delivery,
    Event,
    EventType,
    OrderRecord,
    Pack,
    Serial,
    SerialStatus,
)
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.packs import lifecycle, links
from tests import making
from tests.hosts import shop
from tests.making import held, shortfall, statuses


def test_a_paid_order_gets_what_its_links_say() -> None:
    pack = making.make_pack()
    serials = making.make_serials(pack, 5)
    link = making.make_link(pack, quantity=2)

    order_id = making.paid_order(link, units=2)

    assert held(order_id) == [serial.data for serial in serials[:4]]
    assert shortfall(order_id) == 0
    assert statuses(pack) == {"used": 4, "free": 1}


def test_serials_of_a_consumable_pack_arrive_assigned() -> None:
    pack = making.make_pack(is_consumable=True)
    making.make_serials(pack, 2)

    making.paid_order(making.make_link(pack))

    assert statuses(pack) == {"assigned": 1, "free": 1}


def test_an_unpaid_order_gets_nothing_but_its_terms_are_frozen() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)

    order_id = making.placed_order(making.make_link(pack, quantity=3))

    assert held(order_id) == []
    assert statuses(pack) == {"free": 5}
    [assignment] = Assignment.objects.all()
    assert (assignment.per_unit, assignment.entitled, assignment.held) == (3, 0, 0)


def test_a_partly_paid_order_gets_nothing_until_the_rest_is_paid() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    order_id = making.placed_order(making.make_link(pack))

    shop.pay(order_id, amount=4)
    after_a_part = held(order_id)
    shop.pay(order_id, amount=6)

    assert after_a_part == []
    assert len(held(order_id)) == 1


def test_an_order_marked_as_paid_gets_its_serials() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    order_id = making.placed_order(making.make_link(pack))

    shop.mark_as_paid(order_id)

    assert len(held(order_id)) == 1


def test_an_order_without_a_price_gets_its_serials_when_it_is_placed() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)

    order_id = making.placed_order(making.make_link(pack), price=0)

    assert len(held(order_id)) == 1


def test_a_draft_gets_nothing_before_it_is_completed_and_paid() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    order_id = shop.draft_order([(link.variant, 2)], email="buyer@example.com")

    reconcile(order_id)
    as_draft = OrderRecord.objects.count()
    shop.complete_draft(order_id)
    shop.mark_as_paid(order_id)

    assert as_draft == 0
    assert len(held(order_id)) == 2


def test_a_draft_has_the_terms_of_the_moment_it_is_completed() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    variant = shop.make_variant()
    order_id = shop.draft_order([(variant, 1)], email="buyer@example.com")

    making.make_link(pack, variant=variant, quantity=3)
    shop.complete_draft(order_id)
    shop.mark_as_paid(order_id)

    assert len(held(order_id)) == 3


@pytest.mark.parametrize("times", [2, 10])
def test_the_same_event_again_changes_nothing(times: int) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    order_id = making.paid_order(making.make_link(pack, quantity=2))
    before = (held(order_id), Event.objects.count(), Delivery.objects.count())

    for _ in range(times):
        reconcile(order_id)

    assert (held(order_id), Event.objects.count(), Delivery.objects.count()) == before


def test_a_line_takes_from_several_packs() -> None:
    first, second = making.make_pack(), making.make_pack()
    making.make_serials(first, 5)
    making.make_serials(second, 5)
    link = making.make_link(first, quantity=2)
    making.make_link(second, variant=link.variant, quantity=1)

    making.paid_order(link, units=2)

    assert statuses(first) == {"used": 4, "free": 1}
    assert statuses(second) == {"used": 2, "free": 3}


def test_lines_that_share_a_pack_never_share_a_serial() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    first = making.make_link(pack)
    second = making.make_link(pack)

    order_id = shop.place_order([(first.variant, 2), (second.variant, 2)])
    shop.pay(order_id)

    assert len(set(held(order_id))) == 4
    assert [a.held for a in Assignment.objects.order_by("id")] == [2, 2]


def test_a_variants_link_replaces_its_products_link_for_the_same_pack() -> None:
    pack, other = making.make_pack(), making.make_pack()
    making.make_serials(pack, 9)
    making.make_serials(other, 9)
    product = shop.make_product()
    variant, sibling = shop.make_variant(product), shop.make_variant(product)
    links.create(pack=pack, product_id=product.pk, quantity=1)
    links.create(pack=other, product_id=product.pk, quantity=1)
    links.create(pack=pack, variant_id=variant.pk, quantity=3)

    with_own = shop.place_order([(variant, 1)])
    without = shop.place_order([(sibling, 1)])
    shop.pay(with_own)
    shop.pay(without)

    assert len(held(with_own)) == 3 + 1
    assert len(held(without)) == 1 + 1


def test_a_pack_that_runs_dry_gives_what_it_has_and_the_shortfall_is_exact() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)

    order_id = making.paid_order(making.make_link(pack, quantity=5), units=2)

    assert len(held(order_id)) == 3
    assert shortfall(order_id) == 7


def test_older_shortfalls_are_served_first_and_new_orders_queue_behind_them() -> None:
    pack = making.make_pack()
    link = making.make_link(pack)
    oldest = making.paid_order(link, units=2)
    older = making.paid_order(link, units=2)
    making.make_serials(pack, 3)

    newest = making.paid_order(link, units=1)

    assert [len(held(order)) for order in (oldest, older, newest)] == [2, 1, 0]
    assert [shortfall(order) for order in (oldest, older, newest)] == [0, 1, 1]


def test_an_unpublished_pack_hands_out_nothing_and_takes_nothing_back() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    before = making.paid_order(link)

    lifecycle.update(pack.pk, is_published=False)
    meanwhile = making.paid_order(link)
    reconcile(before)

    assert len(held(before)) == 1
    assert (held(meanwhile), shortfall(meanwhile)) == ([], 1)


@pytest.mark.parametrize("is_heard", [True, False])
def test_money_that_came_and_went_is_not_there(is_heard: bool) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 4)
    order_id = making.paid_order(making.make_link(pack), units=2)
    mail.outbox.clear()

    with nullcontext() if is_heard else shop.nothing_heard():
        shop.refund(order_id)
        shop.pay(order_id, amount=1)
    sweep()
    with_one = held(order_id)
    with nullcontext() if is_heard else shop.nothing_heard():
        shop.pay(order_id, amount=19)
    sweep()

    assert with_one == []
    assert len(held(order_id)) == 2
    assert len(mail.outbox) == 1


def test_two_payments_must_be_there_at_once() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 2)
    link = making.make_link(pack)
    order_id = shop.place_order([(link.variant, 2)])

    seen = []
    for amount in (10, 9):
        shop.pay(order_id, amount=amount)
        seen.append(len(held(order_id)))
    shop.refund(order_id, amount=5)
    shop.pay(order_id, amount=5)
    seen.append(len(held(order_id)))
    shop.pay(order_id, amount=1)
    seen.append(len(held(order_id)))

    assert seen == [0, 0, 0, 2]


def test_a_full_refund_gives_the_serials_back_under_the_packs_rule() -> None:
    for rule in ("unassigned", "free", "assigned", "deleted"):
        pack = making.make_pack(status_on_refund=rule)
        making.make_serials(pack, 3)
        order_id = making.paid_order(making.make_link(pack, quantity=2))

        shop.refund(order_id)

        assert held(order_id) == []
        assert statuses(pack) == ({"free": 3} if rule == "free" else {rule: 2, "free": 1})


def test_a_refund_without_a_hook_is_seen_too() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    order_id = making.paid_order(making.make_link(pack))

    shop.refund_payment(order_id)

    assert held(order_id) == []
    assert statuses(pack) == {"unassigned": 1, "free": 2}


def test_an_amount_refund_changes_nothing_and_staff_read_it_in_the_history() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    order_id = making.paid_order(making.make_link(pack), units=3)

    shop.refund(order_id, amount=10)
    reconcile(order_id)

    assert len(held(order_id)) == 3
    [event] = Event.objects.filter(type=EventType.PARTLY_REFUNDED)
    assert event.order.order_id == order_id
    assert event.reason.startswith("10")


def test_two_amount_refunds_that_make_a_full_one_release() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    order_id = making.paid_order(making.make_link(pack), units=3)

    shop.refund(order_id, amount=10)
    shop.refund(order_id, amount=20)

    assert held(order_id) == []


def test_money_that_vanishes_without_a_refund_releases_nothing_and_is_recorded_once() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    order_id = making.paid_order(making.make_link(pack))

    shop.lose_payment(order_id)
    reconcile(order_id)

    assert len(held(order_id)) == 1
    assert Event.objects.filter(type=EventType.PAYMENT_REVERSED).count() == 1


def test_with_a_payment_issue_an_order_gets_nothing_new_and_nobody_queues_behind_it() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    link = making.make_link(pack)
    order_id = making.paid_order(link, units=2)
    short = shortfall(order_id)

    shop.lose_payment(order_id)
    making.make_serials(pack, 2)
    making.settle(pack)
    other = making.paid_order(link)

    assert short == 1
    assert (len(held(order_id)), shortfall(order_id)) == (1, 0)
    assert len(held(other)) == 1


def test_staff_give_and_withhold_while_the_order_has_a_payment_issue() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 9)
    order_id = making.paid_order(making.make_link(pack), units=2)
    shop.lose_payment(order_id)

    Assignment.objects.update(granted=1)
    reconcile(order_id)
    given = len(held(order_id))
    Assignment.objects.update(granted=0, withheld=1)
    reconcile(order_id)

    assert given == 3
    assert len(held(order_id)) == 1


def test_a_cancelled_order_gives_back_under_the_shops_rule() -> None:
    pack = making.make_pack(status_on_refund="free")
    making.make_serials(pack, 3)
    order_id = making.paid_order(making.make_link(pack))

    shop.cancel(order_id)

    assert held(order_id) == []
    assert statuses(pack) == {"unassigned": 1, "free": 2}
    assert Event.objects.get(type=EventType.RELEASED).reason == "cancelled"


def test_an_order_cancelled_before_it_is_paid_gets_nothing_unless_the_host_takes_it_up() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    order_id = making.placed_order(making.make_link(pack))

    shop.cancel(order_id)
    shop.pay(order_id)

    assert len(held(order_id)) == (0 if shop.is_cancelled(order_id) else 1)
    assert shortfall(order_id) == 0


def test_freed_serials_settle_the_oldest_shortfall_without_anyone_asking() -> None:
    pack = making.make_pack(status_on_refund="free")
    making.make_serials(pack, 2)
    link = making.make_link(pack)
    first = making.paid_order(link, units=2)
    waiting = making.paid_order(link, units=1)

    shop.refund(first)

    assert len(held(waiting)) == 1
    assert statuses(pack) == {"used": 1, "free": 1}


@pytest.mark.parametrize("rule", ["unassigned", "assigned"])
def test_what_a_customer_gave_back_settles_their_own_older_shortfall(rule: str) -> None:
    pack = making.make_pack(status_on_refund=rule, is_consumable=True)
    making.make_serials(pack, 1)
    link = making.make_link(pack)
    first = making.paid_order(link, email="ann@example.com")
    strangers = making.paid_order(link, email="bob@example.com")
    waiting = making.paid_order(link, email="ann@example.com")
    [serial] = held(first)

    shop.refund(first)

    assert held(waiting) == [serial]
    assert (held(strangers), shortfall(strangers)) == ([], 1)


def test_the_same_customer_is_handed_their_own_unassigned_serial_again() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    first = making.paid_order(link, email="Ann@example.com")
    [serial] = held(first)
    shop.refund(first)

    strangers = making.paid_order(link, email="bob@example.com")
    again = making.paid_order(link, email="ann@example.com")

    assert held(strangers) != [serial]
    assert held(again) == [serial]


def test_a_serial_that_stays_after_a_refund_is_the_first_the_customer_gets_again() -> None:
    pack = making.make_pack(status_on_refund="assigned", is_consumable=True)
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    order_id = making.paid_order(link)
    kept = held(order_id)
    shop.refund(order_id)

    reconcile(order_id)
    again = making.paid_order(link)

    assert held(order_id) == []
    assert held(again) == kept


def test_a_removed_line_gives_its_serials_back() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    order_id = making.paid_order(link, units=2)

    shop.remove_line(shop.line_ids(order_id)[0])

    assert held(order_id) == []
    assert Event.objects.filter(type=EventType.RELEASED).first().reason == "line removed"


def test_a_changed_quantity_counts_with_the_frozen_terms() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 9)
    link = making.make_link(pack, quantity=2)
    order_id = making.paid_order(link, units=2)
    links.update(link.pk, quantity=4)

    shop.set_quantity(shop.line_ids(order_id)[0], 3)
    more = held(order_id)
    shop.set_quantity(shop.line_ids(order_id)[0], 1)

    assert len(more) == 6
    assert held(order_id) == more[:2]


def test_release_takes_what_was_not_delivered_first_and_never_what_was_consumed() -> None:
    pack = making.make_pack(is_consumable=True)
    making.make_serials(pack, 4)
    order_id = making.paid_order(making.make_link(pack), units=4)
    # The newest is the one that was delivered: its age alone would have it taken first.
    consumed, *undelivered, delivered = Serial.objects.order_by("position")
    Serial.objects.filter(pk=consumed.pk).update(status="used", consumed_at=shop.now())
    Serial.objects.filter(pk__in=[s.pk for s in undelivered]).update(delivered_at=None)

    shop.set_quantity(shop.line_ids(order_id)[0], 2)
    after_two = held(order_id)
    shop.cancel(order_id)

    assert after_two == [consumed.data, delivered.data]
    assert held(order_id) == [consumed.data]


def test_a_serial_that_is_freed_below_those_that_were_sold_last_is_found_at_once() -> None:
    pack = making.make_pack(status_on_refund="free")
    first, second = making.make_serials(pack, 2)
    link = making.make_link(pack)
    refunded, other = (making.paid_order(link) for _ in range(2))
    claims._heads.remember(pack.pk, second.position)
    with mock.patch.object(claims._heads, "get", return_value=second.position):
        shop.refund(refunded)

        late = making.paid_order(link)

    assert held(other) == [second.data]
    assert held(late) == [first.data]


def test_a_named_serial_that_is_on_a_line_is_not_claimed_for_another() -> None:
    pack = making.make_pack(is_consumable=True)
    [serial] = making.make_serials(pack, 1)
    link = making.make_link(pack)
    holder, other = (making.paid_order(link) for _ in range(2))

    moves = claims.claim_named(
        [serial.pk],
        Assignment.objects.get(order__order_id=other),
        statuses=[SerialStatus.ASSIGNED],
        now=shop.now(),
    )

    assert moves == []
    assert held(holder) == [serial.data]


@pytest.mark.parametrize("is_published", [True, False])
def test_who_waits_for_an_unpublished_pack_cannot_be_served(is_published: bool) -> None:
    pack = making.make_pack()
    making.paid_order(making.make_link(pack))
    lifecycle.update(pack.pk, is_published=False)
    making.make_serials(pack, 1)
    Pack.objects.update(is_published=is_published)

    assert allocation.servable(pack, config=Config.parse({})).exists() is is_published


def test_an_expired_serial_is_never_handed_out() -> None:
    pack = making.make_pack()
    expired, fresh = making.make_serials(pack, 2)
    Serial.objects.filter(pk=expired.pk).update(expires_at=shop.now())

    order_id = making.paid_order(making.make_link(pack), units=2)

    assert held(order_id) == [fresh.data]
    assert shortfall(order_id) == 1


def test_granted_and_withheld_by_staff_outlive_every_reconcile() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 9)
    order_id = making.paid_order(making.make_link(pack), units=3)

    Assignment.objects.update(granted=2, withheld=1)
    reconcile(order_id)
    granted = held(order_id)
    Assignment.objects.update(granted=0, withheld=3)
    reconcile(order_id)
    reconcile(order_id)

    assert len(granted) == 4
    assert held(order_id) == []


def test_an_order_that_vanished_changes_nothing() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    order_id = making.paid_order(making.make_link(pack))
    kept = held(order_id)

    shop.delete_order(order_id)
    outcome = reconcile(order_id)

    assert outcome is None
    assert held(order_id) == kept


def test_an_order_that_never_was_leaves_no_trace() -> None:
    assert reconcile("4711") is None
    assert OrderRecord.objects.count() == 0


def test_the_history_tells_a_serials_whole_life() -> None:
    pack = making.make_pack()
    [serial] = making.make_serials(pack, 1)
    order_id = making.paid_order(making.make_link(pack))
    shop.refund(order_id)
    key, number = (serial.pk, serial.batch_id), shop.number(order_id)

    story = [
        (e.type, e.from_status, e.to_status, e.actor, e.reason, e.order and e.order.number)
        for e in history.of_serials([key])[key]
    ]

    assert story == [
        ("created", "", "free", "user:1", "", None),
        ("assigned", "free", "used", "system", "", number),
        ("delivered", "used", "used", "system", "", number),
        ("released", "used", "unassigned", "system", "refunded", number),
    ]


def test_the_database_refuses_to_change_history() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)

    with pytest.raises(Exception, match="append-only"):
        Event.objects.update(reason="nothing happened")
    with pytest.raises(Exception, match="append-only"):
        Event.objects.all()._raw_delete("default")
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE saleor_serials_event")


def statements_of_a_first_reconcile(units: int) -> int:
    pack = making.make_pack()
    making.make_serials(pack, units)
    link = making.make_link(pack)
    with shop.nothing_heard():
        order_id = making.paid_order(link, units=units)
    with CaptureQueriesContext(
        connection,
    ) as statements:
        outcome = reconcile(order_id)
    assert outcome is not None
    assert outcome.allocated == units
    return len(statements)


def test_the_number_of_statements_does_not_depend_on_the_number_of_serials() -> None:
    one, hundred, thousands = (statements_of_a_first_reconcile(n) for n in (1, 100, 5_000))

    assert one == hundred == thousands


def updates_of_the_record(order_id: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        reconcile(order_id)
    return [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].startswith('UPDATE "saleor_serials_orderrecord"')
    ]


def test_a_reconcile_saves_the_record_of_its_order_once_and_only_if_it_changed() -> None:
    shop.set_plugin(send_email="false", expose_in_metadata="true", automatic_fulfillment="true")
    pack = making.make_pack()
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack, quantity=2))

    first, second = updates_of_the_record(order_id), updates_of_the_record(order_id)

    [update] = first
    for column in ("lines", "entitled_at", "metadata_copy", "fulfill_at"):
        assert f'"{column}"' in update
    assert '"customer"' not in update
    assert second == []
    assert len(held(order_id)) == 2
