"""Who asks Saleor 2.10.1's API, and how they say who they are."""

from typing import Any

from django.contrib.auth.models import Permission
from graphql_jwt.shortcuts import get_token
from saleor.app.models import App

from tests.hosts import saleor2


def make_staff(*permissions: str, **values: Any) -> Any:
    """Make a member of staff who has these permissions, such as MANAGE_PRODUCTS."""
    user = saleor2.make_user(is_staff=True, **values)
    user.user_permissions.set(_permissions(permissions))
    return user


def make_app(*permissions: str, name: str = "Warehouse") -> App:
    """Make an app with a token and these permissions."""
    app = App.objects.create(name=name)
    app.permissions.set(_permissions(permissions))
    app.tokens.create(name="default")
    return app


def authorization(asker: Any) -> str:
    """The Authorization header of a user or an app."""
    if isinstance(asker, App):
        return f"Bearer {asker.tokens.get().auth_token}"
    return f"JWT {get_token(asker)}"


def order_token(order_id: str) -> str:
    return str(saleor2.Order.objects.get(pk=order_id).token)


def _permissions(names: tuple[str, ...]) -> list[Permission]:
    return [Permission.objects.get(codename=name.lower()) for name in names]
