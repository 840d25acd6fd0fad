"""What staff do with serials by hand: kept in the history, and never undone by a reconcile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from saleor_serials.history import of_serials
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Assignment, Event, Pack, Serial, VendorGroup
from saleor_serials.orders.reconcile import reconcile
from tests import making
from tests.graphql.api import do, gid, is_denied, nodes, people, post, refused
from tests.hosts import shop

ASSIGN = """mutation ($input: SerialAssignInput!) {
  serialAssign(input: $input) { quantity shortfall errors { field message code index } }
}"""
RELEASE = """mutation ($ids: [ID!]!, $reason: String!, $status: SerialStatusEnum) {
  serialRelease(ids: $ids, input: {reason: $reason, status: $status}) {
    serials { data status } errors { field message code index }
  }
}"""
REVOKE = """mutation ($ids: [ID!]!, $reason: String!) {
  serialRevoke(ids: $ids, reason: $reason) {
    serials { data status } errors { field message code index }
  }
}"""
REPLACE = """mutation ($id: ID!, $replacement: ID, $reason: String!) {
  serialReplace(id: $id, replacementId: $replacement, reason: $reason) {
    serial { data status } shortfall errors { field message code index }
  }
}"""
RESERVE = """mutation ($input: SerialReserveInput!) {
  serialReserve(input: $input) {
    serials { data status } errors { field message code index }
  }
}"""
UNRESERVE = """mutation ($ids: [ID!]!, $reason: String!) {
  serialUnreserve(ids: $ids, reason: $reason) {
    serials { data status } errors { field message code index }
  }
}"""
UPDATE = """mutation ($id: ID!, $input: SerialUpdateInput!) {
  serialUpdate(id: $id, input: $input) {
    serial { data expiresAt } errors { field message code index }
  }
}"""
NOTE = """mutation ($id: ID!, $input: SerialEventCreateInput!) {
  serialEventCreate(id: $id, input: $input) {
    serial { data events(first: 9) { edges { node { type title reason happenedAt actor } } } }
    errors { field message code index }
  }
}"""
WHY = "The customer called"


@pytest.fixture
def seller() -> Any:
    return people.make_staff("MANAGE_ORDERS", "MANAGE_PRODUCTS")


def sold(units: int = 1, *, extra: int = 2, user: Any = None, **rules: Any) -> tuple[Pack, str]:
    """A pack that has sold so many serials and has ``extra`` left: the pack, and the order."""
    pack = making.make_pack(**rules)
    making.make_serials(pack, units + extra)
    return pack, making.paid_order(making.make_link(pack), units=units, user=user)


def serials(pack: Pack, **conditions: Any) -> list[Serial]:
    return list(pack.serials.filter(**conditions).order_by("position"))


def gids(*rows: Serial) -> list[str]:
    return [gid("Serial", row.pk) for row in rows]


def line_of(order_id: str) -> str:
    return gid("OrderLine", shop.line_ids(order_id)[0])


def counts(order_id: str) -> list[tuple[int, int, int, int]]:
    """What each line is granted, withheld, owed and holds, still so after a reconcile and sweep."""
    reconcile(order_id)
    sweep()
    making.check_books()
    rows = Assignment.objects.filter(order__order_id=order_id).order_by("pk")
    return list(rows.values_list("granted", "withheld", "entitled", "held"))


def last_event(serial: Serial) -> tuple[str, str, str, str, str]:
    event = of_serials([(serial.pk, None)])[serial.pk, None][-1]
    return event.type, event.from_status, event.to_status, event.actor, event.reason


def unchanged(call: Callable[[], Any]) -> Any:
    """Make a call that must change nothing."""

    def everything() -> list[Any]:
        models = (Serial, Assignment, Event)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before = everything()
    result = call()
    assert everything() == before
    return result


# --- assign


def test_a_named_serial_is_given_on_top_of_what_the_line_is_owed(seller: Any) -> None:
    pack, order_id = sold(1, extra=2)
    mail.outbox.clear()
    _, _, last = serials(pack)

    given = do(
        ASSIGN,
        {"input": {"ids": gids(last), "orderLine": line_of(order_id), "reason": WHY}},
        by=seller,
    )

    assert given == {"quantity": 1, "shortfall": 0}
    assert making.held(order_id)[-1] == last.data
    assert counts(order_id) == [(1, 0, 2, 2)]
    assert last_event(last)[0] == "delivered"
    assigned = Event.objects.filter(serial=last, type="assigned").get()
    assert (assigned.actor, assigned.reason) == (f"user:{seller.pk}", WHY)
    assert [last.data in message.body for message in mail.outbox] == [True]


def test_a_named_serial_first_fills_what_the_line_is_short_of(seller: Any) -> None:
    pack = making.make_pack(is_published=True)
    order_id = making.paid_order(making.make_link(pack))
    pack.is_published = False  # so that nothing but the hand fills it
    pack.save()
    [serial] = making.make_serials(pack, 1)

    do(
        ASSIGN,
        {"input": {"ids": gids(serial), "orderLine": line_of(order_id), "reason": WHY}},
        by=seller,
    )

    assert making.held(order_id) == [serial.data]
    assert counts(order_id) == [(0, 0, 1, 1)]


def test_a_line_gets_a_serial_of_a_pack_that_it_has_no_link_with(seller: Any) -> None:
    _, order_id = sold(1)
    other = making.make_pack()
    [gift] = making.make_serials(other, 1)

    do(
        ASSIGN,
        {"input": {"ids": gids(gift), "orderLine": line_of(order_id), "reason": WHY}},
        by=seller,
    )

    assert gift.data in making.held(order_id)
    assert counts(order_id) == [(0, 0, 1, 1), (1, 0, 1, 1)]


def test_so_many_of_a_pack_are_given_and_what_it_lacks_follows(seller: Any) -> None:
    pack, order_id = sold(1, extra=1)
    variables = {"pack": gid("SerialPack", pack.pk), "quantity": 3, "orderLine": line_of(order_id)}

    given = do(ASSIGN, {"input": {**variables, "reason": WHY}}, by=seller)

    assert given == {"quantity": 1, "shortfall": 2}
    assert counts(order_id) == [(3, 0, 4, 2)]
    making.make_serials(pack, 5)
    making.settle(pack)
    assert counts(order_id) == [(3, 0, 4, 4)]


def test_a_reserved_serial_is_given_to_its_customer_and_to_no_other(seller: Any) -> None:
    ada = shop.make_user()
    pack, order_id = sold(1, extra=2, user=ada)
    _, mine, theirs = serials(pack)
    of_ada, of_bob = gid("User", ada.pk), gid("User", shop.make_user().pk)
    do(RESERVE, {"input": {"ids": gids(mine), "customer": of_ada, "reason": WHY}}, by=seller)
    do(RESERVE, {"input": {"ids": gids(theirs), "customer": of_bob, "reason": WHY}}, by=seller)
    variables = {"orderLine": line_of(order_id), "reason": WHY}

    do(ASSIGN, {"input": {"ids": gids(mine), **variables}}, by=seller)
    errors = unchanged(
        lambda: refused(ASSIGN, {"input": {"ids": gids(theirs), **variables}}, by=seller)
    )

    assert errors == [("ids", "WRONG_STATUS", 0)]
    assert mine.data in making.held(order_id)


@pytest.mark.parametrize("how", ["held", "deleted", "expired", "unassigned", "unknown", "twice"])
def test_what_cannot_be_given_is_refused_by_its_place_in_the_list(seller: Any, how: str) -> None:
    pack, order_id = sold(1, extra=2, user=shop.make_user())
    held, good, bad = serials(pack)
    if how == "deleted":
        pack.serials.filter(pk=bad.pk).update(status="deleted")
    if how == "expired":
        pack.serials.filter(pk=bad.pk).update(expires_at=shop.now() - timedelta(seconds=1))
    if how == "unassigned":
        pack.serials.filter(pk=bad.pk).update(status="assigned", customer="user:0")
        pack.serials.filter(pk=bad.pk).update(status="unassigned")
    chosen = gids(good, held if how == "held" else bad)
    if how == "unknown":
        chosen[1] = gid("Serial", 10**9)
    if how == "twice":
        chosen[1] = chosen[0]
        do(
            ASSIGN,
            {"input": {"ids": chosen, "orderLine": line_of(order_id), "reason": WHY}},
            by=seller,
        )
        assert counts(order_id) == [(1, 0, 2, 2)]
        return

    errors = unchanged(
        lambda: refused(
            ASSIGN,
            {"input": {"ids": chosen, "orderLine": line_of(order_id), "reason": WHY}},
            by=seller,
        )
    )

    code = "NOT_FOUND" if how == "unknown" else "WRONG_STATUS"
    assert errors == [("ids", code, 1)]


def test_a_gift_is_the_customers_without_an_order(seller: Any) -> None:
    user = shop.make_user()
    pack, _ = sold(1, extra=3)
    free = serials(pack, status="free")
    of_user = {"customer": gid("User", user.pk), "reason": WHY}

    named = do(ASSIGN, {"input": {"ids": gids(free[2]), **of_user}}, by=seller)
    counted = do(
        ASSIGN, {"input": {"pack": gid("SerialPack", pack.pk), "quantity": 2, **of_user}}, by=seller
    )

    assert (named, counted) == (
        {"quantity": 1, "shortfall": 0},
        {"quantity": 2, "shortfall": 0},
    )
    mine = pack.serials.filter(customer=f"user:{user.pk}")
    assert {serial.data for serial in mine} == {serial.data for serial in free}
    assert all(serial.status == "used" and serial.assignment.order is None for serial in mine)
    # Their next order buys a new one: a gift is not what they are handed again.
    [fresh] = making.make_serials(pack, 1)
    order_id = making.paid_order(making.make_link(pack), user=user)
    assert making.held(order_id) == [fresh.data]


def test_a_gift_that_the_pack_has_not_is_refused(seller: Any) -> None:
    user = shop.make_user()
    pack, _ = sold(1, extra=1)
    variables = {
        "pack": gid("SerialPack", pack.pk),
        "quantity": 2,
        "customer": gid("User", user.pk),
        "reason": WHY,
    }

    errors = unchanged(lambda: refused(ASSIGN, {"input": variables}, by=seller))

    assert errors == [("quantity", "NOT_ENOUGH", None)]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"reason": " "}, ("reason", "REQUIRED", None)),
        ({"reason": "x" * 251}, ("reason", "TOO_LONG", None)),
        ({"reason": "a\0b"}, ("reason", "INVALID", None)),
        ({"ids": None}, ("ids", "REQUIRED", None)),
        ({"pack": gid("SerialPack", 1)}, ("pack", "INVALID", None)),
        ({"quantity": 1}, ("quantity", "INVALID", None)),
        ({"customer": gid("User", 1)}, ("customer", "INVALID", None)),
        ({"ids": []}, ("ids", "REQUIRED", None)),
        ({"orderLine": None}, ("orderLine", "REQUIRED", None)),
        ({"orderLine": gid("OrderLine", "0")}, ("orderLine", "NOT_FOUND", None)),
        ({"orderLine": gid("OrderLine", "nonsense")}, ("orderLine", "NOT_FOUND", None)),
        ({"orderLine": gid("Order", "1")}, ("orderLine", "NOT_FOUND", None)),
        ({"orderLine": None, "customer": gid("User", 10**8)}, ("customer", "NOT_FOUND", None)),
        ({"ids": [gid("Serial", 1)] * 101}, ("ids", "TOO_MANY", None)),
    ],
)
def test_bad_input_is_refused_by_name(
    seller: Any, changed: dict[str, Any], error: tuple[Any, ...]
) -> None:
    pack, order_id = sold(1)
    free = serials(pack, status="free")[0]
    variables = {"ids": gids(free), "orderLine": line_of(order_id), "reason": WHY, **changed}

    assert unchanged(lambda: refused(ASSIGN, {"input": variables}, by=seller)) == [error]


@pytest.mark.parametrize("quantity", [0, -1, 101])
def test_a_quantity_that_is_none_or_too_many_is_refused(seller: Any, quantity: int) -> None:
    pack, order_id = sold(1)
    variables = {"pack": gid("SerialPack", pack.pk), "quantity": quantity, "reason": WHY}

    errors = refused(ASSIGN, {"input": {**variables, "orderLine": line_of(order_id)}}, by=seller)

    assert errors == [("quantity", "OUT_OF_RANGE", None)]


# --- release, revoke, replace


def test_a_released_serial_is_owed_no_more_and_no_reconcile_brings_it_back(seller: Any) -> None:
    pack, order_id = sold(2, extra=1, user=shop.make_user())
    first, second, _ = serials(pack)

    released = do(RELEASE, {"ids": gids(first), "reason": WHY}, by=seller)

    assert released == {"serials": [{"data": first.data, "status": "UNASSIGNED"}]}
    assert making.held(order_id) == [second.data]
    assert counts(order_id) == [(0, 1, 1, 1)]
    assert last_event(first) == ("released", "used", "unassigned", f"user:{seller.pk}", WHY)


def test_a_released_serial_can_be_made_free_and_then_serves_who_waits(seller: Any) -> None:
    pack, order_id = sold(1, extra=0)
    waiting = making.paid_order(making.make_link(pack))
    [serial] = serials(pack)

    do(RELEASE, {"ids": gids(serial), "reason": WHY, "status": "FREE"}, by=seller)

    assert making.held(order_id) == []
    assert making.held(waiting) == [serial.data]
    assert counts(order_id) == [(0, 1, 0, 0)]


def test_what_staff_granted_is_taken_back_without_a_trace_in_what_is_owed(
    seller: Any,
) -> None:
    pack, order_id = sold(1, extra=1)
    _, extra = serials(pack)
    do(
        ASSIGN,
        {"input": {"ids": gids(extra), "orderLine": line_of(order_id), "reason": WHY}},
        by=seller,
    )

    do(RELEASE, {"ids": gids(extra), "reason": WHY}, by=seller)

    assert counts(order_id) == [(0, 0, 1, 1)]


def test_serials_of_several_orders_and_a_gift_are_released_together(seller: Any) -> None:
    user = shop.make_user()
    pack, first_order = sold(1, extra=2)
    second_order = making.paid_order(making.make_link(pack))
    *_, gift = serials(pack)
    do(
        ASSIGN,
        {"input": {"ids": gids(gift), "customer": gid("User", user.pk), "reason": WHY}},
        by=seller,
    )

    do(RELEASE, {"ids": gids(*serials(pack)), "reason": WHY, "status": "FREE"}, by=seller)

    assert making.statuses(pack) == {"free": 3}
    assert counts(first_order) == counts(second_order) == [(0, 1, 0, 0)]
    gifts = Assignment.objects.filter(order=None)
    assert list(gifts.values_list("granted", "entitled", "held")) == [(0, 0, 0)]


def test_a_serial_that_stays_after_a_refund_can_be_taken_from_its_customer(seller: Any) -> None:
    user = shop.make_user()
    pack, order_id = sold(1, extra=0, user=user, status_on_refund="assigned")
    shop.refund(order_id)
    [kept] = serials(pack, status="assigned", assignment=None)

    do(RELEASE, {"ids": gids(kept), "reason": WHY, "status": "FREE"}, by=seller)

    assert making.statuses(pack) == {"free": 1}


@pytest.mark.parametrize(("status", "code"), [("USED", "INVALID"), ("DELETED", "INVALID")])
def test_a_serial_is_released_into_no_other_status(seller: Any, status: str, code: str) -> None:
    pack, _ = sold(1)
    variables = {"ids": gids(serials(pack)[0]), "reason": WHY, "status": status}

    errors = unchanged(lambda: refused(RELEASE, variables, by=seller))

    assert errors == [("status", code, None)]


def test_a_consumed_serial_is_not_released_but_can_be_revoked(seller: Any) -> None:
    pack, order_id = sold(1, is_consumable=True)
    [held] = serials(pack, assignment__isnull=False)
    pack.serials.filter(pk=held.pk).update(status="used", consumed_at=shop.now())

    errors = unchanged(lambda: refused(RELEASE, {"ids": gids(held), "reason": WHY}, by=seller))
    do(REVOKE, {"ids": gids(held), "reason": WHY}, by=seller)

    assert errors == [("ids", "WRONG_STATUS", 0)]
    assert counts(order_id) == [(0, 1, 0, 0)]


def test_a_revoked_serial_is_deleted_and_nobody_is_handed_it_again(seller: Any) -> None:
    user = shop.make_user()
    pack, order_id = sold(1, extra=0, user=user)
    [serial] = serials(pack)

    revoked = do(REVOKE, {"ids": gids(serial), "reason": WHY}, by=seller)

    assert revoked == {"serials": [{"data": serial.data, "status": "DELETED"}]}
    assert counts(order_id) == [(0, 1, 0, 0)]
    assert making.held(making.paid_order(making.make_link(pack), user=user)) == []
    assert last_event(serial) == ("revoked", "used", "deleted", f"user:{seller.pk}", WHY)


@pytest.mark.parametrize("mutation", [RELEASE, REVOKE])
def test_what_nobody_holds_cannot_be_taken(seller: Any, mutation: str) -> None:
    pack, _ = sold(1, extra=1)
    held, free = serials(pack)

    errors = unchanged(
        lambda: refused(mutation, {"ids": gids(held, free), "reason": WHY}, by=seller)
    )

    assert errors == [("ids", "WRONG_STATUS", 1)]


def test_a_serial_that_does_not_serve_is_replaced_by_another(seller: Any) -> None:
    pack, order_id = sold(1, extra=2)
    bad, good, _ = serials(pack)
    mail.outbox.clear()

    replaced = do(REPLACE, {"id": gid("Serial", bad.pk), "reason": WHY}, by=seller)

    assert replaced == {"serial": {"data": bad.data, "status": "DELETED"}, "shortfall": 0}
    assert making.held(order_id) == [good.data]
    assert counts(order_id) == [(0, 0, 1, 1)]
    assert last_event(bad) == ("replaced", "used", "deleted", f"user:{seller.pk}", WHY)
    [message] = mail.outbox
    assert good.data in message.body
    assert bad.data not in message.body


def test_a_serial_is_replaced_by_the_one_that_staff_name(seller: Any) -> None:
    pack, order_id = sold(1, extra=2)
    bad, _, chosen = serials(pack)
    [stranger] = making.make_serials(making.make_pack(), 1)
    variables = {"id": gid("Serial", bad.pk), "reason": WHY}

    errors = unchanged(
        lambda: refused(
            REPLACE, {**variables, "replacement": gid("Serial", stranger.pk)}, by=seller
        )
    )
    do(REPLACE, {**variables, "replacement": gid("Serial", chosen.pk)}, by=seller)

    assert errors == [("replacementId", "INVALID", None)]
    assert making.held(order_id) == [chosen.data]


def test_a_replacement_that_the_pack_has_not_follows(seller: Any) -> None:
    pack, order_id = sold(1, extra=0)
    [bad] = serials(pack)

    replaced = do(REPLACE, {"id": gid("Serial", bad.pk), "reason": WHY}, by=seller)

    assert replaced["shortfall"] == 1
    assert counts(order_id) == [(0, 0, 1, 0)]
    [fresh] = making.make_serials(pack, 1)
    making.settle(pack)
    assert making.held(order_id) == [fresh.data]


def test_a_gift_is_replaced_or_stays_as_it_is(seller: Any) -> None:
    user = shop.make_user()
    pack = making.make_pack()
    bad, good = making.make_serials(pack, 2)
    variables = {"ids": gids(bad), "customer": gid("User", user.pk), "reason": WHY}
    do(ASSIGN, {"input": variables}, by=seller)

    do(REPLACE, {"id": gid("Serial", bad.pk), "reason": WHY}, by=seller)
    errors = unchanged(
        lambda: refused(REPLACE, {"id": gid("Serial", good.pk), "reason": WHY}, by=seller)
    )

    assert errors == [("quantity", "NOT_ENOUGH", None)]
    assert [s.data for s in serials(pack, customer=f"user:{user.pk}", status="used")] == [good.data]


def test_what_is_on_no_line_cannot_be_replaced(seller: Any) -> None:
    [free] = making.make_serials(making.make_pack(), 1)

    errors = unchanged(
        lambda: refused(REPLACE, {"id": gid("Serial", free.pk), "reason": WHY}, by=seller)
    )

    assert errors == [("id", "WRONG_STATUS", None)]


# --- reserve, and undo it


def test_reserved_serials_go_to_their_customer_alone_and_first(seller: Any) -> None:
    ada = shop.make_user()
    pack = making.make_pack()
    first, second, last = making.make_serials(pack, 3)
    link = making.make_link(pack)

    reserved = do(
        RESERVE,
        {"input": {"ids": gids(last), "customer": gid("User", ada.pk), "reason": WHY}},
        by=seller,
    )

    assert reserved == {"serials": [{"data": last.data, "status": "RESERVED"}]}
    assert making.held(making.paid_order(link, user=shop.make_user())) == [first.data]
    assert making.held(making.paid_order(link, user=ada)) == [last.data]
    assert making.held(making.paid_order(link, user=ada)) == [second.data]
    reserved_event = Event.objects.get(serial=last, type="reserved")
    assert (reserved_event.from_status, reserved_event.to_status) == ("free", "reserved")
    assert (reserved_event.actor, reserved_event.reason) == (f"user:{seller.pk}", WHY)


def test_a_guest_who_has_an_address_only_can_be_reserved_for(seller: Any) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 2)
    variables = {"pack": gid("SerialPack", pack.pk), "quantity": 1, "reason": WHY}

    made = do(RESERVE, {"input": {**variables, "customerEmail": " Guest@Example.com "}}, by=seller)

    [reserved] = serials(pack, status="reserved")
    assert made["serials"] == [{"data": reserved.data, "status": "RESERVED"}]
    assert reserved.customer == "email:guest@example.com"


def test_an_address_that_has_an_account_means_the_account(seller: Any) -> None:
    user = shop.make_user(email="ada@example.com")
    [serial] = making.make_serials(making.make_pack(), 1)

    do(
        RESERVE,
        {"input": {"ids": gids(serial), "customerEmail": "ADA@example.com", "reason": WHY}},
        by=seller,
    )

    serial.refresh_from_db()
    assert serial.customer == f"user:{user.pk}"


def test_what_is_reserved_for_nobody_any_longer_serves_who_waits(seller: Any) -> None:
    pack = making.make_pack()
    [serial] = making.make_serials(pack, 1)
    of_ada = {"customer": gid("User", shop.make_user().pk), "reason": WHY}
    do(RESERVE, {"input": {"ids": gids(serial), **of_ada}}, by=seller)
    waiting = making.paid_order(making.make_link(pack))
    assert making.held(waiting) == []

    do(UNRESERVE, {"ids": gids(serial), "reason": WHY}, by=seller)

    assert making.held(waiting) == [serial.data]


def test_what_a_customer_gave_back_can_be_made_free_for_all(seller: Any) -> None:
    pack, _ = sold(1, extra=0, user=shop.make_user())
    [serial] = serials(pack)
    do(RELEASE, {"ids": gids(serial), "reason": WHY}, by=seller)

    freed = do(UNRESERVE, {"ids": gids(serial), "reason": WHY}, by=seller)

    assert freed == {"serials": [{"data": serial.data, "status": "FREE"}]}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"customer": None}, ("customer", "REQUIRED", None)),
        ({"customerEmail": "a@b.c"}, ("customerEmail", "INVALID", None)),
        ({"pack": gid("SerialPack", 1)}, ("pack", "INVALID", None)),
        ({"quantity": 2}, ("quantity", "INVALID", None)),
        ({"customer": None, "customerEmail": "nobody"}, ("customerEmail", "INVALID", None)),
        ({"customer": gid("User", 10**8)}, ("customer", "NOT_FOUND", None)),
        ({"ids": None}, ("ids", "REQUIRED", None)),
    ],
)
def test_a_reservation_for_nobody_is_refused(
    seller: Any, changed: dict[str, Any], error: tuple[Any, ...]
) -> None:
    [serial] = making.make_serials(making.make_pack(), 1)
    user = gid("User", shop.make_user().pk)
    variables = {"ids": gids(serial), "customer": user, "reason": WHY, **changed}

    assert unchanged(lambda: refused(RESERVE, {"input": variables}, by=seller)) == [error]


def test_more_than_a_pack_has_free_cannot_be_reserved(seller: Any) -> None:
    pack, _ = sold(1, extra=1)
    variables = {"pack": gid("SerialPack", pack.pk), "quantity": 2, "reason": WHY}

    errors = unchanged(
        lambda: refused(RESERVE, {"input": {**variables, "customerEmail": "a@b.c"}}, by=seller)
    )

    assert errors == [("quantity", "NOT_ENOUGH", None)]


@pytest.mark.parametrize(
    ("mutation", "extra"), [(RESERVE, {"customerEmail": "a@b.c"}), (UNRESERVE, {})]
)
def test_what_is_held_can_be_neither_reserved_nor_freed(
    seller: Any, mutation: str, extra: dict[str, Any]
) -> None:
    pack, _ = sold(1, extra=0)

    variables = {"ids": gids(*serials(pack)), "reason": WHY, **extra}
    if mutation == RESERVE:
        variables = {"input": variables}

    errors = unchanged(lambda: refused(mutation, variables, by=seller))

    assert errors == [("ids", "WRONG_STATUS", 0)]


# --- edit, and note


def test_extra_fields_and_expiry_are_edited_with_a_reason(seller: Any) -> None:
    [serial] = making.make_serials(making.make_pack(), 1)

    def edit(**values: Any) -> Any:
        given = {"id": gid("Serial", serial.pk), "input": {**values, "reason": WHY}}
        return do(UPDATE, given, by=seller)

    edit(extra='{"seat": "12A"}')
    edited = edit(expiresAt="2031-01-02T03:04:05+00:00")
    serial.refresh_from_db()
    assert serial.extra == {"seat": "12A"}
    assert edited["serial"]["expiresAt"] == "2031-01-02T03:04:05+00:00"
    assert last_event(serial) == ("edited", "free", "free", f"user:{seller.pk}", WHY)

    forever = edit(expiresAt=None)
    serial.refresh_from_db()
    assert forever["serial"]["expiresAt"] is None
    assert serial.extra == {"seat": "12A"}

    edit(extra=None)
    serial.refresh_from_db()
    assert serial.extra == {}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({}, ("extra", "REQUIRED", None)),
        ({"extra": "[1]"}, ("extra", "INVALID", None)),
        ({"extra": '{"a": "\\u0000"}'}, ("extra", "INVALID", None)),
        ({"extra": '{"a": "' + "x" * 65_536 + '"}'}, ("extra", "TOO_LONG", None)),
        ({"expiresAt": None, "reason": ""}, ("reason", "REQUIRED", None)),
        ({"expiresAt": None, "id": gid("Serial", 10**9)}, ("id", "NOT_FOUND", None)),
    ],
)
def test_an_edit_that_cannot_be_stored_is_refused(
    seller: Any, changed: dict[str, Any], error: tuple[Any, ...]
) -> None:
    [serial] = making.make_serials(making.make_pack(), 1)
    given = {"id": gid("Serial", serial.pk), "reason": WHY, **changed}
    variables = {"id": given.pop("id"), "input": given}

    assert unchanged(lambda: refused(UPDATE, variables, by=seller)) == [error]


def test_staff_and_outside_software_write_events_of_their_own(seller: Any) -> None:
    app = people.make_app("MANAGE_PRODUCTS", name="Workshop")
    [serial] = making.make_serials(making.make_pack(webservice_access=True), 1)
    made = {"title": "Made", "happenedAt": "2020-05-06T07:08:09+00:00"}
    inspected = {"title": "Inspected", "text": "No fault found"}

    do(NOTE, {"id": gid("Serial", serial.pk), "input": made}, by=app)
    noted = do(NOTE, {"id": gid("Serial", serial.pk), "input": inspected}, by=seller)

    events = nodes(noted["serial"]["events"])[1:]
    assert [(e["type"], e["title"], e["reason"], e["actor"]) for e in events] == [
        ("REPORTED", "Made", None, "Workshop"),
        ("REPORTED", "Inspected", "No fault found", seller.email),
    ]
    assert [e["happenedAt"] for e in events] == ["2020-05-06T07:08:09+00:00", None]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"title": " "}, ("title", "REQUIRED", None)),
        ({"title": "x" * 101}, ("title", "TOO_LONG", None)),
        ({"title": "a\0"}, ("title", "INVALID", None)),
        ({"text": "x" * 251}, ("text", "TOO_LONG", None)),
    ],
)
def test_an_event_that_cannot_be_stored_is_refused(
    seller: Any, changed: dict[str, Any], error: tuple[Any, ...]
) -> None:
    [serial] = making.make_serials(making.make_pack(), 1)
    variables = {"id": gid("Serial", serial.pk), "input": {"title": "Made", **changed}}

    assert unchanged(lambda: refused(NOTE, variables, by=seller)) == [error]


# --- who may


def calls() -> dict[str, tuple[str, dict[str, Any]]]:
    """Every mutation, each with input that would be accepted."""
    pack, order_id = sold(1, extra=1, webservice_access=False)
    held, free = serials(pack)
    return {
        "assign": (
            ASSIGN,
            {"input": {"ids": gids(free), "orderLine": line_of(order_id), "reason": WHY}},
        ),
        "release": (RELEASE, {"ids": gids(held), "reason": WHY}),
        "revoke": (REVOKE, {"ids": gids(held), "reason": WHY}),
        "replace": (REPLACE, {"id": gid("Serial", held.pk), "reason": WHY}),
        "reserve": (
            RESERVE,
            {"input": {"ids": gids(free), "customerEmail": "a@b.c", "reason": WHY}},
        ),
        "unreserve": (UNRESERVE, {"ids": gids(free), "reason": WHY}),
        "update": (
            UPDATE,
            {"id": gid("Serial", free.pk), "input": {"expiresAt": None, "reason": WHY}},
        ),
        "note": (NOTE, {"id": gid("Serial", free.pk), "input": {"title": "Made"}}),
    }


@pytest.mark.parametrize(
    ("call", "permission"),
    [
        ("assign", "MANAGE_PRODUCTS"),
        ("release", "MANAGE_PRODUCTS"),
        ("revoke", "MANAGE_PRODUCTS"),
        ("replace", "MANAGE_PRODUCTS"),
        ("reserve", "MANAGE_PRODUCTS"),
        ("unreserve", "MANAGE_PRODUCTS"),
        ("update", "MANAGE_ORDERS"),
        ("note", "MANAGE_ORDERS"),
    ],
)
def test_the_other_permission_opens_nothing(call: str, permission: str) -> None:
    mutation, variables = calls()[call]

    for asker in (people.make_staff(permission), shop.make_user(), None):
        assert unchanged(
            lambda asker=asker: is_denied(mutation, variables, by=asker)  # type: ignore[misc]
        )


@pytest.mark.parametrize("call", ["assign", "release", "revoke", "reserve"])
def test_an_app_does_not_find_serials_of_packs_without_webservice_access(call: str) -> None:
    mutation, variables = calls()[call]
    app = people.make_app("MANAGE_ORDERS", "MANAGE_PRODUCTS")

    errors = unchanged(lambda: refused(mutation, variables, by=app))

    assert errors == [("ids", "NOT_FOUND", 0)]


@pytest.mark.parametrize(
    "call", ["assign", "release", "revoke", "replace", "reserve", "unreserve", "update", "note"]
)
def test_a_vendor_takes_the_right_to_assign(call: str) -> None:
    mutation, variables = calls()[call]
    group = people.make_group()
    Pack.objects.update(vendor_group_id=group.pk)
    rights = VendorGroup.objects.create(group_id=group.pk, rights=["see"])
    vendor = people.make_vendor("MANAGE_ORDERS", "MANAGE_PRODUCTS", groups=[group])

    [(field, code, _)] = unchanged(lambda: refused(mutation, variables, by=vendor))
    rights.rights = ["assign"]
    rights.save()
    allowed = codes(mutation, variables, by=vendor)

    assert (field in ("id", "ids"), code) == (True, "NOT_ALLOWED")
    # A serial that is not reserved is found, and refused for that.
    assert allowed == (["WRONG_STATUS"] if call == "unreserve" else [])


def codes(mutation: str, variables: dict[str, Any], *, by: Any) -> list[str]:
    [payload] = post(mutation, variables, by=by)["data"].values()
    return [error["code"] for error in payload["errors"]]
