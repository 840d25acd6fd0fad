"""Who asks Saleor 3's API, and how they say who they are."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from django.utils import timezone
from graphene import Node
from saleor.account.models import Group
from saleor.app.models import App
from saleor.core.jwt import create_access_token
from saleor.permission.models import Permission
from saleor.product.models import ProductChannelListing, ProductVariantChannelListing

from tests.hosts import saleor3

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

# Saleor 3 reads no JSON that says what no database can store.
UNENCODABLE: list[str] = []

# Saleor 3 takes batches of one unless told otherwise, and clears the context after each request.
ONE_CONTEXT_PER_BATCH = False

# What order lines say of their metadata.
LINE_METADATA = "id privateMetadata { key value } metadata { key value }"

# What it takes to know which packs a member of staff reaches: which of their groups are vendors'.
# The groups themselves come from the replica, as the user does.
REACH_STATEMENTS = 1

# A plugin's settings, as fields of the type Plugin.
SETTINGS = "globalConfiguration { active configuration { name value type label helpText } }"


def settings_of(plugin: Any) -> Any:
    """Find ``active`` and ``configuration`` in what SETTINGS asked for."""
    return plugin["globalConfiguration"]


def make_staff(*permissions: str, **values: Any) -> Any:
    """Make a member of staff who has these permissions, such as MANAGE_PRODUCTS.

    In a group: without one, no member of staff has access to any channel, or to its orders.
    """
    user = saleor3.make_user(is_staff=True, **values)
    group = Group.objects.create(name=user.email, restricted_access_to_channels=False)
    group.permissions.set(_permissions(permissions))
    user.groups.add(group)
    return user


def make_group() -> Group:
    """Make a group of staff that gives no permission, and access to all channels."""
    return Group.objects.create(name=f"Group {next(_numbers)}", restricted_access_to_channels=False)


def make_vendor(*permissions: str, groups: Sequence[Group], **values: Any) -> Any:
    """Make a member of staff with these permissions who is in these groups."""
    user = make_staff(*permissions, **values)
    user.groups.add(*groups)
    return user


def permit(user: Any, *permissions: str) -> None:
    """Give a member of staff more permissions, through the group that is theirs alone."""
    user.groups.get(name=user.email).permissions.add(*_permissions(permissions))


def make_app(*permissions: str, name: str = "Warehouse") -> App:
    """Make an app with a token and these permissions."""
    app = App.objects.create(name=name, is_active=True)
    app.permissions.set(_permissions(permissions))
    # Saleor 3 keeps only its hash.
    _, app.token = app.tokens.create(name="default")
    return app


def authorization(asker: Any) -> str:
    """The Authorization header of a user, or of an app that ``make_app`` made."""
    token = asker.token if isinstance(asker, App) else create_access_token(asker)
    return f"Bearer {token}"


def show(variant: Any) -> None:
    """Have everybody see a variant and its product, and buy it, in the one channel there is."""
    channel = saleor3._channel()
    currency = channel.currency_code
    ProductChannelListing.objects.create(
        product=variant.product,
        channel=channel,
        currency=currency,
        is_published=True,
        available_for_purchase_at=timezone.now(),
    )
    ProductVariantChannelListing.objects.create(
        variant=variant,
        channel=channel,
        currency=currency,
        price_amount=10,
        discounted_price_amount=10,
    )


def check_out(ask: Callable[..., Any], variant: Any, *, quantity: int, by: Any, order: str) -> Any:
    """Buy a digital variant, asking the API as the buyer; return these fields of the order.

    An app reports the payment, as payment providers' apps do.
    """
    created = ask(
        """mutation ($input: CheckoutCreateInput!) {
          checkoutCreate(input: $input) {
            checkout { id totalPrice { gross { amount currency } } } errors { field message }
          }
        }""",
        {
            "input": {
                "channel": saleor3._channel().slug,
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
    assert created["errors"] == []
    checkout = created["checkout"]
    paid = ask(
        """mutation ($id: ID!, $transaction: TransactionCreateInput!) {
          transactionCreate(id: $id, transaction: $transaction) { errors { field message } }
        }""",
        {
            "id": checkout["id"],
            "transaction": {
                "pspReference": "a-card",
                "amountCharged": checkout["totalPrice"]["gross"],
            },
        },
        by=make_app("HANDLE_PAYMENTS", name="Payments"),
    )["transactionCreate"]
    assert paid["errors"] == []
    completed = ask(
        f"""mutation ($id: ID!) {{
          checkoutComplete(id: $id) {{ order {{ {order} }} errors {{ field message }} }}
        }}""",
        {"id": checkout["id"]},
        by=by,
    )["checkoutComplete"]
    assert completed["errors"] == []
    return completed["order"]


def why_not_in_checkout(ask: Callable[..., Any], variant: Any, *, quantity: int, by: Any) -> Any:
    """Put a variant into a checkout, asking the API as the buyer; return the codes of refusals."""
    line = {"variantId": Node.to_global_id("ProductVariant", variant.pk), "quantity": quantity}
    made = ask(
        """mutation ($input: CheckoutCreateInput!) {
          checkoutCreate(input: $input) { errors { code } }
        }""",
        {
            "input": {
                "channel": saleor3._channel().slug,
                "email": by.email,
                "billingAddress": _ADDRESS,
                "lines": [line],
            }
        },
        by=by,
    )["checkoutCreate"]
    return [error["code"] for error in made["errors"]]


def order_token(order_id: str) -> str:
    """A guest's order has no token of its own: who knows its id is its buyer."""
    return order_id


def _permissions(names: tuple[str, ...]) -> list[Permission]:
    return [Permission.objects.get(codename=name.lower()) for name in names]
