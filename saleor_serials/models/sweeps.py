"""Where the sweeper has got to."""

from django.db import models


class SweepState(models.Model):
    """Where the sweeper has got to: one row.

    ``cursor`` belongs to the host. ``retry`` names orders that could not be reconciled.
    ``active_since`` is when the plugin was last switched on; orders placed before are left alone.
    """

    id = models.BigAutoField(primary_key=True)
    cursor = models.JSONField(default=dict)
    retry = models.JSONField(default=list)
    active_since = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)
