"""What tests start from, each a step further in life: pack, serials, order, paid, delivered."""

from collections import Counter
from itertools import count
from typing import Any

from django.core.management import load_command_class
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from saleor_serials import tasks
from saleor_serials.models import Assignment, Pack, PackLink, Serial
from saleor_serials.packs import lifecycle, links
from saleor_serials.serials import add
from tests.hosts import shop

_numbers = count(1)


def make_pack(**values: Any) -> Pack:
    """Make a pack, without a limit unless it is given."""
    values.setdefault("name", f"Pack {next(_numbers)}")
    values.setdefault("size_limit", 0)
    return lifecycle.create(**values)


def make_serials(pack: Pack, quantity: int) -> list[Serial]:
    """Put serials into a pack that no other call makes."""
    data = [f"S-{next(_numbers):06}" for _ in range(quantity)]
    batch = add.add_serials(pack, data, actor="user:1")
    return list(batch.serials.order_by("position"))


def settle(pack: Pack) -> None:
    """Have a pack's shortfalls served, as whoever refills it does."""
    tasks.request_settle(pack.pk)


def make_link(pack: Pack, *, quantity: int = 1, variant: Any = None) -> PackLink:
    """Link a pack to a variant, to a new one unless it is given."""
    variant = variant or shop.make_variant()
    return links.create(pack=pack, variant_id=variant.pk, quantity=quantity)


def placed_order(link: PackLink, *, units: int = 1, **values: Any) -> str:
    """Place an order for the link's variant; return its id."""
    return shop.place_order([(link.variant, units)], **values)


def paid_order(link: PackLink, *, units: int = 1, **values: Any) -> str:
    """Place and pay an order for the link's variant; return its id."""
    order_id = placed_order(link, units=units, **values)
    shop.pay(order_id)
    return order_id


def held(order_id: str) -> list[str]:
    """The data of the serials that an order holds, in the order they left the pack."""
    return list(
        Serial.objects.filter(assignment__order__order_id=order_id)
        .order_by("position")
        .values_list("data", flat=True)
    )


def shortfall(order_id: str) -> int:
    return sum(a.shortfall for a in Assignment.objects.filter(order__order_id=order_id))


def statuses(pack: Pack) -> dict[str, int]:
    """How many serials of a pack are in each status."""
    return dict(Counter(pack.serials.values_list("status", flat=True)))


def statements(captured: CaptureQueriesContext) -> int:
    """Count statements; newer Djangos also capture where a transaction begins and ends."""
    return sum(
        not query["sql"].startswith(("BEGIN", "COMMIT")) for query in captured.captured_queries
    )


def check_books() -> None:
    """Assert what must always be true of the whole database, whatever happened."""
    for assignment in Assignment.objects.annotate(counted=Count("serials")):
        assert assignment.counted == assignment.held, f"held of {assignment.pk}"
        assert assignment.held <= assignment.entitled, f"assignment {assignment.pk} holds too much"
    holders = list(Serial.objects.exclude(assignment=None).values_list("pack", "data"))
    assert len(holders) == len(set(holders)), "a serial is held twice"


def exit_status(command: str, *options: str) -> int:
    """Run one of our commands as manage.py does, and return the exit status."""
    loaded = load_command_class("saleor_serials", command)
    try:
        loaded.run_from_argv(["manage.py", command, *options])
    except SystemExit as end:
        return int(end.code or 0)
    return 0
