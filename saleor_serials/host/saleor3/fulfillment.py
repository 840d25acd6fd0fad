"""How Saleor 3 fulfils order lines that need no shipping."""

from collections.abc import Mapping

from django.contrib.sites.models import Site
from django.db.models import Sum
from saleor.core.exceptions import InsufficientStock
from saleor.order import FulfillmentStatus
from saleor.order.actions import create_fulfillments
from saleor.order.models import FulfillmentLine, Order, OrderLine
from saleor.plugins.manager import get_plugins_manager
from saleor.site.models import SiteSettings
from saleor.warehouse.models import Stock

from saleor_serials.errors import NotFulfillable
from saleor_serials.host.warehouses import by_warehouse

_STANDING = (FulfillmentStatus.FULFILLED, FulfillmentStatus.WAITING_FOR_APPROVAL)


def fulfilled_units(order_id: str) -> dict[str, int]:
    """Lock the lines of an order that need no shipping; count the units fulfilled of each.

    Not counted are units that were refunded or returned. Gift cards are left out: Saleor makes
    and sends those itself.
    """
    lines = OrderLine.objects.filter(order=order_id, is_shipping_required=False, is_gift_card=False)
    locked = list(lines.order_by("pk").select_for_update().values_list("pk", flat=True))
    standing = FulfillmentLine.objects.filter(
        order_line__in=locked, fulfillment__status__in=_STANDING
    )
    units = dict(standing.values_list("order_line").annotate(Sum("quantity")))
    return {str(pk): units.get(pk, 0) for pk in locked}


def fulfill(order_id: str, units: Mapping[str, int]) -> None:
    """Fulfil so many more units of these lines, as staff do, without an e-mail.

    Where the shop has fulfilments approved, they wait for that.

    Raises:
        NotFulfillable: the stock does not suffice, or the shop's settings forbid it.
    """
    order = Order.objects.select_related("channel").get(pk=order_id)
    # Fresh: a process keeps the site's settings as they were when it started.
    settings = SiteSettings.objects.get(site=Site.objects.get_current())
    is_approved = settings.fulfillment_auto_approve
    lines = list(OrderLine.objects.select_related("variant").filter(pk__in=units))
    if is_approved:
        if not settings.fulfillment_allow_unpaid and not order.is_fully_paid():
            raise NotFulfillable("Saleor fulfils no unpaid orders, and holds this for one.")
        if any(line.variant and line.variant.is_preorder_active() for line in lines):
            raise NotFulfillable("The variant is a preorder.")
    manager = get_plugins_manager(allow_replica=False)
    stocks = Stock.objects.filter(warehouse__channels=order.channel_id)
    try:
        for is_tracked in (True, False):
            part = [line for line in lines if _is_tracked(line) is is_tracked]
            if part:
                create_fulfillments(
                    None,
                    None,
                    order,
                    by_warehouse(part, units, stocks=stocks),
                    manager,
                    settings,
                    notify_customer=False,
                    auto=True,
                    auto_approved=is_approved,
                    # No number changes for what is not tracked, nor must there be any stock.
                    allow_stock_to_be_exceeded=not is_tracked,
                )
    except InsufficientStock:
        raise NotFulfillable("There is not enough in stock.") from None


def _is_tracked(line: OrderLine) -> bool:
    return bool(line.variant and line.variant.track_inventory)
