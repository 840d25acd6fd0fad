"""10,000 serials over GraphQL, beside what Saleor 3 itself makes by the thousand."""

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.test.utils import override_settings

from demo.services import postgres
from saleor_serials.host import installed_modules
from tests import database, making
from tests.graphql.api import gid, people, post

_GENERATE = """mutation ($pack: ID!, $quantity: Int!) {
  serialsGenerate(input: {pack: $pack, quantity: $quantity}) {
    serialJob { done } errors { field message }
  }
}"""
_PASTE = """mutation ($pack: ID!, $data: [String!]!) {
  serialsCreate(input: {pack: $pack, data: $data}) {
    serialBatch { quantity } errors { field message }
  }
}"""
_GIFT_CARDS = """mutation ($quantity: Int!) {
  giftCardBulkCreate(
    input: {count: $quantity, isActive: true, balance: {amount: 10, currency: "USD"}}
  ) { count errors { field message } }
}"""
_VOUCHER_CODES = """mutation ($codes: [String!]) {
  voucherCreate(input: {name: "Codes", addCodes: $codes, discountValueType: FIXED}) {
    voucher { id } errors { field message }
  }
}"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How many are made in one call, and how often."""

    quantity: int
    rounds: int


FULL = Scale(quantity=10_000, rounds=5)
QUICK = Scale(quantity=200, rounds=1)


class NotMade(AssertionError):
    """What was to be measured did not take place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """Seconds of each round, by what was made."""

    scale: Scale
    seconds: dict[str, list[float]]


def run(scale: Scale) -> Results:
    """Make a database, fill it over GraphQL, and drop it."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database_url(durable=False))
        stack.enter_context(database.cloned(url))
        # By this name the test client calls.
        stack.enter_context(override_settings(ALLOWED_HOSTS=["testserver"]))
        seconds: dict[str, list[float]] = {}
        for number in range(scale.rounds):
            for title, query, variables in _calls(scale, number):
                print(f"round {number + 1}: {title}", file=sys.stderr, flush=True)
                seconds.setdefault(title, []).append(_timed(query, variables))
        return Results(scale=scale, seconds=seconds)


def _calls(scale: Scale, number: int) -> list[tuple[str, str, dict[str, Any]]]:
    pack = gid("SerialPack", making.make_pack(generator="random").pk)
    codes = [f"R{number}-{index:06}" for index in range(scale.quantity)]
    quantity = {"quantity": scale.quantity}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("serials generated", _GENERATE, {"pack": pack, **quantity}),
        ("serials pasted", _PASTE, {"pack": pack, "data": codes}),
    ]
    if installed_modules()[0] == "saleor3":
        calls += [
            ("Saleor's gift cards", _GIFT_CARDS, quantity),
            ("Saleor's voucher codes", _VOUCHER_CODES, {"codes": codes}),
        ]
    return calls


def _timed(query: str, variables: dict[str, Any]) -> float:
    staff = people.make_staff("MANAGE_PRODUCTS", "MANAGE_GIFT_CARD", "MANAGE_DISCOUNTS")
    start = time.perf_counter()
    answer = post(query, variables, by=staff)
    seconds = time.perf_counter() - start
    if "errors" in answer or any(made["errors"] for made in answer["data"].values()):
        raise NotMade(answer)
    return seconds


def render(results: Results) -> str:
    """The figures as plain text."""
    scale = results.scale
    rows = [f"{scale.quantity:,} in one GraphQL call, medians of {scale.rounds} rounds"]
    rows += [f"{title:<26}{median(seconds):>8.2f} s" for title, seconds in results.seconds.items()]
    if len(results.seconds) == 2:
        rows.append("This Saleor makes neither gift cards nor voucher codes in bulk.")
    return "\n".join(rows)
