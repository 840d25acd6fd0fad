"""Open a shop through Saleor's own GraphQL API, and sell in it."""

from dataclasses import dataclass
from typing import Any

from demo.api import Api

SHOP_NAME = "Orion Games"
PRODUCT = "Space Traders"
EDITION = "Boxed"
PRICE = 30.0
SHIPPING_PRICE = 5.0
BOXES_IN_STOCK = 100

_GATEWAY = "mirumee.payments.dummy"
_WAREHOUSE = {
    "streetAddress1": "4 Harbour Street",
    "city": "San Francisco",
    "postalCode": "94105",
    "countryArea": "CA",
    "country": "US",
}


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A shop that is open: the ids that storefronts work with."""

    variant: str
    shipping_method: str


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A customer with an account, logged in."""

    name: str
    email: str
    api: Api

    @property
    def address(self) -> dict[str, str]:
        return {"firstName": self.name, "lastName": "Example", **_WAREHOUSE}


@dataclass(frozen=True, kw_only=True)
class Order:
    """A placed order, as the checkout answered."""

    id: str
    token: str
    number: str
    is_paid: bool
    total: float


def open_shop(owner: Api) -> Shop:
    """Make all that a checkout needs: a name, a product with a variant, its stock, shipping.

    Raises:
        RefusedError: Saleor refused a step.
    """
    owner.do(
        """mutation ($name: String!) {
          shopDomainUpdate(input: {name: $name}) { errors { field message } }
        }""",
        name=SHOP_NAME,
    )
    warehouse = _make_warehouse(owner)
    variant = _make_variant(owner, warehouse=warehouse)
    return Shop(variant=variant, shipping_method=_make_shipping(owner, warehouse=warehouse))


def _make_warehouse(owner: Api) -> str:
    made = owner.do(
        """mutation ($input: WarehouseCreateInput!) {
          createWarehouse(input: $input) { warehouse { id } errors { field message } }
        }""",
        input={"name": "Harbour", "slug": "harbour", "address": _WAREHOUSE},
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
        input={"name": "Edition", "values": [{"name": EDITION}]},
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
            "name": PRODUCT,
            "productType": kind["id"],
            "category": category["id"],
            "basePrice": PRICE,
            "isPublished": True,
        },
    )["product"]
    made = owner.do(
        """mutation ($input: ProductVariantCreateInput!) {
          productVariantCreate(input: $input) { productVariant { id } errors { field message } }
        }""",
        input={
            "product": product["id"],
            "sku": "SPACE-TRADERS-BOX",
            "attributes": [{"id": edition["id"], "values": [EDITION]}],
            "trackInventory": True,
            "stocks": [{"warehouse": warehouse, "quantity": BOXES_IN_STOCK}],
        },
    )
    return _id(made["productVariant"])


def _make_shipping(owner: Api, *, warehouse: str) -> str:
    zone = owner.do(
        """mutation ($input: ShippingZoneCreateInput!) {
          shippingZoneCreate(input: $input) { shippingZone { id } errors { field message } }
        }""",
        input={"name": "United States", "countries": ["US"], "addWarehouses": [warehouse]},
    )["shippingZone"]
    made = owner.do(
        """mutation ($input: ShippingPriceInput!) {
          shippingPriceCreate(input: $input) { shippingMethod { id } errors { field message } }
        }""",
        input={
            "name": "Parcel",
            "type": "PRICE",
            "price": SHIPPING_PRICE,
            "shippingZone": zone["id"],
        },
    )
    return _id(made["shippingMethod"])


def email_of(name: str) -> str:
    """The e-mail address with which a customer of this name logs in."""
    return f"{name.lower()}@example.com"


def password_of(name: str) -> str:
    """The password with which a customer of this name logs in."""
    return f"{name.lower()}-likes-games"


def register(api: Api, *, name: str) -> Customer:
    """Open a customer's account and log in.

    Raises:
        RefusedError: Saleor refused a step.
    """
    email, password = email_of(name), password_of(name)
    api.do(
        """mutation ($email: String!, $password: String!) {
          accountRegister(input: {email: $email, password: $password}) {
            errors { field message }
          }
        }""",
        email=email,
        password=password,
    )
    return Customer(name=name, email=email, api=api.log_in(email, password))


def buy(customer: Customer, shop: Shop, *, boxes: int) -> Order:
    """Go through a whole checkout: lines, addresses, shipping, payment, order.

    Raises:
        RefusedError: Saleor refused a step.
    """
    api = customer.api
    checkout = api.do(
        """mutation ($input: CheckoutCreateInput!) {
          checkoutCreate(input: $input) { checkout { id } errors { field message } }
        }""",
        input={
            "email": customer.email,
            "lines": [{"variantId": shop.variant, "quantity": boxes}],
            "shippingAddress": customer.address,
            "billingAddress": customer.address,
        },
    )["checkout"]["id"]
    api.do(
        """mutation ($checkout: ID!, $method: ID!) {
          checkoutShippingMethodUpdate(checkoutId: $checkout, shippingMethodId: $method) {
            errors { field message }
          }
        }""",
        checkout=checkout,
        method=shop.shipping_method,
    )
    api.do(
        """mutation ($checkout: ID!, $input: PaymentInput!) {
          checkoutPaymentCreate(checkoutId: $checkout, input: $input) { errors { field message } }
        }""",
        checkout=checkout,
        input={"gateway": _GATEWAY, "token": "a-card-that-works"},
    )
    order = api.do(
        """mutation ($checkout: ID!) {
          checkoutComplete(checkoutId: $checkout) {
            order { id token number isPaid total { gross { amount } } }
            errors { field message }
          }
        }""",
        checkout=checkout,
    )["order"]
    return Order(
        id=order["id"],
        token=order["token"],
        number=order["number"],
        is_paid=order["isPaid"],
        total=order["total"]["gross"]["amount"],
    )


def refund(owner: Api, order: Order, *, amount: float) -> str:
    """Pay money of an order back; return what Saleor now says of its payment.

    Raises:
        RefusedError: Saleor refused.
    """
    made = owner.do(
        """mutation ($order: ID!, $amount: Decimal!) {
          orderRefund(id: $order, amount: $amount) {
            order { paymentStatus } errors { field message }
          }
        }""",
        order=order.id,
        amount=amount,
    )
    return str(made["order"]["paymentStatus"])


def _id(made: Any) -> str:
    return str(made["id"])
