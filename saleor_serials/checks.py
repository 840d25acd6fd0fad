"""Django system checks: what is wrong with a shop's set-up before an order shows it.

``manage.py check --database default`` runs them, and so does ``migrate``, whose database may have
none of the tables yet: a check that cannot read the database reports nothing. While the plugin is
switched off none of them reports anything.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core import checks
from django.db import DatabaseError
from django.utils import timezone

from saleor_serials import config
from saleor_serials.config import Config
from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.consumers import CONSUMERS
from saleor_serials.extensions.generators import GENERATORS
from saleor_serials.extensions.renderers import RENDERERS
from saleor_serials.host import host
from saleor_serials.maintenance.sweep import LATE_AFTER
from saleor_serials.models import Pack, SweepState


def register() -> None:
    """Register the checks with Django, under the tag ``database``."""
    checks.register(check_shop, checks.Tags.database)


def check_shop(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.Warning]:
    """Run every check; nothing where Django does not ask about a database."""
    if not databases:
        return []
    try:
        try:
            settings = config.active_config()
        except InvalidInput as refusal:
            return [_unreadable(refusal)]
        if settings is None:
            return []
        return [warning for check in _CHECKS for warning in check(settings)]
    except DatabaseError:  # there is no database, or none of its tables
        return []


def _unreadable(refusal: InvalidInput) -> checks.Warning:
    if refusal.field == "stock_warehouse":
        return checks.Warning(
            "The stock is to follow the serials, but the plugin's settings name no warehouse.",
            hint="Write a warehouse's slug into stock_warehouse, or switch stock_link off.",
            id="saleor_serials.W004",
        )
    return checks.Warning(
        f"The plugin's setting {refusal.field} cannot be read: {refusal.message}",
        hint="Save the settings of the plugin Serials again, with a value that can be read.",
        id="saleor_serials.W006",
    )


def _warehouse(settings: Config) -> Iterable[checks.Warning]:
    if settings.stock_link and not host.has_warehouse(settings.stock_warehouse):
        yield checks.Warning(
            f"The stock is to follow the serials in the warehouse '{settings.stock_warehouse}', "
            "which does not exist.",
            hint="Write an existing warehouse's slug into the plugin's setting stock_warehouse.",
            id="saleor_serials.W001",
        )


def _sender(settings: Config) -> Iterable[checks.Warning]:
    try:
        host.sender(None)
    except DatabaseError:
        raise
    except Exception as error:
        # Its text may hold a password.
        yield checks.Warning(
            f"The sender of the shop's e-mails cannot be read: {type(error).__name__}.",
            hint="Check the site's settings, EMAIL_URL, and Saleor's plugins for e-mails.",
            id="saleor_serials.W002",
        )


def _sweep(settings: Config) -> Iterable[checks.Warning]:
    swept_at = SweepState.objects.values_list("swept_at", flat=True).first()
    if swept_at is None or swept_at < timezone.now() - LATE_AFTER:
        since = "never" if swept_at is None else f"not since {swept_at:%Y-%m-%d %H:%M} UTC"
        yield checks.Warning(
            f"Orders were {since} swept: what no event announces is not delivered.",
            hint="Run Celery beat beside the workers, or sweep_serials from cron every minute.",
            id="saleor_serials.W003",
        )


def _extensions(settings: Config) -> Iterable[checks.Warning]:
    """One statement."""
    packs = Pack.objects.filter(archived_at=None).order_by("slug")
    for slug, generator, renderer, consumers in packs.values_list(
        "slug", "generator", "renderer", "consumers"
    ):
        named = [(GENERATORS, generator), (RENDERERS, renderer)]
        named += [(CONSUMERS, chosen["name"]) for chosen in consumers]
        for registry, name in named:
            if name and name not in registry.registered():
                yield checks.Warning(
                    f"The pack '{slug}' uses the {registry.kind} '{name}', which is not installed.",
                    hint="Install its package again, or choose another for the pack.",
                    id="saleor_serials.W005",
                )


_CHECKS: tuple[Callable[[Config], Iterable[checks.Warning]], ...] = (
    _warehouse,
    _sender,
    _sweep,
    _extensions,
)
