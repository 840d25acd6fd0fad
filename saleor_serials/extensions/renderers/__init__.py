"""Renderers display serials in mails, pages and GraphQL; found by entry point (mission U3)."""

from saleor_serials.extensions.drawing.picture import Picture
from saleor_serials.extensions.registry import Registry
from saleor_serials.extensions.renderers.base import Renderer, Rendering, Shown
from saleor_serials.extensions.settings import Setting, SettingType

__all__ = [
    "RENDERERS",
    "Picture",
    "Renderer",
    "Rendering",
    "Setting",
    "SettingType",
    "Shown",
    "registered",
    "renderer",
]


RENDERERS = Registry[Renderer]("renderer")
registered = RENDERERS.registered
renderer = RENDERERS.make
