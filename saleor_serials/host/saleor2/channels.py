"""Channels: 2.10.1 has none."""

from collections.abc import Collection


def known_channels(slugs: Collection[str]) -> frozenset[str]:
    """Find those slugs that are a channel's."""
    return frozenset()
