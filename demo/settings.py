"""Saleor 2.10.1's own settings, with the plugin installed."""

# ruff: noqa: E402

import os
import tempfile
import warnings
from pathlib import Path

import django.forms.forms
from django.forms.boundfield import BoundField

# 2.10.1: imports BoundField from where Django 3.2 no longer has it.
django.forms.forms.BoundField = BoundField

os.environ.setdefault("SECRET_KEY", "for the demo and the tests only")
# 2.10.1: every e-mail task raises without a sender.
os.environ.setdefault("DEFAULT_FROM_EMAIL", "shop@example.com")

# 2.10.1: misses its own developers' toolbar, and its razorpay imports pkg_resources.
warnings.filterwarnings("ignore", message="The debug toolbar was not installed")
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")

from saleor.settings import *  # noqa: F403
from saleor.settings import INSTALLED_APPS, PLUGINS

INSTALLED_APPS += ["saleor_serials"]
PLUGINS += ["saleor_serials.plugin.SerialsPlugin"]

DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
# 2.10.1: uses NullBooleanField and the JSONField of django.contrib.postgres.
SILENCED_SYSTEM_CHECKS = ["fields.W903", "fields.W904"]

# 2.10.1: the wheel has no playground template, and media would go into site-packages.
PLAYGROUND_ENABLED = False
MEDIA_ROOT = os.environ.get("MEDIA_ROOT", str(Path(tempfile.gettempdir(), "serials-media")))

if log_file := os.environ.get("SERIALS_LOG_FILE"):
    LOGGING = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {
            "file": {"class": "logging.FileHandler", "filename": log_file, "formatter": "line"}
        },
        "root": {"level": "INFO", "handlers": ["file"]},
        # Django gives these two consoles of their own.
        "loggers": {
            "django": {"handlers": []},
            "django.server": {"handlers": [], "propagate": True},
        },
    }
