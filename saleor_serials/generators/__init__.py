"""What makes serials: found by entry point, so that others add theirs as a package."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from saleor_serials.errors import InvalidInput
from saleor_serials.generators.base import Generator, Made, Setting, Workshop

__all__ = ["Generator", "Made", "Setting", "Workshop", "generator", "registered"]

GROUP = "saleor_serials.generators"


@cache
def registered() -> Mapping[str, type[Generator]]:
    """Find the generators that are installed, by name."""
    return {each.name: each.load() for each in sorted(entry_points(group=GROUP))}


def generator(name: str, settings: Mapping[str, Any]) -> Generator:
    """Make a pack's generator ready to work.

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
    known = {each.name: each.default for each in kind.settings}
    if unknown := sorted(set(settings) - set(known)):
        raise InvalidInput(
            f"This generator has no setting '{unknown[0]}'; it has: {', '.join(known) or 'none'}.",
            field="generator_settings",
        )
    try:
        return kind({**known, **settings})
    except InvalidInput as refusal:
        raise InvalidInput(
            f"{refusal.field}: {refusal.message}", field="generator_settings"
        ) from None
