"""Which moments the database and its driver keep: the one place that decides.

PostgreSQL knows years that Python does not, and a zone may move a moment from one into the other:
what was stored then can never be read again.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from saleor_serials.errors import OutOfRange

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def moment(value: datetime, *, field: str) -> datetime:
    """Return a moment in UTC; one without a zone is the shop's.

    Of an hour that the clocks of the shop go through twice, it is the first.

    Raises:
        OutOfRange: it lies before 1900 or after the year 8999.
    """
    if timezone.is_naive(value):
        value = value.replace(tzinfo=ZoneInfo(timezone.get_default_timezone_name()))
    try:
        in_utc = value.astimezone(UTC)
    except OverflowError:
        in_utc = None
    if in_utc is None or not EARLIEST <= in_utc < LATEST:
        raise OutOfRange("A time lies between the years 1900 and 8999.", field=field)
    return in_utc
