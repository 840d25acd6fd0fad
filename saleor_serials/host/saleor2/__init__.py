"""Saleor 2.10.1, the release on PyPI."""

from saleor.celeryconf import app as celery_app

from saleor_serials.host.actors import group_names
from saleor_serials.host.order_ids import order_of_line, orders_of_user, owned_orders
from saleor_serials.host.private_metadata import (
    add_customer_points,
    customer_groups,
    is_out_of_sync,
    join_customer_group,
    mentions_serials,
    metadata_links_text,
    out_of_sync_targets,
    write_metadata_links_problem,
)
from saleor_serials.host.saleor2.channels import known_channels
from saleor_serials.host.saleor2.fulfillment import fulfill, fulfilled_units
from saleor_serials.host.saleor2.mail import recipient, sender
from saleor_serials.host.saleor2.metadata import drop_copied_serials, write_serials
from saleor_serials.host.saleor2.orders import (
    NEVER_PAID,
    changed_orders,
    dead_orders,
    find_orders,
    order_owners,
    order_snapshot,
    order_snapshots,
    orders_of_lines,
    orders_with_variant,
)
from saleor_serials.host.saleor2.plugins import BasePlugin, plugin_state, setting
from saleor_serials.host.saleor2.rows import copy_rows
from saleor_serials.host.saleor2.stock import ALLOCATED_UNITS
from saleor_serials.host.saleor2.wiring import connect, schedule, task
from saleor_serials.host.staff import staff_addresses
from saleor_serials.host.warehouses import has_warehouse, lock_stock, stock_in, write_stock

__all__ = [
    "ALLOCATED_UNITS",
    "NEVER_PAID",
    "BasePlugin",
    "add_customer_points",
    "celery_app",
    "changed_orders",
    "connect",
    "copy_rows",
    "customer_groups",
    "dead_orders",
    "drop_copied_serials",
    "find_orders",
    "fulfill",
    "fulfilled_units",
    "group_names",
    "has_warehouse",
    "is_out_of_sync",
    "join_customer_group",
    "known_channels",
    "lock_stock",
    "mentions_serials",
    "metadata_links_text",
    "order_of_line",
    "order_owners",
    "order_snapshot",
    "order_snapshots",
    "orders_of_lines",
    "orders_of_user",
    "orders_with_variant",
    "out_of_sync_targets",
    "owned_orders",
    "plugin_state",
    "recipient",
    "schedule",
    "sender",
    "setting",
    "staff_addresses",
    "stock_in",
    "task",
    "write_metadata_links_problem",
    "write_serials",
    "write_stock",
]
