"""A shop on Saleor 3 and who works in it, by the mutations that they call."""

from typing import Any

from saleor.account.models import Address
from saleor.channel.models import Channel
from saleor.payment.models import TransactionItem
from saleor.tax.models import TaxConfiguration
from saleor.warehouse.models import Warehouse

from saleor_serials.serials import add
from tests import making
from tests.graphql.api import gid, people
from tests.hosts import shop
from tests.hosts.flows3.calls import Name, call, money, pk_of

ADDRESS = {
    "firstName": "Ada",
    "lastName": "Byron",
    "streetAddress1": "1 Main St",
    "city": "New York",
    "countryArea": "NY",
    "postalCode": "10001",
}


class Desk:
    """A shop that sells one variant, for 10 apiece, and one serial of nine with each."""

    def __init__(self) -> None:
        self.pack = making.make_pack()
        add.add_serials(self.pack, list("123456789"), actor="user:1")
        self.variant = making.make_link(self.pack).variant
        people.show(self.variant)
        self.channel = Channel.objects.get()
        self.set_channel(allow_unpaid_orders=True)
        TaxConfiguration.objects.create(channel=self.channel, charge_taxes=False)
        self.staff = people.make_staff("MANAGE_ORDERS", "MANAGE_ORDERS_IMPORT", "HANDLE_PAYMENTS")
        self.app = people.make_app("HANDLE_PAYMENTS", "MANAGE_ORDERS", name="Payments")
        self.app.identifier = "shop.payments"
        self.app.save()
        address = Address.objects.create(country="US")
        self.warehouse = Warehouse.objects.create(name="Depot", slug="depot", address=address)
        self.warehouse.channels.add(self.channel)

    def set_channel(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self.channel, name, value)
        self.channel.save()

    def set_price(self, amount: int) -> None:
        self.variant.channel_listings.update(price_amount=amount, discounted_price_amount=amount)

    def hold_orders(self) -> None:
        """Have orders wait to be confirmed, so that their lines can be edited."""
        self.set_channel(automatically_confirm_all_new_orders=False)

    def other_variant(self) -> Any:
        """A second variant, with a serial of the same pack."""
        variant = making.make_link(self.pack).variant
        people.show(variant)
        return variant

    def check_out(self, units: int, *, charged: int = 0) -> str:
        """Buy as a storefront does, with a transaction where something is charged."""
        checkout = self.start_checkout(units)
        if charged:
            self.create_transaction(checkout, amountCharged=charged)
        return self.complete_checkout(checkout)

    def start_checkout(self, units: int) -> str:
        """Return the checkout's global id."""
        made = call(
            "checkoutCreate",
            "checkout { id }",
            by=None,
            input={
                "channel": "main",
                "email": "buyer@example.com",
                "billingAddress": {**ADDRESS, "country": Name("US")},
                "lines": [{"variantId": self.variant_id, "quantity": units}],
            },
        )
        return str(made["checkout"]["id"])

    def complete_checkout(self, checkout: str) -> str:
        made = call("checkoutComplete", "order { id }", by=None, id=checkout)
        return pk_of(made["order"]["id"])

    @property
    def variant_id(self) -> str:
        return gid("ProductVariant", self.variant.pk)

    def create_transaction(self, owner: str, **amounts: Any) -> str:
        """Tell of a transaction of a checkout or an order; ids are global."""
        made = call(
            "transactionCreate",
            "transaction { id }",
            by=self.app,
            id=owner,
            transaction={
                "name": "Card",
                "pspReference": "payment",
                "availableActions": [Name("CHARGE"), Name("REFUND")],
                **{name: money(amount) for name, amount in amounts.items()},
            },
        )
        return str(made["transaction"]["id"])

    def update_transaction(self, transaction: str, **amounts: int) -> None:
        """Overwrite a transaction's amounts."""
        written = {name: money(amount) for name, amount in amounts.items()}
        call("transactionUpdate", by=self.app, id=transaction, transaction=written)

    def request_refund(self, transaction: str, amount: int) -> None:
        call(
            "transactionRequestAction",
            by=self.staff,
            id=transaction,
            actionType=Name("REFUND"),
            amount=amount,
        )

    def grant(self, transaction: str, amount: int | None = None, *, units: int = 0) -> str:
        """Grant a refund of an amount, or of units of the order's first line."""
        order = TransactionItem.objects.get(token=pk_of(transaction)).order
        lines = [{"id": self.line(str(order.pk)), "quantity": units}]
        made = call(
            "orderGrantRefundCreate",
            "grantedRefund { id }",
            by=self.staff,
            id=gid("Order", order.pk),
            input={
                "transactionId": transaction,
                **({"lines": lines} if units else {"amount": amount}),
            },
        )
        return str(made["grantedRefund"]["id"])

    def mark_as_paid(self, order_id: str) -> None:
        call("orderMarkAsPaid", by=self.staff, id=gid("Order", order_id))

    def draft(self, units: int) -> str:
        """Draft an order as staff do."""
        made = call(
            "draftOrderCreate",
            "order { id }",
            by=self.staff,
            input={
                "channelId": gid("Channel", self.channel.pk),
                "userEmail": "buyer@example.com",
                "billingAddress": {**ADDRESS, "country": Name("US")},
                "lines": [{"variantId": self.variant_id, "quantity": units}],
            },
        )
        return pk_of(made["order"]["id"])

    def complete_draft(self, order_id: str) -> None:
        call("draftOrderComplete", by=self.staff, id=gid("Order", order_id))

    @property
    def warehouse_id(self) -> str:
        return gid("Warehouse", self.warehouse.pk)

    def line(self, order_id: str, index: int = 0) -> str:
        """The global id of a line of an order."""
        return gid("OrderLine", shop.line_ids(order_id)[index])

    def refill(self, *data: str) -> None:
        """Put more serials into the pack, for those who wait."""
        add.add_serials(self.pack, list(data), actor="user:1")
        making.settle(self.pack)

    def report(self, transaction: str, kind: str, amount: int, *, reference: str) -> None:
        """Report what happened at the provider, as a payment app does."""
        call(
            "transactionEventReport",
            by=self.app,
            id=transaction,
            type=Name(kind),
            amount=amount,
            pspReference=reference,
        )
