"""Generators make serials; they are found by entry point, so that any package can add some."""

from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext, Generator
from saleor_serials.extensions.registry import Registry
from saleor_serials.extensions.settings import Setting, SettingType

__all__ = [
    "GENERATORS",
    "GeneratedSerial",
    "GenerationContext",
    "Generator",
    "Setting",
    "SettingType",
    "generator",
    "registered",
]


GENERATORS = Registry[Generator]("generator")
registered = GENERATORS.registered
generator = GENERATORS.make
