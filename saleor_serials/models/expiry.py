"""Which serials have not expired, said once: for the ORM and for SQL.

An expired serial keeps its status; no order, claim or staff action hands it out.
"""

from datetime import datetime

from django.db.models import Q

# Of a serial's own columns; the statement's values have ``now``.
NOT_EXPIRED = "(expires_at IS NULL OR expires_at > %(now)s)"


def not_expired(now: datetime) -> Q:
    """The condition for serials that are still valid at this moment."""
    return Q(expires_at__isnull=True) | Q(expires_at__gt=now)


def has_expired(expires_at: datetime | None, *, now: datetime) -> bool:
    """Tell of one serial whether its validity has ended at this moment."""
    return expires_at is not None and expires_at <= now
