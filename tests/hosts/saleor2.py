"""A shop on Saleor 2.10.1: every step goes through Saleor's own functions, hooks and all.

Each function takes and returns plain ids, and the host's own row only where the host made it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any
from unittest import mock
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.contrib.sites.models import Site
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from saleor.account.models import Address, StaffNotificationRecipient, User
from saleor.order import FulfillmentStatus, OrderEvents, OrderStatus, actions, events
from saleor.order.models import Fulfillment, FulfillmentLine, Order, OrderEvent, OrderLine
from saleor.payment import ChargeStatus, gateway
from saleor.payment.models import Payment, Transaction
from saleor.payment.utils import create_payment
from saleor.plugins.base_plugin import BasePlugin
from saleor.plugins.manager import get_plugins_manager
from saleor.product.models import Category, Product, ProductType, ProductVariant
from saleor.shipping.models import ShippingZone
from saleor.warehouse.models import Allocation, Stock, Warehouse

from saleor_serials import dispatch

_DUMMY_GATEWAY = "mirumee.payments.dummy"
_numbers = count(1)

# The hooks that can mean that an order has changed.
ORDER_HOOKS = {name for name in vars(BasePlugin) if name.startswith(("order_", "fulfillment_"))}


def make_product(*, is_shipped: bool = False) -> Product:
    number = next(_numbers)
    category, _ = Category.objects.get_or_create(name="Games", slug="games")
    name = "Box" if is_shipped else "Licence"
    kind, _ = ProductType.objects.get_or_create(
        slug=name.lower(), defaults={"name": name, "is_shipping_required": is_shipped}
    )
    return Product.objects.create(
        name=f"Game {number}",
        slug=f"game-{number}",
        product_type=kind,
        category=category,
        price_amount=10,
        is_published=True,
    )


def make_variant(
    product: Product | None = None, *, is_tracked: bool = False, is_shipped: bool = False
) -> ProductVariant:
    return ProductVariant.objects.create(
        sku=f"SKU-{next(_numbers)}",
        name="Download",
        product=product or make_product(is_shipped=is_shipped),
        track_inventory=is_tracked,
    )


def stock(variant: ProductVariant, quantity: int, *, warehouse: str = "Main") -> None:
    """Put so many of a variant into a warehouse."""
    Stock.objects.create(
        warehouse=_warehouse(warehouse), product_variant=variant, quantity=quantity
    )


def stock_of(variant: ProductVariant) -> list[tuple[int, int]]:
    """How many of a variant there are and are allocated, warehouse by warehouse."""
    return [
        (each.quantity, sum(a.quantity_allocated for a in each.allocations.all()))
        for each in Stock.objects.filter(product_variant=variant).order_by("pk")
    ]


def edit_stock(variant: ProductVariant, quantity: int) -> None:
    """Change how many of a variant there are, as staff do."""
    Stock.objects.filter(product_variant=variant).update(quantity=quantity)


def allocated(variant: ProductVariant) -> dict[str, int]:
    """How many units of a variant each order line has allocated."""
    rows = Allocation.objects.filter(stock__product_variant=variant, quantity_allocated__gt=0)
    return {str(pk): units for pk, units in rows.values_list("order_line", "quantity_allocated")}


def rename_warehouse(slug: str, to: str) -> None:
    Warehouse.objects.filter(slug=slug).update(slug=to)


def tell_of_orders(user: User) -> None:
    """Have Saleor tell somebody about new orders."""
    StaffNotificationRecipient.objects.create(user=user)


def make_digital_variant() -> ProductVariant:
    """A variant that a checkout may hold without an address to ship it to."""
    variant = make_variant()
    stock(variant, 100)
    zone = ShippingZone.objects.create(name="Home", countries=["US"])
    _warehouse("Main").shipping_zones.add(zone)
    return variant


def _warehouse(name: str) -> Warehouse:
    warehouse, _ = Warehouse.objects.get_or_create(
        slug=name.lower(), defaults={"name": name, "address": _address("US")}
    )
    return warehouse


def _address(country: str) -> Address:
    return Address.objects.create(country=country, city="Springfield")


def make_user(*, email: str | None = None, **values: Any) -> User:
    return User.objects.create_user(
        email or f"user{next(_numbers)}@example.com", "password", **values
    )


def place_order(
    lines: Sequence[tuple[ProductVariant, int]],
    *,
    user: User | None = None,
    email: str = "guest@example.com",
    price: int = 10,
    language: str = "en",
) -> str:
    """Place an order as a completed checkout does, unpaid; return its id."""
    with transaction.atomic():
        order = _make_order(lines, user=user, email=email, price=price, language=language)
        actions.order_created(order, user=user or AnonymousUser())
    return str(order.pk)


def draft_order(lines: Sequence[tuple[ProductVariant, int]], *, email: str) -> str:
    order = _make_order(lines, user=None, email=email, price=10, status=OrderStatus.DRAFT)
    events.draft_order_created_event(order=order, user=None)
    return str(order.pk)


def complete_draft(order_id: str) -> None:
    """As draftOrderComplete does: outside of any transaction."""
    order = Order.objects.get(pk=order_id)
    order.status = OrderStatus.UNFULFILLED
    order.save()
    actions.order_created(order, user=AnonymousUser(), from_draft=True)


def _make_order(
    lines: Sequence[tuple[ProductVariant, int]],
    *,
    user: User | None,
    email: str,
    price: int,
    status: str = OrderStatus.UNFULFILLED,
    language: str = "en",
) -> Order:
    total = sum(quantity * price for _, quantity in lines)
    order = Order.objects.create(
        user=user,
        user_email=user.email if user else email,
        status=status,
        language_code=language,
        billing_address=_address("US"),
        total_net_amount=total,
        total_gross_amount=total,
    )
    for variant, quantity in lines:
        add_line(str(order.pk), variant, quantity, price=price)
    return order


def paid_orders(variant: ProductVariant, number: int, *, units: int) -> list[str]:
    """Place guests' orders that are paid, by the hundred: no hook, no signal; return their ids."""
    now = timezone.now()
    total = units * 10
    orders = Order.objects.bulk_create(
        Order(
            created=now,
            token=str(uuid4()),
            user_email=f"{uuid4()}@example.com",
            total_net_amount=total,
            total_gross_amount=total,
        )
        for _ in range(number)
    )
    OrderEvent.objects.bulk_create(
        OrderEvent(order=order, type=OrderEvents.PLACED, date=now) for order in orders
    )
    OrderLine.objects.bulk_create(_new_line(order.pk, variant, units, price=10) for order in orders)
    Payment.objects.bulk_create(
        Payment(
            order=order,
            gateway=_DUMMY_GATEWAY,
            charge_status=ChargeStatus.FULLY_CHARGED,
            total=total,
            captured_amount=total,
            currency=order.currency,
            billing_email=order.user_email,
        )
        for order in orders
    )
    return [str(order.pk) for order in orders]


def add_line(order_id: str, variant: ProductVariant, quantity: int, *, price: int = 10) -> str:
    line = _new_line(order_id, variant, quantity, price=price)
    line.save()
    _allocate(line)
    return str(line.pk)


def _new_line(order_id: Any, variant: ProductVariant, quantity: int, *, price: int) -> OrderLine:
    return OrderLine(
        order_id=order_id,
        variant=variant,
        product_name=variant.product.name,
        variant_name=variant.name,
        product_sku=variant.sku,
        is_shipping_required=variant.is_shipping_required(),
        quantity=quantity,
        unit_price_net_amount=price,
        unit_price_gross_amount=price,
    )


def _allocate(line: OrderLine) -> None:
    """Allocate what is tracked as a checkout does, as far as the stock goes."""
    missing = line.quantity if line.variant.track_inventory else 0
    for each in line.variant.stocks.annotate_available_quantity().order_by("pk"):
        units = min(missing, each.available_quantity)
        if units > 0:
            Allocation.objects.create(order_line=line, stock=each, quantity_allocated=units)
            missing -= units


def number(order_id: str) -> str:
    return order_id


def line_ids(order_id: str) -> list[str]:
    return [str(pk) for pk in OrderLine.objects.filter(order=order_id).values_list("pk", flat=True)]


def remove_line(line_id: str) -> None:
    OrderLine.objects.get(pk=line_id).delete()


def set_quantity(line_id: str, quantity: int) -> None:
    line = OrderLine.objects.get(pk=line_id)
    line.quantity = quantity
    line.save(update_fields=["quantity"])


def quantity_of(line_id: str) -> int:
    quantity: int = OrderLine.objects.values_list("quantity", flat=True).get(pk=line_id)
    return quantity


def pay(order_id: str, *, amount: int | None = None) -> None:
    """Charge a card on the order, in whole or in part."""
    order = Order.objects.get(pk=order_id)
    payment = create_payment(
        gateway=_DUMMY_GATEWAY,
        total=order.total_gross_amount if amount is None else Decimal(amount),
        currency=order.currency,
        email=order.user_email,
        payment_token=f"card-{next(_numbers)}",
        order=order,
    )
    gateway.process_payment(payment, token="fake-token")


def mark_as_paid(order_id: str) -> None:
    actions.mark_order_as_paid(Order.objects.get(pk=order_id), request_user=None)


def refund(order_id: str, *, amount: int | None = None) -> None:
    """Pay back as orderRefund does; all that is left, unless an amount is given."""
    order = Order.objects.get(pk=order_id)
    payment = order.get_last_payment()
    sum_ = payment.captured_amount if amount is None else Decimal(amount)
    gateway.refund(payment, sum_)
    actions.order_refunded(order, None, sum_, payment)


def remaining_amount(order_id: str) -> Decimal:
    """What is left of the money that came in."""
    kept: Decimal = Order.objects.get(pk=order_id).get_last_payment().captured_amount
    return kept


def refund_payment(order_id: str) -> None:
    """Pay everything back as paymentRefund does: no hook is called."""
    payment = Order.objects.get(pk=order_id).get_last_payment()
    gateway.refund(payment, payment.captured_amount)


def lose_payment(order_id: str) -> None:
    """Take the money away without a refund, as a chargeback or a hand does."""
    payment = Order.objects.get(pk=order_id).get_last_payment()
    payment.captured_amount = 0
    payment.save()


def cancel(order_id: str) -> None:
    actions.cancel_order(Order.objects.get(pk=order_id), user=None)


def is_cancelled(order_id: str) -> bool:
    return Order.objects.get(pk=order_id).status == OrderStatus.CANCELED


def set_email(order_id: str, email: str) -> None:
    """Correct an order's address as staff do; nothing is heard of it."""
    Order.objects.filter(pk=order_id).update(user_email=email)


def cancel_silently(order_id: str) -> None:
    """Cancel as a script would: no hook, no signal, no event."""
    Order.objects.filter(pk=order_id).update(status=OrderStatus.CANCELED)


def claim_guest_orders(user: User) -> None:
    """Give a guest's orders to the account they opened: no hook, no signal, no event."""
    Order.objects.filter(user_email=user.email, user=None).update(user=user)


def backdate(order_id: str, moment: datetime) -> None:
    """Make an order, its events and payments as old as this."""
    Order.objects.filter(pk=order_id).update(created=moment)
    OrderEvent.objects.filter(order=order_id).update(date=moment)
    Payment.objects.filter(order=order_id).update(modified=moment)


def set_plugin(*, active: bool | None = None, **configuration: str) -> None:
    """Change the plugin's settings as pluginUpdate does."""
    data: dict[str, Any] = {
        "configuration": [{"name": name, "value": value} for name, value in configuration.items()]
    }
    if active is not None:
        data["active"] = active
    get_plugins_manager().save_plugin_configuration("saleor.serials", data)


def plugin_settings() -> list[dict[str, Any]]:
    """What Saleor shows of the plugin's settings."""
    plugin = get_plugins_manager().get_plugin("saleor.serials")
    configuration: list[dict[str, Any]] = plugin.configuration
    return configuration


def call_hook(hook: str, order_id: str) -> None:
    """Call a hook of an order, or of a fulfilment of it."""
    order = Order.objects.get(pk=order_id)
    is_fulfillment = hook.startswith("fulfillment_")
    subject = Fulfillment.objects.create(order=order) if is_fulfillment else order
    # Not through the manager: 2.10.1's webhook plugin fails on a fulfilment without a warehouse.
    plugin = get_plugins_manager().get_plugin("saleor.serials")
    getattr(plugin, hook)(subject, previous_value=None)


def fulfilled(order_id: str) -> dict[str, int]:
    """The units of each line that stand fulfilled, of all fulfilments together."""
    lines = FulfillmentLine.objects.filter(
        order_line__order=order_id, fulfillment__status=FulfillmentStatus.FULFILLED
    )
    units = lines.values_list("order_line").annotate(Sum("quantity"))
    return {str(pk): quantity for pk, quantity in units}


def count_fulfillments(order_id: str) -> int:
    return Fulfillment.objects.filter(order=order_id).count()


def status(order_id: str) -> str:
    """One of Saleor's: unfulfilled, partially fulfilled, fulfilled, ..."""
    found: str = Order.objects.values_list("status", flat=True).get(pk=order_id)
    return found


def fulfillment_events(order_id: str) -> int:
    """How many times Saleor's own history says that units were fulfilled."""
    return OrderEvent.objects.filter(
        order=order_id, type=OrderEvents.FULFILLMENT_FULFILLED_ITEMS
    ).count()


def fulfill_as_staff(line_id: str, units: int) -> None:
    """Fulfil units of a line as orderFulfill does."""
    line = OrderLine.objects.get(pk=line_id)
    [warehouse] = line.variant.stocks.values_list("warehouse", flat=True)[:1]
    actions.create_fulfillments(
        None, line.order, {warehouse: [{"order_line": line, "quantity": units}]}, False
    )


def can_fulfill(line_id: str) -> bool:
    """Tell whether Saleor has enough in stock for what is left of a line."""
    line = OrderLine.objects.get(pk=line_id)
    others = sum(
        each.quantity_allocated
        for each in Allocation.objects.filter(stock__product_variant=line.variant_id)
        if each.order_line_id != line.pk
    )
    [quantity] = line.variant.stocks.values_list("quantity", flat=True)
    return bool(quantity - others >= line.quantity - line.quantity_fulfilled)


def cancel_fulfillments(order_id: str) -> None:
    warehouse = _warehouse("Main")
    for fulfillment in Fulfillment.objects.filter(order=order_id):
        actions.cancel_fulfillment(fulfillment, None, warehouse)


def tell_by_signal(order_id: str) -> None:
    """Pay as a script would: a signal, but no hook."""
    Payment.objects.create(order_id=order_id, total=10, captured_amount=10, currency="USD")


def rename(name: str) -> None:
    """Give the shop another name, as another process does."""
    Site.objects.update(name=name)


def delete_variant(variant: ProductVariant) -> None:
    variant.delete()


def delete_product(product: Product) -> None:
    product.delete()


def delete_order(order_id: str) -> None:
    order = Order.objects.get(pk=order_id)
    Transaction.objects.filter(payment__order=order).delete()
    order.payments.all().delete()
    order.delete()


def now() -> datetime:
    return timezone.now()


@contextmanager
def nothing_heard() -> Iterator[None]:
    """Lose every hook and signal, as a crash or a dead broker does."""
    with mock.patch.object(dispatch.Request, "__call__", return_value=None):
        yield
