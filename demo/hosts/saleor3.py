"""How Saleor 3 is run: as its own image runs it, told everything by environment variables."""

import os
from importlib.util import find_spec
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_spec = find_spec("saleor")
# Where manage.py is, as /app in the image.
FOLDER = Path(_spec.origin).parents[1] if _spec and _spec.origin else Path()

TOKEN_SCHEME = "Bearer"

ON_A_VISIT = (
    "In a browser, Saleor's playground is there; or use any GraphQL client (Altair, Insomnia, "
    "Postman), or curl."
)


def environment(
    folder: Path, *, database: str, redis: str, smtp: str, address: str
) -> dict[str, str]:
    """All that Saleor is told; nothing is kept but in the database."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "saleor.settings",
        "DATABASE_URL": database,
        "DATABASE_URL_REPLICA": database,
        "CELERY_BROKER_URL": redis,
        "CACHE_URL": f"{redis.removesuffix('/0')}/1",
        "EMAIL_URL": smtp,
        "DEFAULT_FROM_EMAIL": "shop@example.com",
        "PUBLIC_URL": address,
        "ALLOWED_HOSTS": "127.0.0.1",
        "ALLOWED_CLIENT_HOSTS": "127.0.0.1",
        "SECRET_KEY": "for the demo only",
        "RSA_PRIVATE_KEY": _new_key(),
        "JWT_TTL_ACCESS": "1 day",  # whoever copies a line with a token may take their time
        "SEND_USAGE_TELEMETRY": "False",
        "DEBUG": "False",
    }


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def web(port: int) -> list[str]:
    """Saleor's web server, as arguments for its Python."""
    return [
        *("-m", "uvicorn", "saleor.asgi:application", "--host=127.0.0.1", f"--port={port}"),
        *("--workers=2", "--ws=none", "--no-server-header", "--no-access-log"),
    ]


def worker(folder: Path) -> list[str]:
    """Saleor's worker, with Celery beat inside, as arguments for its Python."""
    return [
        *("-m", "celery", "--app", "saleor.celeryconf:app", "worker", "--beat", "-E"),
        *("--scheduler", "saleor.schedulers.schedulers.DatabaseScheduler"),
        *("--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "info"),
    ]
