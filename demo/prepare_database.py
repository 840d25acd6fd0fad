"""Make a database ready, inside Saleor's own environment; each line printed is a fact, as JSON.

Saleor's own Python runs this file by its path: the rest of the demo is not to be found there.

``plugin``: where saleor-serials is. ``shop``: what the database holds, which is "none" (then the
tables and the owner are made), "told" (then new tables are made), "half-told" or "somebody's"
(then nothing is changed). ``migrated`` and ``of``: how many migrations were applied.
"""

import json
import os
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import django

# In the owner's private metadata: the story was told to its end in this database.
TOLD = "saleor-serials-demo"

_facts = sys.stdout


def main() -> None:
    sys.stdout = sys.stderr  # what Saleor may print is for the log
    django.setup()
    import saleor_serials

    _say(plugin=str(Path(saleor_serials.__file__).parent))
    shop = _shop()
    _say(shop=shop)
    if shop in ("none", "told"):
        _migrate()
    if shop == "none":
        _make_owner()


def _say(**facts: Any) -> None:
    print(json.dumps(facts), file=_facts, flush=True)


def _shop() -> str:
    from django.contrib.auth import get_user_model
    from django.db import connection

    users = get_user_model().objects
    if "account_user" not in connection.introspection.table_names() or not users.exists():
        return "none"
    owner = users.filter(email=os.environ["DJANGO_SUPERUSER_EMAIL"]).first()
    if owner is None:
        return "somebody's"
    return "told" if TOLD in owner.private_metadata else "half-told"


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        call_command("migrate", no_color=True, stdout=_Applied(len(plan)))


class _Applied(StringIO):
    """What `migrate` writes to: counts the migrations that it applies."""

    def __init__(self, total: int) -> None:
        super().__init__()
        self._total, self._done = total, 0

    def write(self, text: str) -> int:
        if text.strip() == "OK":
            self._done += 1
            _say(migrated=self._done, of=self._total)
        return len(text)


def _make_owner() -> None:
    from django.contrib.auth import get_user_model

    # Saleor 3 has nothing that makes a superuser.
    owner = get_user_model()(
        email=os.environ["DJANGO_SUPERUSER_EMAIL"], is_staff=True, is_superuser=True
    )
    owner.set_password(os.environ["DJANGO_SUPERUSER_PASSWORD"])
    owner.save()


if __name__ == "__main__":
    main()
