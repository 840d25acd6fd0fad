"""What follows the number of serials left: Saleor's stock, and the notice to staff."""

import re
from collections import Counter
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

from saleor_serials import tasks
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Assignment, Pack, PackLink, Serial
from saleor_serials.packs import lifecycle, links, low_stock, stock_sync
from tests import making
from tests.database import empty_tables
from tests.graphql import metadata
from tests.graphql.api import ask, do, gid, people
from tests.hosts import shop
from tests.making import held, shortfall


def link_stock() -> None:
    """Switch the link on; the warehouse is the first that a variant is put into."""
    shop.set_plugin(stock_link="true", stock_warehouse="main")


def make_variant(product: Any = None) -> Any:
    return shop.make_variant(product, is_tracked=True)


@pytest.fixture
def variant() -> Any:
    """A variant whose inventory is tracked, in a shop whose stock follows the serials."""
    variant = make_variant()
    shop.stock(variant, 0)
    link_stock()
    return variant


def make_link(variant: Any, *, serials: int, quantity: int = 1, **values: Any) -> PackLink:
    """Link a variant to a new pack with so many serials, and have its stock follow."""
    pack = making.make_pack(**values)
    if serials:
        making.make_serials(pack, serials)
    link = making.make_link(pack, variant=variant, quantity=quantity)
    tasks.request_stock(pack.pk)
    return link


def test_the_stock_is_what_the_pack_has_left_per_unit(variant: Any) -> None:
    make_link(variant, serials=7, quantity=2)

    assert shop.stock_of(variant) == [(3, 0)]


def test_a_variant_without_stock_in_the_warehouse_gets_it(variant: Any) -> None:
    other = make_variant()

    make_link(other, serials=4)

    assert shop.stock_of(other) == [(4, 0)]
    assert shop.stock_of(variant) == [(0, 0)]


def test_the_stock_of_another_warehouse_is_left_alone(variant: Any) -> None:
    shop.stock(variant, 9, warehouse="Other")

    make_link(variant, serials=4)

    assert shop.stock_of(variant) == [(4, 0), (9, 0)]


def test_a_sale_counts_as_allocated_until_it_is_fulfilled(variant: Any) -> None:
    link = make_link(variant, serials=5)

    unpaid = making.placed_order(link, units=2)
    before = shop.stock_of(variant)
    shop.pay(unpaid)
    served = shop.stock_of(variant)
    shop.fulfill_as_staff(*shop.line_ids(unpaid), 2)
    after_saleor = shop.stock_of(variant)
    sweep()

    assert (before, served, after_saleor) == ([(5, 2)], [(5, 2)], [(3, 0)])
    assert shop.stock_of(variant) == [(3, 0)]


def test_an_automatic_fulfilment_leaves_what_the_pack_has_left(variant: Any) -> None:
    shop.set_plugin(automatic_fulfillment="true")
    link = make_link(variant, serials=5)

    order_id = making.paid_order(link, units=2)

    assert shop.fulfilled(order_id) == dict.fromkeys(shop.line_ids(order_id), 2)
    assert shop.stock_of(variant) == [(3, 0)]
    assert stock_sync.sync_all() is None
    assert shop.stock_of(variant) == [(3, 0)]


def test_a_sale_that_is_not_tracked_lowers_the_stock_at_once(variant: Any) -> None:
    link = make_link(variant, serials=5)
    other = making.make_link(link.pack, quantity=2)

    making.paid_order(other)

    assert shop.stock_of(variant) == [(3, 0)]


def test_of_two_variants_that_share_a_pack_each_offers_what_is_left(variant: Any) -> None:
    link = make_link(variant, serials=6)
    other = making.make_link(link.pack, variant=make_variant(), quantity=2)
    tasks.request_stock(link.pack_id)
    before = shop.stock_of(other.variant)

    making.paid_order(link, units=2)

    assert before == [(3, 0)]
    assert shop.stock_of(variant) == [(6, 2)]
    assert shop.stock_of(other.variant) == [(2, 0)]


def test_what_two_variants_oversell_is_a_shortfall_and_offers_nothing(variant: Any) -> None:
    link = make_link(variant, serials=3)
    other = making.make_link(link.pack, variant=make_variant())
    tasks.request_stock(link.pack_id)
    first = making.placed_order(link, units=3)
    second = making.placed_order(other, units=3)

    shop.pay(first)
    shop.pay(second)

    assert (shortfall(first), shortfall(second)) == (0, 3)
    assert shop.stock_of(variant) == [(3, 3)]
    assert shop.stock_of(other.variant) == [(0, 3)]


def test_of_several_packs_the_smallest_counts(variant: Any) -> None:
    make_link(variant, serials=10)
    scarce = make_link(variant, serials=7, quantity=2)

    before = shop.stock_of(variant)
    order_id = making.paid_order(scarce, units=1)

    assert before == [(3, 0)]
    assert len(held(order_id)) == 3
    assert shop.stock_of(variant) == [(3, 1)]


def test_a_line_that_lacks_of_one_pack_has_not_been_served(variant: Any) -> None:
    make_link(variant, serials=10)
    scarce = make_link(variant, serials=2)
    order_id = making.placed_order(scarce, units=2)
    scarce.pack.serials.filter(pk__in=scarce.pack.serials.values("pk")[:1]).update(status="deleted")

    shop.pay(order_id)

    assert shortfall(order_id) == 1
    assert shop.stock_of(variant) == [(1, 2)]


def test_a_link_of_the_product_limits_every_variant_but_those_with_their_own() -> None:
    product = shop.make_product()
    first, second = make_variant(product), make_variant(product)
    shop.stock(first, 0)
    link_stock()
    pack = making.make_pack()
    making.make_serials(pack, 6)
    links.create(pack=pack, product_id=product.pk, quantity=1)

    links.create(pack=pack, variant_id=second.pk, quantity=3)
    tasks.request_stock(pack.pk)

    assert shop.stock_of(first) == [(6, 0)]
    assert shop.stock_of(second) == [(2, 0)]


def test_a_generator_and_unlimited_packs_set_no_limit(variant: Any) -> None:
    shop.edit_stock(variant, 50)
    pack = make_link(variant, serials=3, is_unlimited=True).pack
    made = making.make_link(making.make_pack(), variant=variant)
    Pack.objects.filter(pk=made.pack_id).update(generator="some")

    tasks.request_stock(pack.pk)
    sweep()

    assert shop.stock_of(variant) == [(50, 0)]


def test_a_pack_that_becomes_unlimited_leaves_the_limit_to_the_others(variant: Any) -> None:
    make_link(variant, serials=8)
    scarce = make_link(variant, serials=2)
    before = shop.stock_of(variant)

    lifecycle.update(scarce.pack_id, is_unlimited=True)
    tasks.request_stock(scarce.pack_id)

    assert (before, shop.stock_of(variant)) == ([(2, 0)], [(8, 0)])


def test_a_link_that_ends_leaves_the_limit_to_the_others(variant: Any) -> None:
    make_link(variant, serials=8)
    scarce = make_link(variant, serials=2)

    links.remove(scarce.pk)
    tasks.request_stock(scarce.pack_id)

    assert shop.stock_of(variant) == [(8, 0)]


def test_the_last_link_that_ends_leaves_the_stock_as_it_is(variant: Any) -> None:
    link = make_link(variant, serials=8)
    links.remove(link.pk)
    shop.edit_stock(variant, 11)

    tasks.request_stock(link.pack_id)
    sweep()

    assert shop.stock_of(variant) == [(11, 0)]


def test_another_quantity_per_unit_changes_the_stock(variant: Any) -> None:
    link = make_link(variant, serials=8)

    links.update(link.pk, quantity=3)
    tasks.request_stock(link.pack_id)

    assert shop.stock_of(variant) == [(2, 0)]


def test_links_and_packs_that_staff_change_are_followed_at_once(variant: Any) -> None:
    staff = people.make_staff("manage_products")
    pack = making.make_pack()
    making.make_serials(pack, 6)
    pack_id, seen = gid("SerialPack", pack.pk), []

    def change(mutation: str, **variables: Any) -> Any:
        made = do(mutation, variables, by=staff)
        seen.extend(shop.stock_of(variant))
        return made

    link = change(
        """mutation ($pack: ID!, $variant: ID!) {
          serialPackLinkCreate(input: {pack: $pack, variant: $variant}) {
            serialPackLink { id } errors { message }
          }
        }""",
        pack=pack_id,
        variant=gid("ProductVariant", variant.pk),
    )["serialPackLink"]["id"]
    change(
        """mutation ($id: ID!) {
          serialPackLinkUpdate(id: $id, quantity: 3) { errors { message } }
        }""",
        id=link,
    )
    change(
        """mutation ($pack: ID!) {
          serialsCreate(input: {pack: $pack, data: ["A", "B", "C"]}) { errors { message } }
        }""",
        pack=pack_id,
    )
    shop.edit_stock(variant, 50)
    change(
        """mutation ($pack: ID!) {
          serialPackUpdate(id: $pack, input: {isUnlimited: true}) { errors { message } }
        }""",
        pack=pack_id,
    )
    change(
        """mutation ($pack: ID!) {
          serialPackUpdate(id: $pack, input: {isUnlimited: false}) { errors { message } }
        }""",
        pack=pack_id,
    )

    assert seen == [(6, 0), (2, 0), (3, 0), (50, 0), (3, 0)]


def test_a_link_that_the_metadata_asks_for_is_followed_at_once(variant: Any) -> None:
    staff = people.make_staff("manage_products")
    pack = making.make_pack()
    making.make_serials(pack, 6)

    def write_links(text: str) -> list[tuple[int, int]]:
        metadata.write("ProductVariant", variant.pk, {"serials": text}, by=staff)
        return shop.stock_of(variant)

    assert write_links(f"{pack.slug} x2") == [(3, 0)]
    assert write_links(f"{pack.slug} x3") == [(2, 0)]


def test_a_refill_raises_the_stock_after_it_served_who_waits(variant: Any) -> None:
    link = make_link(variant, serials=2)
    order_id = making.placed_order(link, units=2)
    link.pack.serials.update(status="deleted")
    shop.pay(order_id)

    making.make_serials(link.pack, 5)
    making.settle(link.pack)

    assert len(held(order_id)) == 2
    assert shop.stock_of(variant) == [(5, 2)]


@pytest.mark.parametrize(("rule", "quantity"), [("free", 5), ("unassigned", 3)])
def test_a_refund_raises_the_stock_only_where_the_serials_are_free_again(
    variant: Any, rule: str, quantity: int
) -> None:
    link = make_link(variant, serials=5, status_on_refund=rule)
    order_id = making.paid_order(link, units=2)

    shop.refund(order_id)

    assert shop.stock_of(variant) == [(quantity, 2)]


def test_what_others_gave_back_counts_where_anybody_may_have_it(variant: Any) -> None:
    shop.set_plugin(assignable_statuses="free, unassigned")
    link = make_link(variant, serials=5, status_on_refund="unassigned")
    order_id = making.paid_order(link, units=2)

    shop.refund(order_id)

    assert shop.stock_of(variant) == [(5, 2)]


def test_a_serial_that_has_expired_is_not_left(variant: Any) -> None:
    link = make_link(variant, serials=5)
    link.pack.serials.filter(pk__in=link.pack.serials.values("pk")[:2]).update(
        expires_at=shop.now()
    )

    sweep()

    assert shop.stock_of(variant) == [(3, 0)]


def test_an_archived_pack_has_nothing_left(variant: Any) -> None:
    link = make_link(variant, serials=5)
    Pack.objects.filter(pk=link.pack_id).update(archived_at=shop.now(), is_published=False)

    sweep()

    assert shop.stock_of(variant) == [(0, 0)]


def test_what_was_bought_before_the_link_takes_nothing_from_the_pack() -> None:
    variant = make_variant()
    shop.stock(variant, 10)
    old = shop.place_order([(variant, 4)])

    link_stock()
    make_link(variant, serials=5)
    sweep()

    assert shop.allocated(variant) == dict.fromkeys(shop.line_ids(old), 4)
    assert shop.stock_of(variant) == [(9, 4)]


def test_an_order_that_nobody_told_us_about_still_has_to_take_its_serials(variant: Any) -> None:
    link = make_link(variant, serials=5)
    with shop.nothing_heard():
        making.placed_order(link, units=2)

    stock_sync.sync(link.pack_id)

    assert shop.stock_of(variant) == [(5, 2)]


def test_the_sweep_puts_right_what_staff_wrote(variant: Any) -> None:
    make_link(variant, serials=5)
    shop.edit_stock(variant, 77)

    sweep()

    assert shop.stock_of(variant) == [(5, 0)]


def test_where_the_link_is_off_nothing_follows() -> None:
    variant = make_variant()
    shop.stock(variant, 77)

    make_link(variant, serials=5)
    sweep()

    assert shop.stock_of(variant) == [(77, 0)]


def test_where_the_plugin_is_off_nothing_follows(variant: Any) -> None:
    link = make_link(variant, serials=5)
    shop.set_plugin(active=False)
    shop.edit_stock(variant, 77)

    stock_sync.sync(link.pack_id)
    stock_sync.sync_all()
    low_stock.notify_staff_of_all()

    assert shop.stock_of(variant) == [(77, 0)]


def test_an_unknown_warehouse_is_refused_when_the_settings_are_saved(variant: Any) -> None:
    with pytest.raises(Exception, match="There is no warehouse with the slug 'moon'"):
        shop.set_plugin(stock_warehouse="moon")

    make_link(variant, serials=5)
    assert shop.stock_of(variant) == [(5, 0)]


def test_a_warehouse_that_does_not_exist_is_logged_and_nothing_happens(
    variant: Any, caplog: pytest.LogCaptureFixture
) -> None:
    link = make_link(variant, serials=5)
    shop.rename_warehouse("main", "moved")
    making.paid_order(link)

    sweep()

    assert shop.stock_of(variant) == [(5, 1)]
    assert "There is no warehouse with the slug 'main'" in caplog.text


def test_saleor_refuses_a_checkout_of_more_than_is_left() -> None:
    variant = shop.make_digital_variant()
    type(variant).objects.filter(pk=variant.pk).update(track_inventory=True)
    people.show(variant)
    link_stock()
    link = make_link(variant, serials=3)
    making.paid_order(making.make_link(link.pack), units=2)

    refusals = [
        people.why_not_in_checkout(ask, variant, quantity=quantity, by=shop.make_user())
        for quantity in (1, 2)
    ]
    making.paid_order(making.make_link(link.pack))
    refusals.append(people.why_not_in_checkout(ask, variant, quantity=1, by=shop.make_user()))

    assert refusals == [[], ["INSUFFICIENT_STOCK"], ["INSUFFICIENT_STOCK"]]


def test_the_number_of_statements_does_not_depend_on_how_many_variants_and_orders(
    variant: Any,
) -> None:
    link = make_link(variant, serials=100)

    def count() -> tuple[int, int, int]:
        shop.edit_stock(variant, 0)
        counts = []
        for action in (
            lambda: stock_sync.sync(link.pack_id),
            stock_sync.sync_all,
            stock_sync.sync_all,
        ):
            with CaptureQueriesContext(connection) as queries:
                action()
            counts.append(len(queries))
        return counts[0], counts[1], counts[2]

    few = count()
    for _ in range(5):
        making.placed_order(making.make_link(link.pack, variant=make_variant()))
        make_link(make_variant(), serials=1)
        making.paid_order(link)
    many = count()

    assert few == many


class Walk(RuleBasedStateMachine):
    """Sell two variants that share packs, and refill, refund, cancel and fulfil in any order."""

    orders = Bundle("orders")

    @initialize(status_on_refund=st.sampled_from(["free", "unassigned"]))
    def open_shop(self, status_on_refund: str) -> None:
        empty_tables()
        first, second = make_variant(), make_variant()
        shop.stock(first, 0)
        shop.stock(second, 0)
        link_stock()
        shared = making.make_pack(status_on_refund=status_on_refund)
        own = making.make_pack(status_on_refund=status_on_refund)
        self.packs = [shared, own]
        self.links = [
            making.make_link(shared, variant=first, quantity=1),
            making.make_link(shared, variant=second, quantity=2),
        ]
        making.make_link(own, variant=second, quantity=1)
        self.paid: Counter[str] = Counter()
        self.over: set[str] = set()
        for pack in self.packs:
            self.import_serials(self.packs.index(pack), 4)

    @rule(pack=st.integers(0, 1), quantity=st.integers(1, 4))
    def import_serials(self, pack: int, quantity: int) -> None:
        making.make_serials(self.packs[pack], quantity)
        making.settle(self.packs[pack])

    @rule(target=orders, link=st.integers(0, 1), units=st.integers(1, 3))
    def place(self, link: int, units: int) -> str:
        return making.placed_order(self.links[link], units=units)

    @rule(order=orders)
    def pay(self, order: str) -> None:
        if not self.paid[order] and order not in self.over:
            self.paid[order] += 1
            shop.pay(order)

    @rule(order=orders)
    def refund(self, order: str) -> None:
        if self.paid[order] and order not in self.over:
            self.over.add(order)
            shop.refund(order)

    @rule(order=orders)
    def cancel(self, order: str) -> None:
        if order not in self.over and not shop.fulfilled(order):
            self.over.add(order)
            shop.cancel(order)

    @rule(order=orders)
    def fulfil(self, order: str) -> None:
        if self.paid[order] and order not in self.over and not shortfall(order):
            for line in shop.line_ids(order):
                if line not in shop.fulfilled(order) and shop.can_fulfill(line):
                    shop.fulfill_as_staff(line, shop.quantity_of(line))

    def teardown(self) -> None:
        if not hasattr(self, "packs"):
            return
        heard = [shop.stock_of(link.variant) for link in self.links]
        sweep()
        for link, known in zip(self.links, heard, strict=True):
            [(quantity, _)] = shop.stock_of(link.variant)
            assert quantity == formula(link.variant)
            # Saleor took from the stock what it fulfilled: the sweep had nothing to put right.
            assert known == shop.stock_of(link.variant)


def formula(variant: Any) -> int:
    """The stock as design.md says it, from the rows."""
    live = PackLink.objects.filter(variant=variant, until=None)
    left = min(
        Serial.objects.filter(pack=link.pack_id, status="free").count() // link.quantity
        for link in live
    )
    served = 0
    for line, units in shop.allocated(variant).items():
        covers = [a.held // a.per_unit for a in Assignment.objects.filter(line_id=line)]
        served += min([units, *covers])
    return left + served


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    phases=[Phase.explicit, Phase.generate],  # shrinking takes many minutes
)


# The notice.


def make_watched_pack(*, serials: int, below: int, **values: Any) -> PackLink:
    pack = making.make_pack(name="Space & Traders", notice_below=below, **values)
    making.make_serials(pack, serials)
    return making.make_link(pack)


def notices() -> list[mail.EmailMultiAlternatives]:
    return [message for message in mail.outbox if "left" in message.subject]


def test_staff_are_told_once_when_fewer_are_left_than_they_said() -> None:
    link = make_watched_pack(serials=5, below=3)

    making.paid_order(link, units=2)
    at_the_limit = len(notices())
    making.paid_order(link)
    making.paid_order(link)
    sweep()

    assert at_the_limit == 0
    [notice] = notices()
    assert notice.subject == "Space & Traders: 2 serials left"
    assert notice.body == (
        "Space & Traders: 2 serials left\n\n"
        "You asked to be told of fewer than 3. The next notice comes after a refill.\n\n"
        "Orders that find too few serials wait, and get them as soon as there are more.\n\n"
        "Saleor e-commerce\n"
    )
    [(html, kind)] = notice.alternatives
    assert kind == "text/html"
    assert "Space &amp; Traders: 2 serials left</h1>" in html
    assert not [each for each in link.pack.serials.all() if each.data in notice.body + html]


def test_the_last_one_and_none_are_told_in_words_that_fit() -> None:
    making.paid_order(make_watched_pack(serials=2, below=2))
    making.paid_order(make_watched_pack(serials=1, below=2))

    assert [notice.subject for notice in notices()] == [
        "Space & Traders: 1 serial left",
        "Space & Traders: 0 serials left",
    ]


def test_the_next_notice_comes_only_after_a_refill_to_the_limit() -> None:
    link = make_watched_pack(serials=3, below=3)
    making.paid_order(link)

    making.make_serials(link.pack, 1)
    making.settle(link.pack)
    making.paid_order(link)
    sweep()
    before = len(notices())
    making.make_serials(link.pack, 1)
    making.settle(link.pack)
    making.paid_order(link)

    # Three were left after the first refill: the limit. One more leaves two: the second notice.
    assert before == 2
    assert len(notices()) == 3


def test_a_refill_below_the_limit_is_none() -> None:
    link = make_watched_pack(serials=5, below=5)
    making.paid_order(link, units=4)

    making.make_serials(link.pack, 2)
    making.settle(link.pack)
    making.paid_order(link)
    sweep()

    assert [notice.subject for notice in notices()] == ["Space & Traders: 1 serial left"]


def test_a_pack_that_is_yet_to_be_filled_has_not_run_low() -> None:
    pack = making.make_pack(notice_below=5)
    sweep()
    before = len(mail.outbox)

    making.make_serials(pack, 4)
    making.settle(pack)

    assert (before, len(notices())) == (0, 1)


@pytest.mark.parametrize("values", [{"notice_below": None}, {"archived_at": shop.now()}])
def test_nobody_is_told_of_a_pack_without_a_limit_or_that_is_archived(
    values: dict[str, Any],
) -> None:
    link = make_watched_pack(serials=1, below=5)
    mail.outbox.clear()
    Pack.objects.update(noticed_at=None, is_published=False, **values)

    tasks.request_stock(link.pack_id)
    sweep()

    assert mail.outbox == []


def test_the_notice_goes_to_whom_the_shop_names() -> None:
    shop.set_plugin(notice_recipients="stock@example.com, boss@example.com")
    shop.tell_of_orders(shop.make_user(is_staff=True))

    making.paid_order(make_watched_pack(serials=1, below=1))

    assert [notice.to for notice in notices()] == [["stock@example.com", "boss@example.com"]]


def test_else_it_goes_to_whom_saleor_tells_about_orders() -> None:
    shop.tell_of_orders(shop.make_user(email="staff@example.com", is_staff=True))
    shop.tell_of_orders(shop.make_user(email="gone@example.com", is_staff=False))

    making.paid_order(make_watched_pack(serials=1, below=1))

    assert [notice.to for notice in notices()] == [["staff@example.com"]]


def test_else_it_goes_to_the_shops_own_address() -> None:
    making.paid_order(make_watched_pack(serials=1, below=1))

    [notice] = notices()
    assert notice.to == [notice.from_email] == ["shop@example.com"]


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("de", "Space & Traders: noch 0 Seriennummern"),
        ("ar", "Space & Traders: تبقّى 0 رقم تسلسلي"),
        ("eo", "Space & Traders: 0 serials left"),
    ],
)
def test_it_is_in_the_shops_language(settings: Any, language: str, subject: str) -> None:
    settings.LANGUAGE_CODE = language
    link = make_watched_pack(serials=1, below=1)

    making.paid_order(link)

    html = str(mail.outbox[-1].alternatives[0][0])
    assert mail.outbox[-1].subject == subject
    assert re.findall(r'<html lang="(\w+)" dir="(\w+)">', html) == [
        (language if language != "eo" else "en", "rtl" if language == "ar" else "ltr")
    ]


def test_a_notice_that_the_mail_server_refuses_is_sent_by_the_sweep(
    caplog: pytest.LogCaptureFixture,
) -> None:
    link = make_watched_pack(serials=2, below=2)
    with mock.patch("saleor_serials.packs.low_stock.mail.send", side_effect=OSError("S-000001")):
        making.paid_order(link)
        sweep()
    link.pack.refresh_from_db()
    before = (len(notices()), link.pack.noticed_at)

    sweep()
    sweep()

    assert before == (0, None)
    assert [notice.subject for notice in notices()] == ["Space & Traders: 1 serial left"]
    assert f"No notice of pack {link.pack_id}: OSError" in caplog.text
    assert "S-000001" not in caplog.text


def test_a_sweep_sends_notices_in_a_constant_number_of_statements_where_none_is_due() -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            low_stock.notify_staff_of_all()
        return len(queries)

    make_watched_pack(serials=3, below=2)
    few = count()
    for _ in range(5):
        make_watched_pack(serials=3, below=2)

    assert count() == few
