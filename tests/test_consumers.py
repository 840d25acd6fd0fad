"""What each built-in consumer does to the customer who consumes a serial."""

from typing import Any

import pytest
from django.utils import timezone

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.consumers import Consumed, consumer
from saleor_serials.host import host
from tests import making
from tests.hosts import shop


def consume(name: str, user: Any, **settings: Any) -> dict[str, Any]:
    """Have a consumer act; return what then stands in the customer's private metadata."""
    act = consumer(name, settings)
    act.consume(Consumed(serial_id=1, pack_slug="pack", user_id=user.pk, at=timezone.now()))
    user.refresh_from_db()
    metadata: dict[str, Any] = user.private_metadata
    return metadata


def user_with(**metadata: Any) -> Any:
    user = shop.make_user()
    user.private_metadata = metadata
    user.save()
    return user


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "vip"),
        ({"serials.groups": ""}, "vip"),
        ({"serials.groups": "press, old"}, "old, press, vip"),
        ({"serials.groups": " vip ,press"}, " vip ,press"),
    ],
)
def test_a_customer_joins_the_group_once_and_stays_in_all_others(
    before: dict[str, str], after: str
) -> None:
    user = user_with(**before, other="kept")

    consume("customer-group", user, group=" vip ")
    metadata = consume("customer-group", user, group="vip")

    assert metadata == {"other": "kept", "serials.groups": after}


def test_who_joined_a_group_is_served_from_its_packs() -> None:
    pack = making.make_pack(customer_groups=["vip"])
    making.make_serials(pack, 1)
    user = shop.make_user()
    consume("customer-group", user, group="vip")

    order_id = making.paid_order(making.make_link(pack), user=user)

    assert len(making.held(order_id)) == 1


@pytest.mark.parametrize("group", [" ", "a,b"])
def test_a_group_that_cannot_be_is_refused(group: str) -> None:
    with pytest.raises(InvalidInput, match="group: A group's name has 1 to 100 characters"):
        consumer("customer-group", {"group": group})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "10"),
        ({"serials.points": "32"}, "42"),
        ({"serials.points": 32}, "42"),
        ({"serials.points": "many"}, "10"),
        ({"serials.points": "-5"}, "10"),
    ],
)
def test_points_are_added_up(before: dict[str, Any], after: str) -> None:
    user = user_with(**before, other="kept")

    consume("points", user, points=4)
    metadata = consume("points", user, points=6)

    assert metadata == {"other": "kept", "serials.points": after}


def test_nobody_else_gets_what_is_added() -> None:
    other = user_with(mine="kept")

    consume("points", shop.make_user(), points=5)
    consume("customer-group", shop.make_user(), group="vip")

    other.refresh_from_db()
    assert other.private_metadata == {"mine": "kept"}
    assert host.customer_groups(other.pk) == frozenset()
