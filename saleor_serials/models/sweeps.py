"""Where the sweeper has got to."""

from django.db import models


class SweepState(models.Model):
    """Where the sweeper has got to: one row.

    ``cursor`` belongs to the host. ``waiting`` names orders that it had no time for. ``failures``
    maps orders that could not be reconciled to the number of attempts, and when the next is due;
    null: it has given up. ``places`` maps steps to where they go on. Until ``busy_until`` no other
    sweep begins. ``active_since`` is when the plugin was last switched on; orders placed before are
    left alone.
    """

    id = models.BigAutoField(primary_key=True)
    cursor = models.JSONField(default=dict)
    waiting = models.JSONField(default=list)
    failures = models.JSONField(default=dict)
    places = models.JSONField(default=dict)
    busy_until = models.DateTimeField(null=True)
    active_since = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)
