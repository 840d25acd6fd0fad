"""What makes serials: found by entry point, so that others add theirs as a package."""

import logging
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.generators.base import Generator, Made, Setting, SettingType, Workshop
from saleor_serials.generators.checks import checked

__all__ = [
    "Generator",
    "Made",
    "Setting",
    "SettingType",
    "Workshop",
    "generator",
    "registered",
]

GROUP = "saleor_serials.generators"

logger = logging.getLogger(__name__)


@cache
def registered() -> Mapping[str, type[Generator]]:
    """Find the generators that are installed, by name.

    One that cannot be loaded is left out, and so is one whose name is taken; the log says so. The
    built-in ones keep their names.
    """
    found: dict[str, type[Generator]] = {}
    # Ours are first.
    for point in sorted(
        entry_points(group=GROUP),
        key=lambda point: (not point.value.startswith("saleor_serials."), point.name, point.value),
    ):
        try:
            kind = point.load()
        except Exception:
            logger.exception("The generator '%s' (%s) cannot be loaded.", point.name, point.value)
            continue
        if found.setdefault(point.name, kind) is not kind:
            logger.error("Another generator has the name '%s': %s", point.name, point.value)
    return dict(sorted(found.items()))


def generator(name: str, settings: Mapping[str, Any]) -> Generator:
    """Make a pack's generator ready to work. A setting that is null or left out has its default.

    Raises:
        InvalidInput: there is none of this name, or it refuses the settings; ``field`` is
            ``generator`` or ``generator_settings``.
    """
    kind = registered().get(name)
    if kind is None:
        raise InvalidInput(
            f"There is no generator '{name}'; choose one of: {', '.join(registered())}.",
            field="generator",
        )
    try:
        return kind(checked(kind.settings, settings))
    except InvalidInput as refusal:
        raise InvalidInput(
            f"{refusal.field}: {refusal.message}", field="generator_settings"
        ) from None
