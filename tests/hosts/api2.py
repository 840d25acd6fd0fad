"""Who asks Saleor 2.10.1's API, and how they say who they are."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, Permission
from graphene import Node
from graphql_jwt.shortcuts import get_token
from saleor.app.models import App

from tests.hosts import saleor2

_numbers = count(1)

_ADDRESS = {
    "firstName": "Ada",
    "lastName": "Byron",
    "streetAddress1": "1 Main St",
    "city": "New York",
    "countryArea": "NY",
    "postalCode": "10001",
    "country": "US",
}

# Text that JSON can say and no database can store.
UNENCODABLE = ["\ud800"]

# What one request of a batch read, and who it was, stays for the next.
ONE_CONTEXT_PER_BATCH = True

# What order lines say of their metadata: 2.10.1's have none.
LINE_METADATA = "id"

# What it takes to know which packs a member of staff reaches: whether they are in a group.
REACH_STATEMENTS = 1

# A plugin's settings, as fields of the type Plugin.
SETTINGS = "active configuration { name value type label helpText }"


def settings_of(plugin: Any) -> Any:
    """Find ``active`` and ``configuration`` in what SETTINGS asked for."""
    return plugin


def make_staff(*permissions: str, **values: Any) -> Any:
    """Make a member of staff who has these permissions, such as MANAGE_PRODUCTS."""
    user = saleor2.make_user(is_staff=True, **values)
    user.user_permissions.set(_permissions(permissions))
    return user


def make_group() -> Group:
    """Make a group of staff that gives no permission."""
    return Group.objects.create(name=f"Group {next(_numbers)}")


def make_vendor(*permissions: str, groups: Sequence[Group], **values: Any) -> Any:
    """Make a member of staff with these permissions who is in these groups."""
    user = make_staff(*permissions, **values)
    user.groups.add(*groups)
    return user


def permit(user: Any, *permissions: str) -> None:
    """Give a member of staff more permissions."""
    user.user_permissions.add(*_permissions(permissions))


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


def show(variant: Any) -> None:
    """Have everybody see a variant and its product; 2.10.1 shows what is published."""


def check_out(ask: Callable[..., Any], variant: Any, *, quantity: int, by: Any, order: str) -> Any:
    """Buy a digital variant, asking the API as the buyer; return these fields of the order."""
    created = ask(
        """mutation ($input: CheckoutCreateInput!) {
          checkoutCreate(input: $input) {
            checkout { id totalPrice { gross { amount } } } checkoutErrors { message }
          }
        }""",
        {
            "input": {
                "email": by.email,
                "billingAddress": _ADDRESS,
                "lines": [
                    {
                        "variantId": Node.to_global_id("ProductVariant", variant.pk),
                        "quantity": quantity,
                    }
                ],
            }
        },
        by=by,
    )["checkoutCreate"]
    assert created["checkoutErrors"] == []
    checkout = created["checkout"]
    paid = ask(
        """mutation ($id: ID!, $input: PaymentInput!) {
          checkoutPaymentCreate(checkoutId: $id, input: $input) { paymentErrors { message } }
        }""",
        {
            "id": checkout["id"],
            "input": {
                "gateway": "mirumee.payments.dummy",
                "token": "a-card",
                "amount": checkout["totalPrice"]["gross"]["amount"],
            },
        },
        by=by,
    )["checkoutPaymentCreate"]
    assert paid["paymentErrors"] == []
    completed = ask(
        f"""mutation ($id: ID!) {{
          checkoutComplete(checkoutId: $id) {{
            order {{ {order} }} checkoutErrors {{ message }}
          }}
        }}""",
        {"id": checkout["id"]},
        by=by,
    )["checkoutComplete"]
    assert completed["checkoutErrors"] == []
    return completed["order"]


def why_not_in_checkout(ask: Callable[..., Any], variant: Any, *, quantity: int, by: Any) -> Any:
    """Put a variant into a checkout, asking the API as the buyer; return the codes of refusals."""
    line = {"variantId": Node.to_global_id("ProductVariant", variant.pk), "quantity": quantity}
    made = ask(
        """mutation ($input: CheckoutCreateInput!) {
          checkoutCreate(input: $input) { checkoutErrors { code } }
        }""",
        {
            "input": {
                "email": by.email,
                "billingAddress": _ADDRESS,
                "lines": [line],
            }
        },
        by=by,
    )["checkoutCreate"]
    return [error["code"] for error in made["checkoutErrors"]]


def order_token(order_id: str) -> str:
    return str(saleor2.Order.objects.get(pk=order_id).token)


def _permissions(names: tuple[str, ...]) -> list[Permission]:
    return [Permission.objects.get(codename=name.lower()) for name in names]
