"""How a shop is opened and sells through Saleor 2.10.1's API."""

from typing import Any

from demo import shop
from demo.api import Api
from demo.shop import Customer, Order, Shop

# What whoever has the link to an order asks for.
BY_LINK = """query ($link: UUID!) {
  order: orderByToken(token: $link) { serials(first: 20) { edges { node { data status } } } }
}"""

_GATEWAY = "mirumee.payments.dummy"


def open_shop(owner: Api) -> Shop:
    """Make all that a checkout needs: a name, a product with a variant, its stock, shipping.

    Raises:
        RefusedError: Saleor refused a step.
    """
    owner.do(
        """mutation ($name: String!) {
          shopDomainUpdate(input: {name: $name}) { errors { field message } }
        }""",
        name=shop.SHOP_NAME,
    )
    warehouse = _make_warehouse(owner)
    _make_shipping(owner, warehouse=warehouse)
    return Shop(variant=_make_variant(owner, warehouse=warehouse), cashier=owner)


def _make_warehouse(owner: Api) -> str:
    made = owner.do(
        """mutation ($input: WarehouseCreateInput!) {
          createWarehouse(input: $input) { warehouse { id } errors { field message } }
        }""",
        input={"name": "Harbour", "slug": "harbour", "address": shop.ADDRESS},
    )
    return _id(made["warehouse"])


def _make_variant(owner: Api, *, warehouse: str) -> str:
    category = owner.do(
        """mutation ($name: String!) {
          categoryCreate(input: {name: $name}) { category { id } errors { field message } }
        }""",
        name="Games",
    )["category"]
    edition = owner.do(
        """mutation ($input: AttributeCreateInput!) {
          attributeCreate(input: $input) { attribute { id } errors { field message } }
        }""",
        input={"name": "Edition", "values": [{"name": shop.EDITION}]},
    )["attribute"]
    kind = owner.do(
        """mutation ($input: ProductTypeInput!) {
          productTypeCreate(input: $input) { productType { id } errors { field message } }
        }""",
        input={
            "name": "Boxed game",
            "hasVariants": True,
            "isShippingRequired": True,
            "variantAttributes": [edition["id"]],
        },
    )["productType"]
    product = owner.do(
        """mutation ($input: ProductCreateInput!) {
          productCreate(input: $input) { product { id } errors { field message } }
        }""",
        input={
            "name": shop.PRODUCT,
            "productType": kind["id"],
            "category": category["id"],
            "basePrice": shop.PRICE,
            "isPublished": True,
        },
    )["product"]
    made = owner.do(
        """mutation ($input: ProductVariantCreateInput!) {
          productVariantCreate(input: $input) { productVariant { id } errors { field message } }
        }""",
        input={
            "product": product["id"],
            "sku": shop.SKU,
            "attributes": [{"id": edition["id"], "values": [shop.EDITION]}],
            "trackInventory": True,
            "stocks": [{"warehouse": warehouse, "quantity": shop.BOXES_IN_STOCK}],
        },
    )
    return _id(made["productVariant"])


def _make_shipping(owner: Api, *, warehouse: str) -> None:
    zone = owner.do(
        """mutation ($input: ShippingZoneCreateInput!) {
          shippingZoneCreate(input: $input) { shippingZone { id } errors { field message } }
        }""",
        input={"name": "United States", "countries": ["US"], "addWarehouses": [warehouse]},
    )["shippingZone"]
    owner.do(
        """mutation ($input: ShippingPriceInput!) {
          shippingPriceCreate(input: $input) { errors { field message } }
        }""",
        input={
            "name": "LineDelivery",
            "type": "PRICE",
            "price": shop.SHIPPING_PRICE,
            "shippingZone": zone["id"],
        },
    )


def buy(customer: Customer, at: Shop, *, boxes: int) -> Order:
    """Go through a whole checkout: lines, addresses, shipping, payment, order.

    Raises:
        RefusedError: Saleor refused a step.
    """
    api = customer.api
    checkout = api.do(
        """mutation ($input: CheckoutCreateInput!) {
          checkoutCreate(input: $input) {
            checkout { id availableShippingMethods { id } } errors { field message }
          }
        }""",
        input={
            "email": customer.email,
            "lines": [{"variantId": at.variant, "quantity": boxes}],
            "shippingAddress": customer.address,
            "billingAddress": customer.address,
        },
    )["checkout"]
    [line_delivery] = checkout["availableShippingMethods"]
    api.do(
        """mutation ($checkout: ID!, $method: ID!) {
          checkoutShippingMethodUpdate(checkoutId: $checkout, shippingMethodId: $method) {
            errors { field message }
          }
        }""",
        checkout=checkout["id"],
        method=line_delivery["id"],
    )
    api.do(
        """mutation ($checkout: ID!, $input: PaymentInput!) {
          checkoutPaymentCreate(checkoutId: $checkout, input: $input) { errors { field message } }
        }""",
        checkout=checkout["id"],
        input={"gateway": _GATEWAY, "token": "a-card-that-works"},
    )
    order = api.do(
        """mutation ($checkout: ID!) {
          checkoutComplete(checkoutId: $checkout) {
            order { id token number isPaid total { gross { amount } } }
            errors { field message }
          }
        }""",
        checkout=checkout["id"],
    )["order"]
    return Order(
        id=order["id"],
        link=order["token"],
        number=order["number"],
        is_paid=order["isPaid"],
        total=order["total"]["gross"]["amount"],
        payment="",
    )


def refund(order: Order, at: Shop, *, amount: float) -> float:
    """Pay money of an order back; return what the shop keeps of it.

    Raises:
        RefusedError: Saleor refused.
    """
    made = at.cashier.do(
        """mutation ($order: ID!, $amount: Decimal!) {
          orderRefund(id: $order, amount: $amount) {
            order { totalCaptured { amount } } errors { field message }
          }
        }""",
        order=order.id,
        amount=amount,
    )
    return float(made["order"]["totalCaptured"]["amount"])


def _id(made: Any) -> str:
    return str(made["id"])
