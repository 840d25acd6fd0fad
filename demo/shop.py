"""The shop of the story, and who buys in it; how it is opened and sells is each Saleor's own."""

from dataclasses import dataclass

from demo.api import Api

SHOP_NAME = "Orion Games"
PRODUCT = "Space Traders"
SKU = "SPACE-TRADERS-BOX"
EDITION = "Boxed"
PRICE = 30.0
SHIPPING_PRICE = 5.0
BOXES_IN_STOCK = 10_000
ADDRESS = {
    "streetAddress1": "4 Harbour Street",
    "city": "San Francisco",
    "postalCode": "94105",
    "countryArea": "CA",
    "country": "US",
}


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A shop that is open: what storefronts work with, and who takes payments and pays back."""

    variant: str
    cashier: Api


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A customer with an account, logged in."""

    name: str
    email: str
    api: Api

    @property
    def address(self) -> dict[str, str]:
        return {"firstName": self.name, "lastName": "Example", **ADDRESS}


@dataclass(frozen=True, kw_only=True)
class Order:
    """A placed order, as the checkout answered; ``link`` is what leads whoever has it there."""

    id: str
    link: str
    number: str
    is_paid: bool
    total: float
    payment: str


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
