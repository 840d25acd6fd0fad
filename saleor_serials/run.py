"""What one reconcile or staff action works with from beginning to end."""

from dataclasses import dataclass
from datetime import datetime

from saleor_serials.config import Config
from saleor_serials.history import BY_SYSTEM, By


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The settings it began with, the moment that it writes everywhere, and who acts and why."""

    config: Config
    now: datetime
    by: By = BY_SYSTEM
