import pytest

from saleor_serials.access import permissions
from saleor_serials.host.shapes import Actor, OrderOwner
from saleor_serials.models import SerialStatus

BUYER, STRANGER, NOBODY = Actor(user_id=1), Actor(user_id=2), Actor()
APP = Actor(app_id=1)
ORDERS = Actor(user_id=3, permissions=frozenset({"MANAGE_ORDERS"}))
PRODUCTS = Actor(user_id=4, permissions=frozenset({"MANAGE_PRODUCTS"}))
EVERYBODY = [BUYER, STRANGER, NOBODY, APP, ORDERS, PRODUCTS]


def allowed(owner: OrderOwner | None, token: str | None = None) -> list[Actor]:
    return [each for each in EVERYBODY if permissions.may_see_order(each, owner, token=token)]


@pytest.mark.parametrize("token", [None, "", "right"])
def test_an_order_of_an_account_is_the_account_s_whatever_token_is_given(token: str | None) -> None:
    assert allowed(OrderOwner(user_id=1, token="right"), token) == [BUYER, ORDERS]


@pytest.mark.parametrize("token", [None, "", "wrong", "right ", "righ", "RIGHT", "ü"])
def test_a_guest_s_order_is_nobody_s_without_its_token(token: str | None) -> None:
    assert allowed(OrderOwner(user_id=None, token="right"), token) == [ORDERS]


def test_a_guest_s_order_is_for_all_who_have_its_token() -> None:
    assert allowed(OrderOwner(user_id=None, token="right"), "right") == EVERYBODY


@pytest.mark.parametrize("token", [None, ""])
def test_an_order_without_a_token_is_not_opened_by_an_empty_one(token: str | None) -> None:
    assert allowed(OrderOwner(user_id=None, token=""), token) == [ORDERS]


def test_an_order_that_is_not_there_is_nobody_s() -> None:
    assert allowed(None, "right") == []


def test_a_customer_s_serials_are_theirs() -> None:
    assert [each for each in EVERYBODY if permissions.may_see_user(each, 1)] == [BUYER, ORDERS]


def test_only_staff_see_more_than_the_shop_shows() -> None:
    shown = frozenset({SerialStatus.USED})

    def seen(actor: Actor, *, allowed: bool) -> frozenset[SerialStatus]:
        return permissions.statuses_seen(actor, allowed=allowed, shown=shown)

    assert seen(BUYER, allowed=True) == seen(PRODUCTS, allowed=True) == shown
    assert seen(ORDERS, allowed=True) == frozenset(SerialStatus) - {SerialStatus.DELETED}
    assert seen(BUYER, allowed=False) == seen(PRODUCTS, allowed=False) == frozenset()
