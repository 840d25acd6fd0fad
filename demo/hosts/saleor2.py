"""How Saleor 2.10.1 is run: as its developers run it, on settings of ours."""

import os
from pathlib import Path

# Its wheel has no manage.py, and must be given the plugin in settings.
FOLDER = Path(__file__).resolve().parents[2]

TOKEN_SCHEME = "JWT"

ON_A_VISIT = (
    "This Saleor has no page of its own there: use any GraphQL client (Altair, Insomnia, Postman), "
    "or curl."
)


def environment(
    folder: Path, *, database: str, redis: str, smtp: str, address: str
) -> dict[str, str]:
    """All that Saleor is told; what it keeps goes to ``folder``."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "demo.settings",
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": redis,
        "EMAIL_URL": smtp,
        "MEDIA_ROOT": str(folder / "media"),
        "SERIALS_LOG_FILE": str(folder / "saleor.log"),
        "DEBUG": "False",
        "ALLOWED_CLIENT_HOSTS": "127.0.0.1",
        # The wheel has no template for that mail, so nobody could ever log in.
        "ENABLE_ACCOUNT_CONFIRMATION_BY_EMAIL": "False",
    }


def web(port: int) -> list[str]:
    """Saleor's web server, as arguments for its Python."""
    return ["-m", "demo.manage", "runserver", "--noreload", f"127.0.0.1:{port}"]


def worker(folder: Path) -> list[str]:
    """Saleor's worker, with Celery beat inside, as arguments for its Python."""
    return [
        *("-m", "celery", "--app", "saleor.celeryconf:app", "worker", "--beat"),
        *("--pool", "solo", "--without-gossip", "--without-mingle"),
        *("--schedule", str(folder / "beat-schedule"), "--loglevel", "info"),
    ]
