"""The stock of Saleor 3's variants."""

from saleor_serials.host.warehouses import allocated_units

ALLOCATED_UNITS = allocated_units(placed_at="created_at")
