"""The shop's secrets."""

from django.conf import settings


def secret_keys() -> tuple[str, ...]:
    """Return the shop's secret, and behind it the former ones that still count."""
    # 2.10.1: its Django has no fallbacks; a shop can have a setting of this name all the same.
    return (settings.SECRET_KEY, *getattr(settings, "SECRET_KEY_FALLBACKS", ()))
