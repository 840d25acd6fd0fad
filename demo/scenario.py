"""The story of an order: sold, short, settled, refunded; told and checked step by step."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from demo import serials, shop
from demo.api import RefusedError
from demo.assertions import Checks, WrongNumberError
from demo.hosts import api as host_api
from demo.mail_server import Mail
from demo.serials import FREE, UNASSIGNED, USED, Event, Serial
from demo.services.stage import OWNER, OWNER_PASSWORD, Stage
from demo.shop import Customer, Order
from demo.terminal import Terminal

PACK = "Space Traders, activation codes"
PER_BOX = 2
FIRST_PASTE = """
ST-7QK4-M2XA
ST-9HTB-C6WE
ST-4RND-K8YP
ST-2VXG-T5JM
ST-8CPL-W3QF
ST-6MYK-H9DR
ST-3WJT-B7XN
ST-5FQE-P4GV
ST-9DKR-Y2HC
ST-7BXM-J6TL
"""
SECOND_PASTE = """
ST-4GWP-R8KD
ST-6TCY-F3MB
ST-2NHJ-X9VE
ST-8LQD-G5PW
ST-3KVR-D7CJ
ST-5XEB-N4TY
"""
_MAIL_SECONDS = 60


def tell(terminal: Terminal, stage: Stage) -> None:
    """Tell the story from an empty shop to the end.

    Raises:
        WrongNumberError: something is not as it should be.
        RefusedError: Saleor or the plugin refused a step.
    """
    story = Story(terminal, stage)
    story.the_shop_opens()
    story.a_pack_is_filled()
    story.ada_buys_two_boxes()
    story.who_may_see_them()
    story.ben_orders_more_than_there_is()
    story.new_serials_settle_the_shortfall()
    story.ada_is_refunded()
    story.every_life()
    story.ends()


class Story:
    """Its chapters, in the order they happen."""

    shop: shop.Shop
    pack: str
    ada: Customer
    ben: Customer
    first_order: Order
    second_order: Order

    def __init__(self, terminal: Terminal, stage: Stage) -> None:
        self.stage = stage
        self.terminal = terminal
        self.checks = Checks(terminal)
        self.owner = stage.api.log_in(OWNER, OWNER_PASSWORD)

    def the_shop_opens(self) -> None:
        self.terminal.chapter("The shop opens")
        self.terminal.say(
            f"{shop.SHOP_NAME} sells {shop.PRODUCT}, a game in a box, for {shop.PRICE:.2f} USD. "
            f"Each box comes with {PER_BOX} activation codes: one to play, one for a friend."
        )
        self.shop = host_api.open_shop(self.owner)
        self.terminal.done("Product type, product and variant, made through Saleor's own API")
        self.terminal.done(
            f"{shop.BOXES_IN_STOCK} boxes in stock, sent as a parcel for "
            f"{shop.SHIPPING_PRICE:.2f} USD"
        )
        self.ada = shop.register(self.stage.api, name="Ada")
        self.ben = shop.register(self.stage.api, name="Ben")
        self.terminal.done("Two customers have opened an account: Ada and Ben")

    def a_pack_is_filled(self) -> None:
        self.terminal.chapter("A pack is filled")
        first = FIRST_PASTE.split()
        self.pack = serials.make_pack(self.owner, name=PACK)
        self.terminal.say(
            f"The owner makes a pack, '{PACK}', and pastes what the publisher has sent: "
            f"{len(first)} serials."
        )
        self.terminal.columns(first)
        self.terminal.gap()
        made = serials.add(self.owner, self.pack, first, batch="First delivery")
        self.checks.confirm("10 serials are in the pack", made, 10)
        serials.link(self.owner, self.pack, self.shop.variant, quantity=PER_BOX)
        self.terminal.done(f"The pack is linked to the variant: {PER_BOX} serials for each box")
        refused = self._refusal_of(["ST-4QNB-Z8RK", first[2]])
        self.terminal.say(
            "By mistake, a serial that is there already is pasted again, behind a new one. The "
            f"answer is DUPLICATE at data[1]: '{refused[0]['message']}'"
        )
        self.checks.confirm(
            "Refused, naming the second of the two pasted serials",
            [(error["code"], error["field"], error["index"]) for error in refused],
            [("DUPLICATE", "data", 1)],
        )
        self.checks.confirm(
            "Nothing was changed: 10 serials, all of them free", self._statuses(), {FREE: 10}
        )

    def ada_buys_two_boxes(self) -> None:
        self.terminal.chapter("Ada buys two boxes")
        self.terminal.say(
            "A whole checkout over GraphQL, with address, parcel and a card. As soon as it is "
            "paid, Saleor's worker assigns the serials and writes to her."
        )
        self.first_order = order = host_api.buy(self.ada, self.shop, boxes=2)
        self.checks.confirm(
            f"Order {order.number}: 2 boxes and the parcel, 65.00 USD, paid",
            (order.total, order.is_paid),
            (65.0, True),
        )
        self._receive(
            self.ada, "The e-mail holds 4 serials, the oldest of the pack", FIRST_PASTE.split()[:4]
        )
        self.checks.confirm(
            "Left in the pack: 6 free serials", self._statuses(), {FREE: 6, USED: 4}
        )

    def who_may_see_them(self) -> None:
        self.terminal.chapter("Who may see them")
        self.terminal.say("Ada asks for her orders:")
        self.terminal.plain(serials.MY_ORDERS)
        seen = serials.of_my_orders(self.ada.api)[self.first_order.number]
        self.terminal.gap()
        self.terminal.table(("serial", "status"), [(data, low(seen[data])) for data in seen])
        self.terminal.gap()
        self.checks.confirm(
            "Ada sees her 4 serials", seen, dict.fromkeys(FIRST_PASTE.split()[:4], USED)
        )
        self.terminal.say(
            "`used` means handed over for good: the serials of this pack are not consumed later."
        )
        link = self.first_order.link
        for who, api, number in (
            ("Ada, by the link to her order, sees 4 serials", self.ada.api, 4),
            ("Ben, who has got hold of that link, sees 0", self.ben.api, 0),
            ("A visitor who is not logged in sees 0", self.stage.api, 0),
        ):
            self.checks.confirm(who, len(serials.of_order(api, link)), number)
        self.checks.confirm(
            "Ben asks for the whole pack, and is refused",
            self._refusal_of_reading(self.ben),
            "PermissionDenied",
        )

    def ben_orders_more_than_there_is(self) -> None:
        self.terminal.chapter("Ben orders more than there is")
        self.terminal.say(
            "Five boxes: 10 serials are owed, 6 are left. Ben has paid, so he gets what there is, "
            "and the shop knows exactly what it owes him."
        )
        self.second_order = order = host_api.buy(self.ben, self.shop, boxes=5)
        self.checks.confirm(
            f"Order {order.number}: 5 boxes and the parcel, 155.00 USD, paid",
            (order.total, order.is_paid),
            (155.0, True),
        )
        mail = self._receive(
            self.ben, "The e-mail holds the 6 serials that were left", FIRST_PASTE.split()[4:]
        )
        self.checks.confirm(
            "It says that 4 more are on their way", "4 more are on their way" in mail.text, True
        )
        self.checks.confirm("Shortfall of Ben's order: 4", serials.shortfall(self.ben.api), 4)
        self.checks.confirm("Left in the pack: no free serial", self._statuses(), {USED: 10})

    def new_serials_settle_the_shortfall(self) -> None:
        self.terminal.chapter("New serials settle the shortfall")
        second = SECOND_PASTE.split()
        self.terminal.say(
            f"{len(second)} more serials arrive from the publisher. The owner pastes them into "
            "the pack, and does nothing else."
        )
        self.terminal.columns(second)
        self.terminal.gap()
        made = serials.add(self.owner, self.pack, second, batch="Second delivery")
        self.checks.confirm("6 serials are added to the pack", made, 6)
        self._receive(self.ben, "The e-mail holds 4 of the new serials, and no others", second[:4])
        self.checks.confirm("Shortfall of Ben's order: 0", serials.shortfall(self.ben.api), 0)
        held = serials.of_my_orders(self.ben.api)[self.second_order.number]
        self.checks.confirm(
            "Ben's order holds 10 serials", set(held), {*FIRST_PASTE.split()[4:], *second[:4]}
        )
        self.checks.confirm(
            "Left in the pack: 2 free serials", self._statuses(), {FREE: 2, USED: 14}
        )

    def ada_is_refunded(self) -> None:
        self.terminal.chapter("Ada is refunded")
        self.terminal.say(
            "Ada sends both boxes back, and the owner refunds all she paid. The pack's rule says "
            "what becomes of her serials: `unassigned`. She has read them, so nobody else gets "
            "them; if she buys again, she gets the same. (The rule can be `free` as well.)"
        )
        paid = self.first_order.total
        self.checks.confirm(
            f"{paid:.2f} USD are paid back",
            paid - host_api.refund(self.first_order, self.shop, amount=paid),
            paid,
        )
        self.checks.confirm_soon(
            "Her 4 serials are unassigned, and those of Ben's order are still his",
            self._statuses,
            {FREE: 2, USED: 10, UNASSIGNED: 4},
        )
        now = {serial.data: serial.status for serial in self._serials()}
        hers = FIRST_PASTE.split()[:4]
        self.terminal.gap()
        self.terminal.table(
            ("serial", "was", "is now"), [(data, low(USED), low(now[data])) for data in hers]
        )
        self.terminal.gap()
        self.checks.confirm(
            "The four are those that Ada had",
            {data for data, status in now.items() if status == UNASSIGNED},
            set(hers),
        )
        seen = serials.of_my_orders(self.ada.api)[self.first_order.number]
        self.checks.confirm("Ada sees 0 serials in her order", len(seen), 0)

    def every_life(self) -> None:
        self.terminal.chapter("The life of every serial")
        self.terminal.say(
            "History is only ever added to: the database refuses to change or remove a line. "
            "Serials with the same history stand together."
        )
        lives: dict[tuple[Event, ...], list[str]] = {}
        for serial in self._serials():
            lives.setdefault(serial.events, []).append(serial.data)
        for events, data in lives.items():
            self.terminal.columns(data)
            self.terminal.table(("when", "what", "status", "order", "by", "why"), _rows(events))
            self.terminal.gap()
        self.checks.confirm(
            "16 serials, each with all that happened to it",
            [(len(data), [event.type for event in events]) for events, data in lives.items()],
            [
                (4, ["CREATED", "ASSIGNED", "DELIVERED", "RELEASED"]),
                (6, ["CREATED", "ASSIGNED", "DELIVERED"]),
                (4, ["CREATED", "ASSIGNED", "DELIVERED"]),
                (2, ["CREATED"]),
            ],
        )

    def ends(self) -> None:
        self.checks.confirm("3 e-mails were sent, no more", self.stage.inbox.next(seconds=1), None)
        self.stage.check()
        self.terminal.gap()
        self.terminal.heading(f"The end: {self.checks.number} checks, and every one was right.")

    def _receive(self, customer: Customer, text: str, data: Iterable[str]) -> Mail:
        """Wait for the next e-mail, show it, and check to whom it went and what it holds."""
        mail = self.stage.inbox.next(seconds=_MAIL_SECONDS)
        if mail is None:
            raise WrongNumberError(
                f"An e-mail to {customer.name}: expected within {_MAIL_SECONDS} seconds, got none"
            )
        self.terminal.letter(
            (("From", mail.sender), ("To", mail.to), ("Subject", mail.subject)), mail.text
        )
        self.checks.confirm(f"It went to {customer.name}", mail.to, customer.email)
        self.checks.confirm(text, _found_in(mail.text), set(data))
        self.checks.confirm("Its HTML part holds the same", _found_in(mail.html), set(data))
        return mail

    def _serials(self) -> list[Serial]:
        return serials.in_pack(self.owner, self.pack)

    def _statuses(self) -> dict[str, int]:
        return dict(Counter(serial.status for serial in self._serials()))

    def _refusal_of(self, data: list[str]) -> list[dict[str, Any]]:
        try:
            serials.add(self.owner, self.pack, data, batch="By mistake")
        except RefusedError as refused:
            return refused.errors
        raise WrongNumberError("A duplicate: expected a refusal, got a new batch")

    def _refusal_of_reading(self, customer: Customer) -> str:
        try:
            serials.in_pack(customer.api, self.pack)
        except RefusedError as refused:
            return str(refused.errors[0]["extensions"]["exception"]["code"])
        return "none"


def low(name: str) -> str:
    """An enum's value as people read it."""
    return name.lower().replace("_", " ")


def _rows(events: Iterable[Event]) -> list[tuple[str, ...]]:
    return [
        (
            datetime.fromisoformat(event.at).astimezone().strftime("%H:%M:%S"),
            low(event.type),
            low(event.to_status),
            event.order,
            event.actor,
            event.reason,
        )
        for event in events
    ]


def _found_in(text: str) -> set[str]:
    everything = (*FIRST_PASTE.split(), *SECOND_PASTE.split())
    return {data for data in everything if data in text}
