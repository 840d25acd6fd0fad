"""Who consumes twice at once gets both; and the proof that we'd see it if one were lost."""

from collections.abc import Callable
from threading import Barrier, BrokenBarrierError
from typing import Any
from unittest import mock

from django.utils import timezone

from saleor_serials.extensions.consumers import Consumed, consumer
from saleor_serials.host import private_metadata
from tests.hosts import shop
from tests.races.threads import together

THREADS = 8


def consume_at_once() -> dict[str, str]:
    """Have one customer consume in many threads; return their private metadata."""
    user = shop.make_user()
    consumed = Consumed(serial_id=1, pack_slug="pack", user_id=user.pk, at=timezone.now())

    def work(number: int) -> Callable[[], None]:
        act = (
            consumer("points", {"points": 5})
            if number % 2
            else consumer("customer-group", {"group": f"group {number}"})
        )
        return lambda: act.consume(consumed)

    together([work(number) for number in range(THREADS)])
    user.refresh_from_db()
    metadata: dict[str, str] = user.private_metadata
    return metadata


ALL = {"serials.points": "20", "serials.groups": "group 0, group 2, group 4, group 6"}


def test_no_points_and_no_group_are_lost() -> None:
    assert consume_at_once() == ALL


def test_negative_control_without_the_lock_they_are() -> None:
    all_have_read = Barrier(THREADS)
    write = private_metadata._write_to_customer

    def late(*arguments: Any) -> None:
        try:
            all_have_read.wait(10)
        except BrokenBarrierError:
            raise AssertionError("not all have read before the first wrote") from None
        write(*arguments)

    with (
        mock.patch.object(private_metadata, "_LOCK", ""),
        mock.patch.object(private_metadata, "_write_to_customer", late),
    ):
        metadata = consume_at_once()

    assert metadata["serials.points"] == "5"
    assert len(metadata["serials.groups"].split(",")) == 1
