"""The plugin's own types."""

from saleor_serials.graphql.types.errors import SerialError
from saleor_serials.graphql.types.inside import SerialStatistic
from saleor_serials.graphql.types.packs import (
    SerialBatch,
    SerialPack,
    SerialPackLink,
    SerialVendorGroup,
)
from saleor_serials.graphql.types.serials import (
    Serial,
    SerialAssignment,
    SerialCustomer,
    SerialEvent,
)

__all__ = [
    "Serial",
    "SerialAssignment",
    "SerialBatch",
    "SerialCustomer",
    "SerialError",
    "SerialEvent",
    "SerialPack",
    "SerialPackLink",
    "SerialStatistic",
    "SerialVendorGroup",
]
