"""Consumers act when a serial is consumed; they are found by entry point (mission U1)."""

from saleor_serials.extensions.consumers.base import Consumed, Consumer
from saleor_serials.extensions.registry import Registry
from saleor_serials.extensions.settings import Setting, SettingType

__all__ = ["CONSUMERS", "Consumed", "Consumer", "Setting", "SettingType", "consumer", "registered"]


CONSUMERS = Registry[Consumer]("consumer")
registered = CONSUMERS.registered
consumer = CONSUMERS.make
