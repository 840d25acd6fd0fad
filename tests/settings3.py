# ruff: noqa: E402
"""Saleor 3's own test settings, with the plugin found by its entry point.

They refuse every query on the writing database that was not allowed by name.
"""

import os

from saleor_serials import host

# Saleor 3 is refused until this suite passes there as a whole.
host.SUPPORTED[3, 23] = ("saleor3", "graphql3")

os.environ.setdefault("SECRET_KEY", "for the tests only")
os.environ.setdefault("DEFAULT_FROM_EMAIL", "shop@example.com")

from saleor import settings as _settings
from saleor.tests.settings import *  # noqa: F403

PLUGINS = [*_settings.BUILTIN_PLUGINS, *_settings.EXTERNAL_PLUGINS]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# One database by two names, which the tests' database is put into.
DATABASES["replica"] = DATABASES["default"]  # noqa: F405
