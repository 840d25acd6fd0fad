"""Channels of Saleor 3."""

from collections.abc import Collection

from saleor.channel.models import Channel


def known_channels(slugs: Collection[str]) -> frozenset[str]:
    """Find those slugs that are a channel's. One statement."""
    return frozenset(Channel.objects.filter(slug__in=slugs).values_list("slug", flat=True))
