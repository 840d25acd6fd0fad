"""What each kind of requester sees of the serials of an order or a customer, as one table."""

import pytest

from saleor_serials.access.packs import EVERYTHING, PackAccess
from saleor_serials.access.visibility import HIDDEN, Visibility, visibility
from saleor_serials.host.shapes import Actor, OrderOwner
from saleor_serials.models import SerialStatus

SHOWN = frozenset({SerialStatus.USED})
LISTED = frozenset(SerialStatus) - {SerialStatus.DELETED}
ORDERS = frozenset({"MANAGE_ORDERS"})

# Packs 1 and 2 are a vendor's, or allow outside software.
SOME = PackAccess(packs=frozenset({1, 2}))
NO_PACK = PackAccess(packs=frozenset())

NOBODY = (Actor(), EVERYTHING)
BUYER = (Actor(user_id=1), EVERYTHING)
STRANGER = (Actor(user_id=2), EVERYTHING)
SELLER = (Actor(user_id=3, permissions=ORDERS), EVERYTHING)
MANAGER = (Actor(user_id=4, permissions=frozenset({"MANAGE_PRODUCTS"})), EVERYTHING)
VENDOR = (Actor(user_id=5, permissions=ORDERS), SOME)
SUPERUSER = (Actor(user_id=6, is_superuser=True, permissions=ORDERS), EVERYTHING)
APP = (Actor(app_id=1), SOME)
ORDERS_APP = (Actor(app_id=1, permissions=ORDERS), SOME)
SHUT_OUT_APP = (Actor(app_id=1, permissions=ORDERS), NO_PACK)

ACCOUNT = OrderOwner(user_id=1, token="right")
SELLERS = OrderOwner(user_id=3, token="right")
VENDORS = OrderOwner(user_id=5, token="right")
GUEST = OrderOwner(user_id=None, token="right")
WITHOUT_TOKEN = OrderOwner(user_id=None, token="")

AS_BUYER = Visibility(allowed=True, statuses=SHOWN)
ALL = Visibility(allowed=True, statuses=LISTED)
OF_SOME = Visibility(allowed=True, statuses=LISTED, packs=frozenset({1, 2}))
SHOWN_OF_SOME = Visibility(allowed=True, statuses=SHOWN, packs=frozenset({1, 2}))
OF_NO_PACK = Visibility(allowed=True, statuses=LISTED, packs=frozenset())

REQUESTERS = {
    "anonymous": NOBODY,
    "buyer": BUYER,
    "other customer": STRANGER,
    "orders staff": SELLER,
    "products staff": MANAGER,
    "vendor staff": VENDOR,
    "superuser": SUPERUSER,
    "app": APP,
    "orders app": ORDERS_APP,
    "orders app without a pack": SHUT_OUT_APP,
}
# What those who manage orders see of whatever is not their own.
STAFF = {
    "orders staff": ALL,
    "vendor staff": OF_SOME,
    "superuser": ALL,
    "orders app": OF_SOME,
    "orders app without a pack": OF_NO_PACK,
}
WITH_TOKEN = {
    "anonymous": AS_BUYER,
    "buyer": AS_BUYER,
    "other customer": AS_BUYER,
    "products staff": AS_BUYER,
    "app": SHOWN_OF_SOME,
    **STAFF,
}
WRONG_TOKENS = [None, "", "wrong", "right ", "righ", "RIGHT", "ü", "\ud800"]

# Whose order, with which token: what each requester sees; who is not named sees nothing.
TABLE = [
    *((ACCOUNT, token, {"buyer": AS_BUYER, **STAFF}) for token in (None, "", "right")),
    (SELLERS, None, STAFF),
    (VENDORS, None, {**STAFF, "vendor staff": AS_BUYER}),
    (GUEST, "right", WITH_TOKEN),
    *((GUEST, token, STAFF) for token in WRONG_TOKENS),
    *((WITHOUT_TOKEN, token, STAFF) for token in (None, "")),
    (None, "right", {}),
]


@pytest.mark.parametrize(("owner", "token", "seen"), TABLE)
@pytest.mark.parametrize("requester", REQUESTERS)
def test_each_requester_sees_of_an_order_what_the_table_says(
    requester: str, owner: OrderOwner | None, token: str | None, seen: dict[str, Visibility]
) -> None:
    actor, access = REQUESTERS[requester]

    found = visibility(actor, owner, token=token, shown=SHOWN, access=access)

    assert found == seen.get(requester, HIDDEN)


@pytest.mark.parametrize("requester", REQUESTERS)
def test_each_requester_sees_of_a_customer_what_they_see_of_an_account_s_order(
    requester: str,
) -> None:
    actor, access = REQUESTERS[requester]
    customer = OrderOwner(user_id=1, token="")

    found = visibility(actor, customer, shown=SHOWN, access=access)

    assert found == {"buyer": AS_BUYER, **STAFF}.get(requester, HIDDEN)


def test_a_shop_that_shows_no_status_still_lets_the_buyer_know_what_is_owed() -> None:
    actor, access = BUYER

    found = visibility(actor, ACCOUNT, shown=frozenset(), access=access)

    assert found == Visibility(allowed=True, statuses=frozenset())
