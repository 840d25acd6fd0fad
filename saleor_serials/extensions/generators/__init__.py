"""What makes serials: found by entry point, so that others add theirs as a package."""

from collections.abc import Mapping
from typing import Any

from saleor_serials.extensions import registry
from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext, Generator
from saleor_serials.extensions.settings import Setting, SettingType

__all__ = [
    "GeneratedSerial",
    "GenerationContext",
    "Generator",
    "Setting",
    "SettingType",
    "generator",
    "registered",
]


def registered() -> Mapping[str, type[Generator]]:
    """Find the generators that are installed, by name."""
    return registry.registered("generator")


def generator(name: str, settings: Mapping[str, Any]) -> Generator:
    """Make a pack's generator ready to work. A setting that is null or left out has its default.

    Raises:
        InvalidInput: there is none of this name, or it refuses the settings; ``field`` is
            ``generator`` or ``generator_settings``.
    """
    made: Generator = registry.extension("generator", name, settings)
    return made
