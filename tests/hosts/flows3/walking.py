"""Walk through an order's life three times: heard, found by sweeps, and found at the end."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from inspect import Signature, signature
from typing import Any

import pytest

from saleor_serials.host.saleor3 import orders
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Assignment, Event
from tests import making
from tests.hosts import shop
from tests.hosts.flows3.desk import Desk


@dataclass(frozen=True, kw_only=True)
class Step:
    """What an order is owed and holds after a step.

    ``entitled``: serials in all, or for each line that ever was. ``held``: their data. ``told``:
    what staff read about the order as a whole, from its beginning; not looked at where it is None.
    """

    name: str
    order_id: str
    entitled: int | tuple[int, ...]
    held: str
    told: str | None = None

    def check(self) -> None:
        found = Assignment.objects.filter(order__order_id=self.order_id).order_by("id")
        units = tuple(found.values_list("entitled", flat=True))
        entitled = sum(units) if isinstance(self.entitled, int) else units
        held = " ".join(making.held(self.order_id))
        told = None
        if self.told is not None:
            events = Event.objects.filter(order__order_id=self.order_id, serial__isnull=True)
            told = " ".join(events.order_by("id").values_list("type", flat=True))
        assert (self.name, entitled, held, told) == (self.name, self.entitled, self.held, self.told)
        making.check_books()


Flow = Callable[..., Iterator[Step]]


def flow(*, silent: bool = False, by_memory: bool = False) -> Callable[[Flow], Callable[..., None]]:
    """Make a test of a flow, which yields what is to be seen after each of its steps.

    ``silent``: no hook and no signal tells of its steps, so that only a sweep finds them.
    ``by_memory``: its end follows from what was seen on the way.
    """

    def decorate(walk: Flow) -> Callable[..., None]:
        ways = ["heard", "swept after each step", "swept once"]
        ways = ways[silent:-1] if by_memory else ways[silent:]

        @pytest.mark.parametrize("way", ways)
        def test(way: str, monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
            # A sweep finds a step by what the step left, not because it is only minutes old.
            monkeypatch.setattr(orders, "_OVERLAP", timedelta(0))
            last: dict[str, Step] = {}
            with nullcontext() if way == "heard" else shop.nothing_heard():
                for step in walk(Desk(), **values):
                    last[step.order_id] = step
                    if way == "swept after each step":
                        sweep()
                    if way != "swept once":
                        step.check()
                if way == "swept once":
                    sweep()
            for step in last.values() if way == "swept once" else ():
                replace(step, told=None).check()

        test.__name__, test.__module__ = walk.__name__, walk.__module__
        # What the flow asks for besides its desk comes from pytest.
        own, (_, *asked) = signature(test).parameters.values(), signature(walk).parameters.values()
        test.__signature__ = Signature([*list(own)[:-1], *asked])
        return test

    return decorate
