"""How serials look in mails, pages and GraphQL: found by entry point (mission U3)."""

from collections.abc import Mapping
from typing import Any

from saleor_serials import extensions
from saleor_serials.extensions import Setting, SettingType
from saleor_serials.pictures import Picture
from saleor_serials.renderers.base import Renderer, Rendering, Shown

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
    return extensions.registered("renderer")


def renderer(name: str, settings: Mapping[str, Any]) -> Renderer:
    """Make a pack's renderer ready to work. A setting that is null or left out has its default.

    Raises:
        InvalidInput: there is none of this name, or it refuses the settings; ``field`` is
            ``renderer`` or ``renderer_settings``.
    """
    made: Renderer = extensions.extension("renderer", name, settings)
    return made
