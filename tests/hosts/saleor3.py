"""A shop on Saleor 3: every step goes through Saleor's own functions, hooks and all.

Each function takes and returns plain ids, and the host's own row only where the host made it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from inspect import signature
from itertools import count
from typing import Any
from unittest import mock
from uuid import uuid4

from django.contrib.sites.models import Site
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from saleor.account.models import Address, StaffNotificationRecipient, User
from saleor.channel.models import Channel
from saleor.graphql import api as _api  # noqa: F401  as in a web process: its modules import in rings
from saleor.order import (
    FulfillmentLineData,
    FulfillmentStatus,
    OrderEvents,
    OrderStatus,
    actions,
    events,
)
from saleor.order.fetch import fetch_order_info
from saleor.order.models import (
    Fulfillment,
    FulfillmentLine,
    Order,
    OrderEvent,
    OrderGrantedRefund,
    OrderLine,
)
from saleor.order.utils import updates_amounts_for_order
from saleor.payment import TransactionAction, TransactionEventType
from saleor.payment.interface import TransactionActionData
from saleor.payment.models import TransactionEvent, TransactionItem
from saleor.payment.transaction_item_calculations import recalculate_transaction_amounts
from saleor.payment.utils import create_transaction_for_order
from saleor.plugins.base_plugin import BasePlugin
from saleor.plugins.manager import get_plugins_manager
from saleor.plugins.models import PluginConfiguration
from saleor.product.models import Category, Product, ProductType, ProductVariant
from saleor.shipping.models import ShippingZone
from saleor.site.models import SiteSettings
from saleor.tax.models import TaxConfiguration
from saleor.warehouse.models import Allocation, Stock, Warehouse

from saleor_serials import dispatch
from saleor_serials.host import installed_version

_numbers = count(1)

# The hooks that can mean that an order has changed.
ORDER_HOOKS = {
    name
    for name in BasePlugin.__annotations__
    if re.match("(order|draft_order|fulfillment)_|transaction_.*_requested", name)
    if not name.endswith("_metadata_updated")
}


def _manager() -> Any:
    return get_plugins_manager(allow_replica=False)


def _channel() -> Channel:
    channel, _ = Channel.objects.get_or_create(
        slug="main",
        defaults={
            "name": "Main",
            "currency_code": "USD",
            "default_country": "US",
            "is_active": True,
        },
    )
    return channel


def make_product(*, is_shipped: bool = False) -> Product:
    number = next(_numbers)
    category, _ = Category.objects.get_or_create(name="Games", slug="games")
    name = "Box" if is_shipped else "Licence"
    kind, _ = ProductType.objects.get_or_create(
        slug=name.lower(), defaults={"name": name, "is_shipping_required": is_shipped}
    )
    return Product.objects.create(
        name=f"Game {number}", slug=f"game-{number}", product_type=kind, category=category
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


def make_digital_variant() -> ProductVariant:
    """A variant that a checkout may hold without an address to ship it to."""
    variant = make_variant()
    stock(variant, 100)
    TaxConfiguration.objects.create(channel=_channel())
    return variant


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


def make_user(*, email: str | None = None, **values: Any) -> User:
    email = email or f"user{next(_numbers)}@example.com"
    user = User(email=email, is_active=True, **values)
    user.set_password("password")
    user.save()
    return user


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
        info = fetch_order_info(order)
        actions.order_created(order_info=info, user=user, app=None, manager=_manager())
    return str(order.pk)


def draft_order(lines: Sequence[tuple[ProductVariant, int]], *, email: str) -> str:
    order = _make_order(lines, user=None, email=email, price=10, status=OrderStatus.DRAFT)
    events.draft_order_created_event(order=order, user=None, app=None)
    return str(order.pk)


def complete_draft(order_id: str) -> None:
    """As draftOrderComplete does."""
    order = Order.objects.get(pk=order_id)
    order.status = OrderStatus.UNFULFILLED
    order.save()
    info = fetch_order_info(order)
    actions.order_created(order_info=info, user=None, app=None, manager=_manager(), from_draft=True)


def _make_order(
    lines: Sequence[tuple[ProductVariant, int]],
    *,
    user: User | None,
    email: str,
    price: int,
    status: str = OrderStatus.UNFULFILLED,
    language: str = "en",
) -> Order:
    order = _new_order(
        sum(quantity * price for _, quantity in lines),
        user=user,
        user_email=user.email if user else email,
        status=status,
        language_code=language,
        lines_count=len(lines),
        billing_address=Address.objects.create(country="US", city="Springfield"),
    )
    order.save()
    for variant, quantity in lines:
        add_line(str(order.pk), variant, quantity, price=price)
    return order


def _new_order(total: int, **values: Any) -> Order:
    return Order(
        channel=_channel(),
        currency="USD",
        should_refresh_prices=False,
        total_net_amount=total,
        total_gross_amount=total,
        undiscounted_total_net_amount=total,
        undiscounted_total_gross_amount=total,
        **values,
    )


def paid_orders(variant: ProductVariant, number: int, *, units: int) -> list[str]:
    """Place guests' orders that are paid, by the hundred: no hook, no signal; return their ids."""
    total = units * 10
    orders = Order.objects.bulk_create(
        _new_order(total, user_email=f"{uuid4()}@example.com", lines_count=1) for _ in range(number)
    )
    OrderEvent.objects.bulk_create(
        OrderEvent(order=order, type=OrderEvents.PLACED) for order in orders
    )
    OrderLine.objects.bulk_create(_new_line(order.pk, variant, units, price=10) for order in orders)
    TransactionItem.objects.bulk_create(
        TransactionItem(order=order, currency="USD", charged_value=total) for order in orders
    )
    return [str(order.pk) for order in orders]


def add_line(order_id: str, variant: ProductVariant, quantity: int, *, price: int = 10) -> str:
    line = _new_line(order_id, variant, quantity, price=price)
    line.save()
    _allocate(line)
    return str(line.pk)


def _new_line(order_id: Any, variant: ProductVariant, quantity: int, *, price: int) -> OrderLine:
    amounts = {
        f"{prefix}{kind}_amount": price * units
        for prefix, units in (
            ("unit_price_", 1),
            ("total_price_", quantity),
            ("undiscounted_unit_price_", 1),
            ("undiscounted_total_price_", quantity),
        )
        for kind in ("net", "gross")
    }
    return OrderLine(
        order_id=order_id,
        variant=variant,
        product_name=variant.product.name,
        variant_name=variant.name,
        product_sku=variant.sku,
        product_variant_id=variant.get_global_id(),
        is_shipping_required=variant.is_shipping_required(),
        is_gift_card=False,
        quantity=quantity,
        currency="USD",
        base_unit_price_amount=price,
        undiscounted_base_unit_price_amount=price,
        **amounts,
    )


def _allocate(line: OrderLine) -> None:
    """Allocate what is tracked as a checkout does, as far as the stock goes."""
    missing = line.quantity if line.variant.track_inventory else 0
    for each in line.variant.stocks.order_by("pk"):
        units = min(missing, each.quantity - each.quantity_allocated)
        if units > 0:
            Allocation.objects.create(order_line=line, stock=each, quantity_allocated=units)
            each.quantity_allocated += units
            each.save(update_fields=["quantity_allocated"])
            missing -= units


def _warehouse(name: str) -> Warehouse:
    """A warehouse that serves the channel, in a zone that the channel ships to."""
    warehouse, is_new = Warehouse.objects.get_or_create(
        slug=name.lower(),
        defaults={
            "name": name,
            "address": Address.objects.create(country="US", city="Springfield"),
        },
    )
    if is_new:
        zone = ShippingZone.objects.create(name=name, countries=["US"])
        zone.channels.add(_channel())
        warehouse.shipping_zones.add(zone)
        warehouse.channels.add(_channel())
    return warehouse


def number(order_id: str) -> str:
    return str(Order.objects.get(pk=order_id).number)


def line_ids(order_id: str) -> list[str]:
    return [str(pk) for pk in OrderLine.objects.filter(order=order_id).values_list("pk", flat=True)]


def remove_line(line_id: str) -> None:
    line = OrderLine.objects.get(pk=line_id)
    line.delete()
    _updated(line.order)


def set_quantity(line_id: str, quantity: int) -> None:
    line = OrderLine.objects.get(pk=line_id)
    line.quantity = quantity
    line.save(update_fields=["quantity"])
    _updated(line.order)


def _updated(order: Order) -> None:
    order.save(update_fields=["updated_at"])
    _manager().order_updated(order)


def quantity_of(line_id: str) -> int:
    quantity: int = OrderLine.objects.values_list("quantity", flat=True).get(pk=line_id)
    return quantity


def pay(order_id: str, *, amount: int | None = None) -> None:
    """Report a charge on the order, in whole or in part."""
    order = Order.objects.get(pk=order_id)
    charged = order.total_gross_amount if amount is None else Decimal(amount)
    item = create_transaction_for_order(
        order, user=None, app=None, psp_reference=f"psp-{next(_numbers)}", charged_value=charged
    )
    _settle(order, item, charged=Decimal(0), refunded=Decimal(0))


def _settle(order: Order, item: TransactionItem, *, charged: Decimal, refunded: Decimal) -> None:
    updates_amounts_for_order(order)
    actions.order_transaction_updated(
        order_info=fetch_order_info(order),
        transaction_item=item,
        manager=_manager(),
        user=None,
        app=None,
        previous_authorized_value=Decimal(0),
        previous_charged_value=charged,
        previous_refunded_value=refunded,
    )


def mark_as_paid(order_id: str) -> None:
    actions.mark_order_as_paid_with_transaction(
        Order.objects.get(pk=order_id), request_user=None, app=None, manager=_manager()
    )


def refund(order_id: str, *, amount: int | None = None) -> None:
    """Report a refund; of all that is left, unless an amount is given."""
    order = Order.objects.get(pk=order_id)
    item = order.payment_transactions.last()
    charged, refunded = item.charged_value, item.refunded_value
    _report(item, TransactionEventType.REFUND_SUCCESS, charged if amount is None else amount)
    _settle(order, item, charged=charged, refunded=refunded)


def refund_payment(order_id: str) -> None:
    """Pay everything back as paymentRefund does, which tells as much as any refund here."""
    refund(order_id)


def _report(item: TransactionItem, kind: str, amount: Decimal | int) -> None:
    TransactionEvent.objects.create(
        transaction=item,
        type=kind,
        amount_value=amount,
        currency="USD",
        psp_reference=f"psp-{next(_numbers)}",
        include_in_calculations=True,
    )
    recalculate_transaction_amounts(item)


def remaining_amount(order_id: str) -> Decimal:
    """What is left of the money that came in."""
    kept: Decimal = Order.objects.get(pk=order_id).payment_transactions.last().charged_value
    return kept


def lose_payment(order_id: str) -> None:
    """Take the money away without a refund, as a chargeback does."""
    order = Order.objects.get(pk=order_id)
    item = order.payment_transactions.last()
    charged = item.charged_value
    _report(item, TransactionEventType.CHARGE_BACK, charged)
    _settle(order, item, charged=charged, refunded=item.refunded_value)


def cancel(order_id: str) -> None:
    actions.cancel_order(
        Order.objects.get(pk=order_id),
        user=None,
        app=None,
        manager=_manager(),
        **_cancelling(),
    )


def _cancelling() -> dict[str, Any]:
    """What 3.23 and later want to know besides when an order is cancelled."""
    if installed_version() < "3.23":
        return {}
    return {"site_settings": Site.objects.get_current().settings}


def is_cancelled(order_id: str) -> bool:
    """Tell whether it is still cancelled: paying it in full takes it up again."""
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
    """Make an order and its events as old as this."""
    Order.objects.filter(pk=order_id).update(created_at=moment, updated_at=moment)
    OrderEvent.objects.filter(order=order_id).update(date=moment)


def set_plugin(*, active: bool | None = None, **configuration: str) -> None:
    """Change the plugin's settings as pluginUpdate does."""
    data: dict[str, Any] = {
        "configuration": [{"name": name, "value": value} for name, value in configuration.items()]
    }
    if active is not None:
        data["active"] = active
    _manager().save_plugin_configuration("saleor.serials", None, data)


def plugin_settings() -> list[dict[str, Any]]:
    """What Saleor shows of the plugin's settings."""
    manager = _manager()  # empties its plugins when it goes
    return list(manager.get_plugin("saleor.serials").configuration)


def call_hook(hook: str, order_id: str) -> None:
    """Call a hook of an order, of a fulfilment of it, or of a transaction of it."""
    order = Order.objects.get(pk=order_id)
    arguments: list[Any] = [order]
    if hook.startswith("fulfillment_"):
        arguments = [Fulfillment.objects.create(order=order)]
    elif hook.startswith("transaction_"):
        item = order.payment_transactions.create(currency="USD")
        request = TransactionActionData(
            action_type=TransactionAction.REFUND,
            transaction=item,
            event=item.events.create(currency="USD"),
            transaction_app_owner=None,
            action_value=Decimal(1),
        )
        arguments = [request, "main"]
    elif hook == "order_bulk_created":
        arguments = [[order]]
    getattr(_manager(), hook)(*arguments)


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
        None,
        None,
        line.order,
        {warehouse: [{"order_line": line, "quantity": units}]},
        _manager(),
        _site(),
        notify_customer=False,
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
    # 3.23 wants to know how to count stocks, and earlier ones do not.
    wants = "calculate_stocks_with_shipping_zones"
    how = {wants: False} if wants in signature(actions.cancel_fulfillment).parameters else {}
    for fulfillment in Fulfillment.objects.filter(order=order_id):
        actions.cancel_fulfillment(fulfillment, None, None, _warehouse("Main"), _manager(), **how)


def return_units(order_id: str, units: int) -> None:
    """Take units back as orderFulfillmentReturnProducts does: what was fulfilled is returned."""
    line = FulfillmentLine.objects.get(fulfillment__order=order_id)
    # 3.23 wants the site's settings, and earlier ones do not.
    action = actions.create_fulfillments_for_returned_products
    how = {"site_settings": _site()} if "site_settings" in signature(action).parameters else {}
    action(
        None,
        None,
        line.order_line.order,
        None,
        order_lines=[],
        fulfillment_lines=[FulfillmentLineData(line=line, quantity=units)],
        manager=_manager(),
        **how,
    )


def set_site(**values: Any) -> None:
    """Change the shop's own settings, as another process does."""
    SiteSettings.objects.update(**values)


def _site() -> SiteSettings:
    return SiteSettings.objects.get()


def set_preorder(variant: ProductVariant, *, is_active: bool) -> None:
    ProductVariant.objects.filter(pk=variant.pk).update(is_preorder=is_active)


def make_gift_card_line(line_id: str) -> None:
    OrderLine.objects.filter(pk=line_id).update(is_gift_card=True)


def fulfillment_statuses(order_id: str) -> list[str]:
    found = Fulfillment.objects.filter(order=order_id).order_by("pk")
    return list(found.values_list("status", flat=True))


def approve(order_id: str) -> None:
    """Approve the order's one fulfilment as orderFulfillmentApprove does."""
    actions.approve_fulfillment(
        Fulfillment.objects.get(order=order_id),
        None,
        None,
        _manager(),
        _site(),
        notify_customer=False,
    )


def tell_by_signal(order_id: str) -> None:
    """Grant a refund, for which no hook is called: a signal tells."""
    OrderGrantedRefund.objects.create(order_id=order_id, amount_value=1, currency="USD")


def set_user_email(*, active: bool, channel: str = "main", **configuration: Any) -> None:
    """Set the plugin for user e-mails in a channel, as a script does: nobody tries the server."""
    row, _ = Channel.objects.get_or_create(
        slug=channel,
        defaults={"name": channel, "currency_code": "USD", "default_country": "US"},
    )
    PluginConfiguration.objects.update_or_create(
        identifier="mirumee.notifications.user_email",
        channel=row,
        defaults={
            "name": "User emails",
            "active": active,
            "configuration": [
                {"name": name, "value": value} for name, value in configuration.items()
            ],
        },
    )


def rename(name: str) -> None:
    """Give the shop another name, as another process does."""
    Site.objects.update(name=name)


def delete_variant(variant: ProductVariant) -> None:
    variant.delete()


def delete_product(product: Product) -> None:
    product.delete()


def delete_order(order_id: str) -> None:
    order = Order.objects.get(pk=order_id)
    TransactionEvent.objects.filter(transaction__order=order).delete()
    order.payment_transactions.all().delete()
    order.delete()


def now() -> datetime:
    return timezone.now()


@contextmanager
def nothing_heard() -> Iterator[None]:
    """Lose every hook and signal, as a crash or a dead broker does."""
    with mock.patch.object(dispatch.Request, "__call__", return_value=None):
        yield
