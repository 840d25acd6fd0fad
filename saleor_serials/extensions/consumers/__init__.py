"""What happens when serials are consumed: found by entry point (mission U1)."""

from collections.abc import Mapping
from typing import Any

from saleor_serials.extensions import registry
from saleor_serials.extensions.consumers.base import Consumed, Consumer
from saleor_serials.extensions.settings import Setting, SettingType

__all__ = ["Consumed", "Consumer", "Setting", "SettingType", "consumer", "registered"]


def registered() -> Mapping[str, type[Consumer]]:
    """Find the consumers that are installed, by name."""
    return registry.registered("consumer")


def consumer(name: str, settings: Mapping[str, Any]) -> Consumer:
    """Make one of a pack's consumers ready. A setting that is null or left out has its default.

    Raises:
        InvalidInput: there is none of this name, or it refuses the settings; ``field`` is
            ``consumer`` or ``consumer_settings``.
    """
    made: Consumer = registry.extension("consumer", name, settings)
    return made
