"""Who asks, as both hosts tell it: by the same names, and in rows of the same kind."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from saleor.app.models import App

from saleor_serials.host.shapes import Actor


def actor_of(context: Any, permissions: Mapping[str, Any]) -> Actor:
    """Say who makes a request, and which of these permissions they have.

    Both hosts set ``app`` only on their own path, and both keys lazily: that there is none shows
    in their truth alone. What was said once of somebody stays for the request; 2.10.1 answers
    several requests in one, and a login among them makes another of who asks.
    """
    user, app = getattr(context, "user", None), getattr(context, "app", None)
    who = (user.pk if user else None, app.pk if app else None)
    known: dict[Any, Actor] = context.__dict__.setdefault("saleor_serials_actors", {})
    if who not in known:
        known[who] = Actor(
            user_id=who[0],
            app_id=who[1],
            group_ids=(
                frozenset(user.groups.values_list("pk", flat=True))
                if user and user.is_staff
                else frozenset()
            ),
            is_superuser=bool(user and user.is_superuser),
            permissions=frozenset(
                name
                for name, permission in permissions.items()
                if any(each.has_perm(permission) for each in (user, app) if each)
            ),
        )
    return known[who]


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


def group_names(group_ids: Iterable[int]) -> dict[int, str]:
    """Say what staff groups are called; those that do not exist are missing. One statement."""
    groups = get_user_model().groups.field.related_model.objects.filter(pk__in=list(group_ids))
    return dict(groups.values_list("pk", "name"))
