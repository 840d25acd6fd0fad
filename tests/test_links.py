"""Links have a beginning and an end; orders keep the terms they were bought under."""

from typing import Any

import pytest

from saleor_serials.errors import AlreadyExists, InvalidInput, NotFound, OutOfRange, Required
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Assignment, PackLink
from saleor_serials.packs import links
from tests import making
from tests.hosts import shop
from tests.making import held, shortfall


@pytest.fixture(params=["heard", "lost"])
def events(request: pytest.FixtureRequest) -> Any:
    """Whether the plugin hears of orders, or only a later sweep sees them."""
    if request.param == "heard":
        yield request.param
    else:
        with shop.nothing_heard():
            yield request.param


@pytest.mark.usefixtures("events")
def test_a_link_that_was_edited_added_or_removed_later_changes_no_old_order() -> None:
    pack, other = making.make_pack(), making.make_pack()
    making.make_serials(pack, 20)
    making.make_serials(other, 20)
    edited, removed = making.make_link(pack, quantity=2), making.make_link(pack, quantity=2)
    added_to = shop.make_variant()
    orders = [
        shop.place_order([(variant, 1)]) for variant in (edited.variant, removed.variant, added_to)
    ]

    links.update(edited.pk, quantity=5)
    links.remove(removed.pk)
    making.make_link(other, variant=added_to)
    later = [
        shop.place_order([(variant, 1)]) for variant in (edited.variant, removed.variant, added_to)
    ]
    for order_id in (*orders, *later):
        shop.pay(order_id)
    sweep()

    assert [len(held(order_id)) for order_id in orders] == [2, 2, 0]
    assert [len(held(order_id)) for order_id in later] == [5, 0, 1]
    assert [shortfall(order_id) for order_id in (*orders, *later)] == [0] * 6


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("whole_product", [False, True])
def test_a_variant_deleted_after_the_purchase_changes_no_old_order(whole_product: bool) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 20)
    variant = shop.make_variant()
    links.create(pack=pack, product_id=variant.product_id, quantity=3)
    paid = shop.place_order([(variant, 1)])
    shop.pay(paid)
    placed = shop.place_order([(variant, 2)])

    if whole_product:
        shop.delete_product(variant.product)
    else:
        shop.delete_variant(variant)
    shop.pay(placed)
    sweep()

    assert [len(held(order_id)) for order_id in (paid, placed)] == [3, 6]


def test_a_variant_that_moves_to_another_product_changes_no_old_order() -> None:
    pack, other = making.make_pack(), making.make_pack()
    making.make_serials(pack, 20)
    making.make_serials(other, 20)
    variant, sibling = shop.make_variant(), shop.make_variant()
    links.create(pack=pack, product_id=variant.product_id, quantity=1)
    links.create(pack=other, product_id=sibling.product_id, quantity=1)
    order_id = shop.place_order([(variant, 1)])

    variant.product = sibling.product
    variant.save()
    shop.pay(order_id)
    sweep()

    assert [a.pack_id for a in Assignment.objects.all()] == [pack.pk]
    assert len(held(order_id)) == 1


def test_editing_keeps_the_links_id_and_leaves_a_closed_copy() -> None:
    link = making.make_link(making.make_pack(), quantity=2)

    links.update(link.pk, quantity=3)

    live, closed = PackLink.objects.get(until=None), PackLink.objects.get(until__isnull=False)
    assert (live.pk, live.quantity) == (link.pk, 3)
    assert (closed.quantity, closed.since, closed.until) == (2, link.since, live.since)


def test_a_removed_link_can_be_made_again() -> None:
    link = making.make_link(making.make_pack())
    links.remove(link.pk)

    again = making.make_link(link.pack, variant=link.variant)

    assert PackLink.objects.filter(until=None).get() == again


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"quantity": 0}, OutOfRange, "quantity"),
        ({"quantity": -1}, OutOfRange, "quantity"),
        ({"quantity": 10_001}, OutOfRange, "quantity"),
        ({"variant_id": None}, Required, "variant"),
        ({"product_id": 1}, Required, "variant"),
        ({}, AlreadyExists, "pack"),
    ],
)
def test_a_link_that_cannot_be_made_is_refused_and_nothing_changes(
    change: dict[str, Any], error: type[InvalidInput], field: str
) -> None:
    link = making.make_link(making.make_pack())
    before = list(PackLink.objects.values())

    with pytest.raises(error) as refused:
        links.create(**{"pack": link.pack, "variant_id": link.variant_id, "quantity": 1, **change})

    assert refused.value.field == field
    assert list(PackLink.objects.values()) == before


def test_a_link_that_is_not_there_cannot_be_changed_or_removed() -> None:
    link = making.make_link(making.make_pack())
    links.remove(link.pk)

    for change in (lambda: links.update(link.pk, quantity=2), lambda: links.remove(link.pk)):
        with pytest.raises(NotFound):
            change()
    with pytest.raises(OutOfRange):
        links.update(link.pk, quantity=0)


@pytest.mark.parametrize("leaving", ["variant", "product"])
def test_a_deleted_target_ends_its_links(leaving: str) -> None:
    pack = making.make_pack()
    variant = shop.make_variant()
    links.create(pack=pack, variant_id=variant.pk, quantity=1)
    links.create(pack=pack, product_id=variant.product_id, quantity=1)

    if leaving == "variant":
        shop.delete_variant(variant)
    else:
        shop.delete_product(variant.product)

    open_links = PackLink.objects.filter(until=None)
    assert open_links.count() == (1 if leaving == "variant" else 0)
    assert PackLink.objects.count() == 2
