"""How Saleor 2.10.1 fulfils order lines that need no shipping."""

from collections.abc import Mapping

from saleor.core.exceptions import InsufficientStock
from saleor.order.actions import create_fulfillments
from saleor.order.models import Order, OrderLine
from saleor.warehouse.models import Stock

from saleor_serials.errors import NotFulfillable
from saleor_serials.host.warehouses import by_warehouse


def fulfilled_units(order_id: str) -> dict[str, int]:
    """Lock the lines of an order that need no shipping; count the units fulfilled of each."""
    lines = OrderLine.objects.filter(order=order_id, is_shipping_required=False)
    rows = lines.select_for_update().values_list("pk", "quantity_fulfilled")
    return {str(pk): fulfilled for pk, fulfilled in rows}


def fulfill(order_id: str, units: Mapping[str, int]) -> None:
    """Fulfil so many more units of these lines, as staff do, without an e-mail.

    Raises:
        NotFulfillable: the stock does not suffice, or there is none to take them from.
    """
    lines = OrderLine.objects.select_related("variant").filter(pk__in=units)
    taken = by_warehouse(lines, units, stocks=Stock.objects.all())
    # 2.10.1: takes even what is not tracked from a stock.
    if None in taken:
        raise NotFulfillable("The variant is in no warehouse.")
    try:
        create_fulfillments(None, Order.objects.get(pk=order_id), taken, notify_customer=False)
    except InsufficientStock:
        raise NotFulfillable("There is not enough in stock.") from None
