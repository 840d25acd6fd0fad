"""How a shop is opened and sells through the API of Saleor 3.21 to 3.24."""

from dataclasses import replace
from typing import Any

from demo import shop
from demo.api import Api
from demo.shop import Customer, Order, Shop
from saleor_serials.host import installed_version

# What whoever has the link to an order asks for.
BY_LINK = """query ($link: ID!) {
  order(id: $link) { serials(first: 20) { edges { node { data status } } } }
}"""

_CHANNEL = "united-states"
_NAME_A_SHOP = """mutation ($name: String!) {
  shopSettingsUpdate(input: {name: $name}) { errors { field message } }
}"""
_NAME_A_SITE = """mutation ($name: String!) {
  shopDomainUpdate(input: {name: $name}) { errors { field message } }
}"""


def open_shop(owner: Api) -> Shop:
    """Make all that a checkout needs: a channel, a product with a variant, its stock, shipping.

    Raises:
        RefusedError: Saleor refused a step.
    """
    _settle_in(owner)
    warehouse = _make_warehouse(owner)
    channel = _make_channel(owner, warehouse=warehouse)
    _make_shipping(owner, channel=channel, warehouse=warehouse)
    variant = _make_variant(owner, channel=channel, warehouse=warehouse)
    return Shop(variant=variant, cashier=_make_cashier(owner))


def _settle_in(owner: Api) -> None:
    # 3.23: a shop's name moved, and main has its old place no more.
    is_site = installed_version().startswith(("3.21", "3.22"))
    owner.do(_NAME_A_SITE if is_site else _NAME_A_SHOP, name=shop.SHOP_NAME)
    owner.do(
        """mutation {
          shopSettingsUpdate(input: {enableAccountConfirmationByEmail: false}) {
            errors { field message }
          }
        }"""
    )
    # Without a group, a superuser too has access to the orders of no channel.
    owner.do(
        """mutation ($owner: ID!) {
          permissionGroupCreate(
            input: {name: "Owners", restrictedAccessToChannels: false, addUsers: [$owner]}
          ) { errors { field message } }
        }""",
        owner=owner.ask("{ me { id } }")["me"]["id"],
    )


def _make_warehouse(owner: Api) -> str:
    made = owner.do(
        """mutation ($input: WarehouseCreateInput!) {
          createWarehouse(input: $input) { warehouse { id } errors { field message } }
        }""",
        input={"name": "Harbour", "slug": "harbour", "address": shop.ADDRESS},
    )
    return _id(made["warehouse"])


def _make_channel(owner: Api, *, warehouse: str) -> str:
    made = owner.do(
        """mutation ($input: ChannelCreateInput!) {
          channelCreate(input: $input) { channel { id } errors { field message } }
        }""",
        input={
            "name": "United States",
            "slug": _CHANNEL,
            "currencyCode": "USD",
            "defaultCountry": "US",
            "isActive": True,
            "addWarehouses": [warehouse],
        },
    )
    return _id(made["channel"])


def _make_variant(owner: Api, *, channel: str, warehouse: str) -> str:
    category = owner.do(
        """mutation ($name: String!) {
          categoryCreate(input: {name: $name}) { category { id } errors { field message } }
        }""",
        name="Games",
    )["category"]
    kind = owner.do(
        """mutation ($input: ProductTypeInput!) {
          productTypeCreate(input: $input) { productType { id } errors { field message } }
        }""",
        input={"name": "Boxed game", "isShippingRequired": True},
    )["productType"]
    product = owner.do(
        """mutation ($input: ProductCreateInput!) {
          productCreate(input: $input) { product { id } errors { field message } }
        }""",
        input={"name": shop.PRODUCT, "productType": kind["id"], "category": category["id"]},
    )["product"]
    owner.do(
        """mutation ($product: ID!, $input: ProductChannelListingUpdateInput!) {
          productChannelListingUpdate(id: $product, input: $input) { errors { field message } }
        }""",
        product=product["id"],
        input={
            "updateChannels": [
                {"channelId": channel, "isPublished": True, "isAvailableForPurchase": True}
            ]
        },
    )
    variant = owner.do(
        """mutation ($input: ProductVariantCreateInput!) {
          productVariantCreate(input: $input) { productVariant { id } errors { field message } }
        }""",
        input={
            "product": product["id"],
            "sku": shop.SKU,
            "name": shop.EDITION,
            "attributes": [],
            "trackInventory": True,
            "stocks": [{"warehouse": warehouse, "quantity": shop.BOXES_IN_STOCK}],
        },
    )["productVariant"]
    owner.do(
        """mutation ($variant: ID!, $channel: ID!, $price: PositiveDecimal!) {
          productVariantChannelListingUpdate(
            id: $variant, input: [{channelId: $channel, price: $price}]
          ) { errors { field message } }
        }""",
        variant=variant["id"],
        channel=channel,
        price=shop.PRICE,
    )
    return _id(variant)


def _make_shipping(owner: Api, *, channel: str, warehouse: str) -> None:
    zone = owner.do(
        """mutation ($input: ShippingZoneCreateInput!) {
          shippingZoneCreate(input: $input) { shippingZone { id } errors { field message } }
        }""",
        input={
            "name": "United States",
            "countries": ["US"],
            "addChannels": [channel],
            "addWarehouses": [warehouse],
        },
    )["shippingZone"]
    method = owner.do(
        """mutation ($input: ShippingPriceInput!) {
          shippingPriceCreate(input: $input) { shippingMethod { id } errors { field message } }
        }""",
        input={"name": "LineDelivery", "type": "PRICE", "shippingZone": zone["id"]},
    )["shippingMethod"]
    owner.do(
        """mutation ($method: ID!, $channel: ID!, $price: PositiveDecimal!) {
          shippingMethodChannelListingUpdate(
            id: $method, input: {addChannels: [{channelId: $channel, price: $price}]}
          ) { errors { field message } }
        }""",
        method=method["id"],
        channel=channel,
        price=shop.SHIPPING_PRICE,
    )


def _make_cashier(owner: Api) -> Api:
    """Let an app in that reports payments, as those of payment providers do."""
    made = owner.do(
        """mutation {
          appCreate(input: {name: "Orion Pay", permissions: [HANDLE_PAYMENTS]}) {
            authToken errors { field message }
          }
        }"""
    )
    return replace(owner, token=made["authToken"])


def buy(customer: Customer, at: Shop, *, boxes: int) -> Order:
    """Go through a whole checkout: lines, addresses, shipping, payment, order.

    Raises:
        RefusedError: Saleor refused a step.
    """
    api = customer.api
    checkout = api.do(
        """mutation ($input: CheckoutCreateInput!) {
          checkoutCreate(input: $input) {
            checkout { id shippingMethods { id } } errors { field message }
          }
        }""",
        input={
            "channel": _CHANNEL,
            "email": customer.email,
            "lines": [{"variantId": at.variant, "quantity": boxes}],
            "shippingAddress": customer.address,
            "billingAddress": customer.address,
        },
    )["checkout"]
    [line_delivery] = checkout["shippingMethods"]
    total = api.do(
        """mutation ($checkout: ID!, $method: ID!) {
          checkoutDeliveryMethodUpdate(id: $checkout, deliveryMethodId: $method) {
            checkout { totalPrice { gross { amount } } } errors { field message }
          }
        }""",
        checkout=checkout["id"],
        method=line_delivery["id"],
    )["checkout"]["totalPrice"]["gross"]["amount"]
    payment = at.cashier.do(
        """mutation ($checkout: ID!, $transaction: TransactionCreateInput!) {
          transactionCreate(id: $checkout, transaction: $transaction) {
            transaction { id } errors { field message }
          }
        }""",
        checkout=checkout["id"],
        transaction={
            "name": "A card that works",
            "pspReference": f"charge of {checkout['id']}",
            "availableActions": ["REFUND"],
            "amountCharged": {"amount": total, "currency": "USD"},
        },
    )["transaction"]
    order = api.do(
        """mutation ($checkout: ID!) {
          checkoutComplete(id: $checkout) {
            order { id number isPaid total { gross { amount } } } errors { field message }
          }
        }""",
        checkout=checkout["id"],
    )["order"]
    return Order(
        id=order["id"],
        link=order["id"],
        number=order["number"],
        is_paid=order["isPaid"],
        total=order["total"]["gross"]["amount"],
        payment=payment["id"],
    )


def refund(order: Order, at: Shop, *, amount: float) -> float:
    """Pay money of an order back; return what the shop keeps of it.

    Raises:
        RefusedError: Saleor refused.
    """
    made = at.cashier.do(
        """mutation ($transaction: ID!, $amount: PositiveDecimal!, $reference: String!) {
          transactionEventReport(
            id: $transaction, type: REFUND_SUCCESS, amount: $amount, pspReference: $reference
          ) { transaction { chargedAmount { amount } } errors { field message } }
        }""",
        transaction=order.payment,
        amount=amount,
        reference=f"refund of {order.id}",
    )
    return float(made["transaction"]["chargedAmount"]["amount"])


def _id(made: Any) -> str:
    return str(made["id"])
