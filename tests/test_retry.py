"""When what failed is tried again, as the docstring of ``Retry`` computes it."""

from datetime import timedelta

import pytest

from saleor_serials.delivery import outbox
from saleor_serials.jobs import work
from saleor_serials.maintenance import sweep
from saleor_serials.orders import fulfillment
from saleor_serials.retry import Retry

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("retry", "pauses"),
    [
        (outbox.RETRY, [*(2**n * MINUTE for n in range(1, 9)), *[6 * HOUR] * 11]),
        (fulfillment.RETRY, [*(2**n * MINUTE for n in range(1, 11)), *[DAY] * 19]),
        (sweep.RETRY, [*(2**n * MINUTE for n in range(9)), *[6 * HOUR] * 10]),
        (work._RETRY, [MINUTE / 2, MINUTE, 2 * MINUTE, 4 * MINUTE]),
    ],
)
def test_each_pause_is_twice_the_last_up_to_the_longest(
    retry: Retry, pauses: list[timedelta]
) -> None:
    assert [retry.pause_after(n) for n in range(1, retry.attempts)] == pauses


def test_the_waits_in_all_are_those_of_the_docstring() -> None:
    def in_all(retry: Retry) -> timedelta:
        pauses = (retry.pause_after(n) for n in range(1, retry.attempts))
        return sum((pause for pause in pauses if pause), timedelta())

    assert in_all(outbox.RETRY) == 74.5 * HOUR
    assert round(in_all(fulfillment.RETRY) / DAY, 1) == 20.4
    assert in_all(work._RETRY) == 7.5 * MINUTE
    assert round(in_all(sweep.RETRY) / HOUR, 1) == 68.5


def test_after_the_last_attempt_it_gives_up() -> None:
    retry = Retry(first=MINUTE, longest=HOUR, attempts=3)

    assert [retry.pause_after(n) for n in (2, 3, 4)] == [2 * MINUTE, None, None]
