"""Who consumes twice at once gets both; and the proof that we'd see it if one were lost."""

from collections.abc import Callable

from django.utils import timezone

from saleor_serials.extensions.consumers import Consumed, consumer
from saleor_serials.host import private_metadata
from tests.hosts import shop
from tests.races.threads import Crossing, without_row_locks

THREADS = 8


def consume_at_once() -> dict[str, str]:
    """Have one customer consume in many threads; return their private metadata.

    Whoever nothing keeps waiting has read before the first of them writes.
    """
    user = shop.make_user()
    consumed = Consumed(serial_id=1, pack_slug="pack", user_id=user.pk, at=timezone.now())
    have_read = Crossing(THREADS)

    def work(number: int) -> Callable[[], None]:
        act = (
            consumer("points", {"points": 5})
            if number % 2
            else consumer("customer-group", {"group": f"group {number}"})
        )
        return lambda: act.consume(consumed)

    with have_read.before(private_metadata, "_write_to_customer"):
        have_read.together([work(number) for number in range(THREADS)])
    user.refresh_from_db()
    metadata: dict[str, str] = user.private_metadata
    return metadata


ALL = {"serials.points": "20", "serials.groups": "group 0, group 2, group 4, group 6"}


def test_no_points_and_no_group_are_lost() -> None:
    assert consume_at_once() == ALL


def test_negative_control_without_the_lock_they_are() -> None:
    with without_row_locks("account_user"):
        metadata = consume_at_once()

    assert metadata["serials.points"] == "5"
    assert len(metadata["serials.groups"].split(",")) == 1
