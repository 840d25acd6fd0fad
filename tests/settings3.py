"""Saleor 3's own test settings, with the plugin found by its entry point.

They refuse every query on the writing database that was not allowed by name.
"""

import os

os.environ.setdefault("SECRET_KEY", "for the tests only")
os.environ.setdefault("DEFAULT_FROM_EMAIL", "shop@example.com")
# Webhooks are sent to servers that the tests run.
os.environ.setdefault("HTTP_IP_FILTER_ALLOW_LOOPBACK_IPS", "True")

from saleor import settings as _settings
from saleor.tests.settings import *  # noqa: F403

PLUGINS = [*_settings.BUILTIN_PLUGINS, *_settings.EXTERNAL_PLUGINS]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# One database by two names, which the tests' database is put into.
DATABASES["replica"] = DATABASES["default"]  # type: ignore[name-defined]  # noqa: F405
