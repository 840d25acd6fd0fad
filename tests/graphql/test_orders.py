"""Who sees the serials of orders, order lines and customers, and what of them."""

from collections.abc import Callable
from typing import Any

import pytest

from saleor_serials.config import PLUGIN_ID
from saleor_serials.models import Assignment, OrderRecord, Serial, SerialStatus
from tests import making
from tests.graphql.api import ask, complaints, gid, nodes, people, post, post_all
from tests.hosts import shop

BY_TOKEN = """query ($door: UUID!, $token: String) {
  orderByToken(token: $door) {
    serials(first: 10, token: $token) { totalCount edges { node { data } } }
    lines {
      serialShortfall(token: $token)
      serials(first: 10, token: $token) { totalCount edges { node { data } } }
    }
  }
}"""


def seen(order_id: str, *, by: Any = None, token: str | None = None) -> Any:
    """What somebody sees of an order: its serials, each line's, each line's shortfall."""
    variables = {"door": people.order_token(order_id), "token": token}
    order = ask(BY_TOKEN, variables, by=by)["orderByToken"]
    lists = [order["serials"], *(line["serials"] for line in order["lines"])]
    for each in lists:
        assert each["totalCount"] == len(each["edges"])
    of_order, *of_lines = [[node["data"] for node in nodes(each)] for each in lists]
    return of_order, of_lines, [line["serialShortfall"] for line in order["lines"]]


NOTHING: Any = ([], [[]], [None])


def short_order(**values: Any) -> str:
    """An order of one line that is owed three serials and holds two."""
    pack = making.make_pack(webservice_access=True)
    making.make_serials(pack, 2)
    return making.paid_order(making.make_link(pack, quantity=3), **values)


def everything(order_id: str) -> Any:
    return making.held(order_id), [making.held(order_id)], [1]


def test_the_buyer_sees_the_serials_of_their_order() -> None:
    buyer = shop.make_user()
    order_id = short_order(user=buyer)

    assert seen(order_id, by=buyer) == everything(order_id)
    assert len(making.held(order_id)) == 2


def test_a_guest_sees_the_serials_of_the_order_whose_token_they_have() -> None:
    order_id = short_order()

    assert seen(order_id, token=people.order_token(order_id)) == everything(order_id)


@pytest.mark.parametrize("make", [people.make_staff, people.make_app])
@pytest.mark.parametrize("guest", [True, False])
def test_who_manages_orders_sees_the_serials_of_every_order(
    make: Callable[..., Any], guest: bool
) -> None:
    order_id = short_order(user=None if guest else shop.make_user())

    assert seen(order_id, by=make("MANAGE_ORDERS")) == everything(order_id)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: None, id="nobody"),
        pytest.param(lambda: shop.make_user(), id="another customer"),
        pytest.param(lambda: people.make_staff(), id="staff without permission"),
        pytest.param(lambda: people.make_staff("MANAGE_PRODUCTS"), id="staff of products"),
        pytest.param(lambda: people.make_staff("MANAGE_USERS"), id="staff of users"),
        pytest.param(lambda: people.make_app(), id="app without permission"),
        pytest.param(lambda: people.make_app("MANAGE_PRODUCTS"), id="app of products"),
    ],
)
@pytest.mark.parametrize("guest", [True, False])
def test_everybody_else_sees_an_order_without_serials(make: Callable[[], Any], guest: bool) -> None:
    asker = make()
    order_id = short_order(user=None if guest else shop.make_user())
    without = making.placed_order(making.make_link(making.make_pack()))

    assert seen(order_id, by=asker) == NOTHING
    assert seen(without, by=asker) == NOTHING


def test_a_wrong_token_shows_nothing() -> None:
    order_id, another = short_order(), short_order()
    token = people.order_token(order_id)

    wrong_tokens = ["", "x", token[:-1], f"{token} ", token.upper(), "ü", gid("Order", order_id)]
    for wrong in wrong_tokens + people.UNENCODABLE:
        assert seen(order_id, token=wrong) == NOTHING
    assert seen(order_id, token=people.order_token(another)) == NOTHING


def test_the_token_of_an_account_s_order_shows_nothing() -> None:
    order_id = short_order(user=shop.make_user())

    assert seen(order_id, token=people.order_token(order_id)) == NOTHING


def test_a_line_that_is_owed_nothing_has_no_shortfall() -> None:
    buyer = shop.make_user()
    order_id = shop.place_order([(shop.make_variant(), 1)], user=buyer)

    assert seen(order_id, by=buyer) == ([], [[]], [0])


def test_shortfalls_of_several_packs_add_up() -> None:
    variant = shop.make_variant()
    packs = [making.make_pack() for _ in range(2)]
    links = [making.make_link(pack, variant=variant, quantity=2) for pack in packs]
    making.make_serials(packs[0], 1)
    buyer = shop.make_user()

    order_id = making.paid_order(links[0], user=buyer)

    assert seen(order_id, by=buyer)[2] == [3]


def test_each_line_shows_its_own_serials() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    links = [making.make_link(pack), making.make_link(pack, quantity=2)]
    buyer = shop.make_user()

    order_id = shop.place_order([(link.variant, 1) for link in links], user=buyer)
    shop.pay(order_id)

    of_order, of_lines, shortfalls = seen(order_id, by=buyer)
    assert of_order == making.held(order_id)
    assert sorted(len(line) for line in of_lines) == [1, 2]
    assert sorted(data for line in of_lines for data in line) == sorted(of_order)
    assert shortfalls == [0, 0]


def configure(**values: Any) -> None:
    """Change the plugin's settings as the Dashboard does."""
    active = values.pop("active", True)
    ask(
        """mutation ($id: ID!, $input: PluginUpdateInput!) {
          pluginUpdate(id: $id, input: $input) { pluginsErrors { message } }
        }""",
        {
            "id": PLUGIN_ID,
            "input": {
                "active": active,
                "configuration": [{"name": name, "value": value} for name, value in values.items()],
            },
        },
        by=people.make_staff("MANAGE_PLUGINS"),
    )


def test_customers_see_serials_in_the_statuses_that_the_shop_shows() -> None:
    buyer = shop.make_user()
    order_id = short_order(user=buyer)
    configure(shown_statuses="assigned")

    assert seen(order_id, by=buyer) == ([], [[]], [1])
    assert seen(order_id, by=people.make_staff("MANAGE_ORDERS")) == everything(order_id)


def test_customers_see_what_they_hold_while_the_plugin_is_switched_off() -> None:
    buyer = shop.make_user()
    order_id = short_order(user=buyer)
    configure(active=False)

    assert seen(order_id, by=buyer) == everything(order_id)


def test_what_was_released_is_no_longer_seen() -> None:
    buyer = shop.make_user()
    order_id = short_order(user=buyer)

    shop.refund(order_id)

    assert seen(order_id, by=buyer) == ([], [[]], [0])
    assert serials_of(buyer, by=buyer) == []


FIELDS = """
  id data status createdAt assignedAt expiresAt deliveredAt consumedAt
  pack { name } batch { name } assignment { entitled } events(first: 9) { edges { node { type } } }
"""


def node_of(order_id: str, *, by: Any, token: str | None = None) -> Any:
    query = """query ($door: UUID!, $token: String) {
      orderByToken(token: $door) { serials(first: 1, token: $token) { edges { node { %s } } } }
    }"""
    variables = {"door": people.order_token(order_id), "token": token}
    [node] = nodes(ask(query % FIELDS, variables, by=by)["orderByToken"]["serials"])
    return node


BACKGROUND = {"deliveredAt", "consumedAt", "pack", "batch", "assignment", "events"}


@pytest.mark.parametrize("guest", [True, False])
def test_customers_see_of_a_serial_what_is_theirs_and_nothing_of_its_background(
    guest: bool,
) -> None:
    buyer = None if guest else shop.make_user()
    order_id = short_order(user=buyer)

    node = node_of(order_id, by=buyer, token=people.order_token(order_id))

    serial = Serial.objects.get(data=making.held(order_id)[0])
    assert serial.delivered_at is not None
    assert {name for name, value in node.items() if value is None} == BACKGROUND | {"expiresAt"}
    assert (node["id"], node["data"], node["status"]) == (
        gid("Serial", serial.pk),
        serial.data,
        "USED",
    )
    assert node["createdAt"] == serial.created_at.isoformat()
    assert node["assignedAt"] == serial.assigned_at.isoformat()


def test_a_buyer_who_manages_products_sees_the_background_but_not_the_holder() -> None:
    buyer = people.make_staff("MANAGE_PRODUCTS")

    node = node_of(short_order(user=buyer), by=buyer)

    assert node["assignment"] is None
    assert node["pack"]
    assert node["batch"]
    assert [event["type"] for event in nodes(node["events"])] == [
        "CREATED",
        "ASSIGNED",
        "DELIVERED",
    ]


def test_who_manages_orders_sees_all_of_a_serial() -> None:
    order_id = short_order()

    node = node_of(order_id, by=people.make_staff("MANAGE_ORDERS"))

    assert {name for name, value in node.items() if value is None} == {"expiresAt", "consumedAt"}
    assert node["assignment"] == {"entitled": 3}


def test_an_assignment_tells_what_the_line_is_owed_and_holds() -> None:
    order_id = short_order()
    assignment = Assignment.objects.get()
    query = """query ($order: ID!) {
      order(id: $order) { serials(first: 1) { edges { node { assignment {
        id orderId orderNumber orderLineId pack { slug } entitled held shortfall entitledSince
      } } } } }
    }"""

    order = ask(query, {"order": gid("Order", order_id)}, by=people.make_staff("MANAGE_ORDERS"))

    [node] = nodes(order["order"]["serials"])
    assert node["assignment"] == {
        "id": gid("SerialAssignment", assignment.pk),
        "orderId": gid("Order", order_id),
        "orderNumber": shop.number(order_id),
        "orderLineId": gid("OrderLine", shop.line_ids(order_id)[0]),
        "pack": {"slug": assignment.pack.slug},
        "entitled": 3,
        "held": 2,
        "shortfall": 1,
        "entitledSince": assignment.entitled_since.isoformat(),
    }


MINE = "{ me { serials(first: 10) { totalCount edges { node { data } } } } }"
OF_CUSTOMER = """query ($id: ID!) {
  user(id: $id) { serials(first: 10) { totalCount edges { node { data } } } }
}"""


def serials_of(user: Any, *, by: Any) -> list[str]:
    """The data of a customer's serials, as somebody sees them who can see the customer."""
    if by == user:
        connection = ask(MINE, by=by)["me"]["serials"]
    else:
        connection = ask(OF_CUSTOMER, {"id": gid("User", user.pk)}, by=by)["user"]["serials"]
    assert connection["totalCount"] == len(connection["edges"])
    return [node["data"] for node in nodes(connection)]


def test_customers_list_all_their_serials_and_nobody_else_s() -> None:
    buyer = shop.make_user()
    orders = [short_order(user=buyer), short_order(user=buyer)]
    short_order(user=shop.make_user())
    short_order()

    assert serials_of(buyer, by=buyer) == making.held(orders[0]) + making.held(orders[1])


def test_who_sees_a_customer_sees_their_serials_only_by_managing_orders() -> None:
    buyer = shop.make_user()
    order_id = short_order(user=buyer)
    permissions = ("MANAGE_USERS", "MANAGE_STAFF")

    assert serials_of(buyer, by=people.make_staff(*permissions, "MANAGE_PRODUCTS")) == []
    assert serials_of(buyer, by=people.make_staff(*permissions, "MANAGE_ORDERS")) == making.held(
        order_id
    )


def test_a_guest_s_order_shows_in_the_account_that_claims_it_before_any_sweep() -> None:
    buyer = shop.make_user(email="guest@example.com")
    bought = short_order(user=buyer)
    order_id = short_order(email="guest@example.com")
    before = serials_of(buyer, by=buyer)

    shop.claim_guest_orders(buyer)

    assert OrderRecord.objects.get(order_id=order_id).customer == "email:guest@example.com"
    assert before == making.held(bought)
    assert serials_of(buyer, by=buyer) == making.held(bought) + making.held(order_id)
    assert seen(order_id, by=buyer) == everything(order_id)
    assert seen(order_id, token=people.order_token(order_id)) == NOTHING


def test_a_serial_that_stays_after_a_refund_is_still_the_customer_s() -> None:
    buyer = shop.make_user()
    pack = making.make_pack(is_consumable=True, status_on_refund=SerialStatus.ASSIGNED)
    [serial] = making.make_serials(pack, 1)
    order_id = making.paid_order(making.make_link(pack), user=buyer)

    shop.refund(order_id)

    assert serials_of(buyer, by=buyer) == [serial.data]
    assert seen(order_id, by=buyer) == ([], [[]], [0])


def test_serials_are_read_page_by_page_forward_and_backward() -> None:
    buyer = shop.make_user()
    pack = making.make_pack()
    making.make_serials(pack, 5)
    order_id = making.paid_order(making.make_link(pack, quantity=5), user=buyer)
    held = making.held(order_id)
    query = """query ($first: Int, $after: String, $last: Int, $before: String) {
      me {
        serials(first: $first, after: $after, last: $last, before: $before) { ...page }
        orders(first: 1) { edges { node {
          serials(first: $first, after: $after, last: $last, before: $before) { ...page }
          lines {
            serials(first: $first, after: $after, last: $last, before: $before) { ...page }
          }
        } } }
      }
    }
    fragment page on SerialCountableConnection {
      edges { node { data } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }"""

    def page(**arguments: Any) -> tuple[list[str], bool, bool, str, str]:
        me = ask(query, arguments, by=buyer)["me"]
        [order] = nodes(me["orders"])
        [line] = order["lines"]
        assert me["serials"] == order["serials"] == line["serials"]
        info = order["serials"]["pageInfo"]
        return (
            [node["data"] for node in nodes(order["serials"])],
            info["hasPreviousPage"],
            info["hasNextPage"],
            info["startCursor"],
            info["endCursor"],
        )

    first, *flags, _, end = page(first=2)
    assert (first, flags) == (held[:2], [False, True])
    second, *flags, _, end = page(first=2, after=end)
    assert (second, flags) == (held[2:4], [True, True])
    third, *flags, start, _ = page(first=2, after=end)
    assert (third, flags) == (held[4:], [True, False])
    back, *flags, start, _ = page(last=2, before=start)
    assert (back, flags) == (held[2:4], [True, True])
    first, *flags, start, _ = page(last=2, before=start)
    assert (first, flags) == (held[:2], [False, True])
    last, *flags, _, _ = page(last=3)
    assert (last, flags) == (held[2:], [True, False])
    none, *rest = page(last=2, before=start)
    assert (none, rest) == ([], [False, True, None, None])


def test_a_list_without_a_length_is_refused_and_the_order_is_still_read() -> None:
    order_id = short_order()
    query = """query ($door: UUID!, $token: String) {
      orderByToken(token: $door) { number serials(token: $token) { %s } }
    }"""
    variables = {"door": people.order_token(order_id), "token": people.order_token(order_id)}

    answer = post(query % "edges { node { data } }", variables)
    count = ask(query % "totalCount", variables)

    assert answer["data"]["orderByToken"] == {"number": shop.number(order_id), "serials": None}
    assert [error["message"] for error in answer["errors"]] == [
        "You must provide a `first` or `last` value to properly paginate the `serials` connection."
    ]
    assert count["orderByToken"]["serials"] == {"totalCount": 2}


def test_a_login_in_the_same_request_opens_what_the_customer_may_see() -> None:
    buyer = shop.make_user(email="buyer@example.com")
    order_id = short_order(user=buyer)
    query = """mutation {
      tokenCreate(email: "buyer@example.com", password: "%s") {
        user { serials(first: 5) { edges { node { data } } } }
      }
    }"""

    right = ask(query % "password")["tokenCreate"]["user"]
    wrong = ask(query % "wrong")["tokenCreate"]["user"]

    assert [node["data"] for node in nodes(right["serials"])] == making.held(order_id)
    assert wrong is None


def test_a_broken_login_shows_nothing() -> None:
    buyer = shop.make_user()
    order_id = short_order(user=buyer)
    buyer.is_active = False
    buyer.save()
    variables = {"door": people.order_token(order_id)}

    answer = post(BY_TOKEN, variables, by=buyer)

    assert making.held(order_id)[0] not in str(answer)
    assert complaints(MINE, by=buyer)


@pytest.mark.skipif(not people.ONE_CONTEXT_PER_BATCH, reason="each request has its own context")
def test_what_was_read_without_rights_does_not_hide_what_is_read_with_them() -> None:
    """2.10.1 answers all requests of one batch in one context, loaders included."""
    order_id = short_order(user=shop.make_user(email="buyer@example.com"))
    look = """query ($door: UUID!) {
      orderByToken(token: $door) { serials(first: 5) { edges { node { data pack { name } } } } }
    }"""
    login = 'mutation { tokenCreate(email: "buyer@example.com", password: "password") { token } }'
    variables = {"door": people.order_token(order_id)}

    before, _, after = post_all((look, variables), (login, {}), (look, variables))

    assert nodes(before["data"]["orderByToken"]["serials"]) == []
    assert nodes(after["data"]["orderByToken"]["serials"]) == [
        {"data": data, "pack": None} for data in making.held(order_id)
    ]


NOTES = """query ($id: UUID!) {
  orderByToken(token: $id) { number
    serialEvents(first: 9) { edges { node { type reason orderNumber } } }
  }
}"""


def test_staff_read_in_the_orders_history_what_no_line_tells() -> None:
    order_id = short_order()
    shop.refund(order_id, amount=1)
    seller = people.make_staff("manage_orders")

    found = ask(NOTES, {"id": people.order_token(order_id)}, by=seller)["orderByToken"]
    [note] = nodes(found["serialEvents"])

    assert (note["type"], note["orderNumber"]) == ("PARTLY_REFUNDED", shop.number(order_id))
    assert note["reason"].startswith("1.00 USD refunded in all")


def test_nobody_else_reads_the_orders_history() -> None:
    buyer = shop.make_user()
    order_id = short_order(user=buyer)
    shop.refund(order_id, amount=1)

    for reader in (buyer, people.make_staff("manage_products"), None):
        answer = post(NOTES, {"id": people.order_token(order_id)}, by=reader)
        assert answer["data"]["orderByToken"]["serialEvents"] is None
