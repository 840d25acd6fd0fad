"""The host's settings without Django's log of every statement, which grows as long as it runs."""

from saleor_serials.host import installed_modules

if installed_modules()[0] == "saleor2":
    from demo.settings import *  # noqa: F403
else:
    from tests.settings3 import *  # noqa: F403

DEBUG = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"null": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["null"]},
}
