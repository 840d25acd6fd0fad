"""When to try again what failed, and when to give up."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """Wait ``first``, then twice as long each time, at most ``longest``; ``attempts`` in all.

    The pause after the n-th failure is ``min(first * 2 ** (n - 1), longest)``:

    ==========  ============  ===========  ========  ==============================  =========
    what        ``first``     ``longest``  attempts  pauses                          in all
    ==========  ============  ===========  ========  ==============================  =========
    delivery    2 minutes     6 hours      20        2, 4, ... 256 min, 11 x 6 h     74.5 h
    fulfilment  2 minutes     1 day        30        2, 4, ... 1,024 min, 19 x 1 d   20.4 days
    job         30 seconds    4 minutes    5         30 s, 1, 2, 4 min               7.5 min
    order       1 minute      6 hours      20        1, 2, ... 256 min, 10 x 6 h     68.5 h
    ==========  ============  ===========  ========  ==============================  =========
    """

    first: timedelta
    longest: timedelta
    attempts: int

    def pause_after(self, failed: int) -> timedelta | None:
        """How long to wait after so many failures in a row; None: give up."""
        if failed >= self.attempts:
            return None
        doubled: timedelta = self.first * 2 ** (failed - 1)
        return min(doubled, self.longest)
