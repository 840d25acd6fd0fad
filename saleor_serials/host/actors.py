"""Who asks, as both hosts tell it: by the same names, and in rows of the same kind."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from saleor.app.models import App

from saleor_serials.host.shapes import Actor


def actor_of(context: Any, permissions: Mapping[str, Any]) -> Actor:
    """Say who makes a request, and which of these permissions they have.

    Both hosts set ``app`` only on their own path, and both keys lazily: that there is none shows
    in their truth alone.
    """
    user, app = getattr(context, "user", None), getattr(context, "app", None)
    return Actor(
        user_id=user.pk if user else None,
        app_id=app.pk if app else None,
        permissions=frozenset(
            name
            for name, permission in permissions.items()
            if any(each.has_perm(permission) for each in (user, app) if each)
        ),
    )


def actor_names(actors: Iterable[str]) -> dict[str, str]:
    """Say how staff know those who stand in the history: users by e-mail, apps by name.

    Two statements. Whoever has been deleted is missing.
    """
    ids: dict[str, list[str]] = {"user": [], "app": []}
    for each in actors:
        kind, _, pk = each.partition(":")
        if kind in ids:
            ids[kind].append(pk)
    users = get_user_model().objects.filter(pk__in=ids["user"]).values_list("pk", "email")
    apps = App.objects.filter(pk__in=ids["app"]).values_list("pk", "name")
    return {f"user:{pk}": email for pk, email in users} | {f"app:{pk}": name for pk, name in apps}
