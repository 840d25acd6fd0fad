"""Any story that staff and customers can write ends, after one sweep, with the books in order."""

from collections import defaultdict
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from saleor_serials.assignments import allocation
from saleor_serials.config import Config
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Assignment, Pack, PackLink
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.packs import lifecycle
from tests import making
from tests.database import empty_tables
from tests.hosts import shop
from tests.making import held


class Story(RuleBasedStateMachine):
    """Create, pay, cancel, refund, import, unpublish and reconcile, in any order.

    Some events are heard and some are lost. ``owed`` is kept by this machine alone.
    """

    orders = Bundle("orders")

    @initialize(rules=st.tuples(*[st.sampled_from(["unassigned", "assigned", "free"])] * 2))
    def open_shop(self, rules: tuple[str, str]) -> None:
        empty_tables()
        self.packs: list[Pack] = [making.make_pack(status_on_refund=rule) for rule in rules]
        first = making.make_link(self.packs[0], quantity=1)
        second = making.make_link(self.packs[1], quantity=2)
        both = making.make_link(self.packs[0], quantity=2)
        making.make_link(self.packs[1], variant=both.variant, quantity=1)
        self.links: list[PackLink] = [first, second, both]
        self.paid: dict[str, bool] = defaultdict(bool)
        self.over: dict[str, bool] = defaultdict(bool)

    @rule(
        target=orders,
        link=st.integers(0, 2),
        units=st.integers(1, 3),
        email=st.sampled_from(["ann@example.com", "bob@example.com"]),
        is_heard=st.booleans(),
    )
    def create(self, link: int, units: int, email: str, is_heard: bool) -> str:
        with hearing(is_heard):
            return making.placed_order(self.links[link], units=units, email=email)

    @rule(target=orders, link=st.integers(0, 2), units=st.integers(1, 2), is_heard=st.booleans())
    def buy(self, link: int, units: int, is_heard: bool) -> str:
        order: Any = self.create(link, units, "ann@example.com", is_heard)
        self.pay(order, is_heard)
        return order

    @rule(order=orders, is_heard=st.booleans())
    def pay(self, order: str, is_heard: bool) -> None:
        if not self.paid[order]:
            with hearing(is_heard):
                shop.pay(order)
            self.paid[order] = True
            self.over[order] = self.over[order] and shop.is_cancelled(order)

    @rule(order=orders, is_heard=st.booleans())
    def cancel(self, order: str, is_heard: bool) -> None:
        with hearing(is_heard):
            shop.cancel(order)
        self.over[order] = True

    @rule(order=orders, is_heard=st.booleans())
    def refund(self, order: str, is_heard: bool) -> None:
        if self.paid[order] and not self.over[order]:
            with hearing(is_heard):
                shop.refund(order)
            self.over[order] = True

    @rule(order=orders, is_heard=st.booleans())
    def refund_a_part(self, order: str, is_heard: bool) -> None:
        if self.paid[order] and not self.over[order] and shop.remaining_amount(order) > 1:
            with hearing(is_heard):
                shop.refund(order, amount=1)

    @rule(pack=st.integers(0, 1), quantity=st.integers(1, 3), is_heard=st.booleans())
    def import_serials(self, pack: int, quantity: int, is_heard: bool) -> None:
        making.make_serials(self.packs[pack], quantity)
        if is_heard:
            making.settle(self.packs[pack])

    @rule(pack=st.integers(0, 1), is_published=st.booleans())
    def publish(self, pack: int, is_published: bool) -> None:
        lifecycle.update(self.packs[pack].pk, is_published=is_published)

    @rule(order=orders)
    def reconcile(self, order: str) -> None:
        reconcile(order)

    @invariant()
    def the_books_are_in_order(self) -> None:
        making.check_books()

    def teardown(self) -> None:
        if not hasattr(self, "packs"):
            return
        sweep()
        making.check_books()
        self.nobody_is_short_while_the_pack_has_something()
        self.everybody_holds_what_they_are_owed_or_has_it_as_a_debt()

    def nobody_is_short_while_the_pack_has_something(self) -> None:
        for pack in self.packs:
            short = allocation.servable(pack, config=Config.parse({})).values_list(
                "order__order_id", flat=True
            )
            assert list(short) == [], "these orders could be served"

    def everybody_holds_what_they_are_owed_or_has_it_as_a_debt(self) -> None:
        for assignment in Assignment.objects.select_related("order"):
            order = assignment.order.order_id
            units = shop.quantity_of(assignment.line_id)
            owed = assignment.per_unit * units if self.paid[order] and not self.over[order] else 0
            assert assignment.entitled == owed, f"order {order} is owed {owed}"
            assert assignment.held + assignment.shortfall == owed
        for order, is_paid in self.paid.items():
            assert (is_paid and not self.over[order]) or held(order) == []


def hearing(is_heard: bool) -> AbstractContextManager[None]:
    return nullcontext() if is_heard else shop.nothing_heard()


TestStory = Story.TestCase
TestStory.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    phases=[Phase.explicit, Phase.generate],  # shrinking a story takes many minutes
)
