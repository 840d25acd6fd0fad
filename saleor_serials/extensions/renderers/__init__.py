"""How serials look in mails, pages and GraphQL: found by entry point (mission U3)."""

from collections.abc import Mapping
from typing import Any

from saleor_serials.extensions import registry
from saleor_serials.extensions.drawing.picture import Picture
from saleor_serials.extensions.renderers.base import Renderer, Rendering, Shown
from saleor_serials.extensions.settings import Setting, SettingType

__all__ = [
    "Picture",
    "Renderer",
    "Rendering",
    "Setting",
    "SettingType",
    "Shown",
    "registered",
    "renderer",
]


def registered() -> Mapping[str, type[Renderer]]:
    """Find the renderers that are installed, by name."""
    return registry.registered("renderer")


def renderer(name: str, settings: Mapping[str, Any]) -> Renderer:
    """Make a pack's renderer ready to work. A setting that is null or left out has its default.

    Raises:
        InvalidInput: there is none of this name, or it refuses the settings; ``field`` is
            ``renderer`` or ``renderer_settings``.
    """
    made: Renderer = registry.extension("renderer", name, settings)
    return made
