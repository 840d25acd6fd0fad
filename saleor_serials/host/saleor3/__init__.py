"""Saleor 3.21 to 3.24.

Everything is read from ``default``: what a hook hands over can be stale or come from a replica.
"""

from saleor.celeryconf import app as celery_app

from saleor_serials.host.actors import group_names
from saleor_serials.host.catalogue import (
    VARIANTS,
    has_target,
    product_ids,
    products,
    variant_ids,
    variants,
)
from saleor_serials.host.order_ids import (
    ORDERS,
    line_global_id,
    order_of_line,
    orders_of_user,
    owned_orders,
)
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
from saleor_serials.host.saleor3.channels import known_channels
from saleor_serials.host.saleor3.fulfillment import fulfill, fulfilled_units
from saleor_serials.host.saleor3.mail import recipient, sender
from saleor_serials.host.saleor3.metadata import drop_copied_serials, write_serials
from saleor_serials.host.saleor3.orders import (
    UNPAID_ORDERS,
    changed_orders,
    dead_orders,
    find_orders,
    order_owners,
    order_snapshot,
    order_snapshots,
    orders_of_lines,
    orders_with_variant,
)
from saleor_serials.host.saleor3.plugins import BasePlugin, plugin_state, setting
from saleor_serials.host.saleor3.rows import copy_rows
from saleor_serials.host.saleor3.stock import ALLOCATED_UNITS
from saleor_serials.host.saleor3.wiring import connect, schedule, task
from saleor_serials.host.secrets import secret_keys
from saleor_serials.host.staff import staff_addresses
from saleor_serials.host.warehouses import has_warehouse, lock_stock, stock_in, write_stock
