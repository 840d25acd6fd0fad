"""The tables, and what the database itself guarantees about them.

Read with ``migrations/0001_initial.py``. Keys that point into Saleor's tables carry no database
constraint and are never part of a check: deleting a customer or a product must always work.
Orders and order lines are named by a text id, since their key's type differs between hosts.
"""

from saleor_serials.models.events import MAX_REASON, MAX_TITLE, Event, EventType
from saleor_serials.models.jobs import OPEN_JOBS, Job, JobKind, JobPart, JobStatus
from saleor_serials.models.orders import (
    Assignment,
    Delivery,
    DeliveryStatus,
    MetadataCopy,
    OrderRecord,
)
from saleor_serials.models.packs import (
    MAX_NAME,
    MAX_SLUG,
    CountChange,
    MetadataLinks,
    Pack,
    PackCount,
    PackLink,
    PackSequence,
    PackSource,
    PackType,
    PickOrder,
    SigningKey,
    VendorGroup,
)
from saleor_serials.models.serials import (
    MAX_DATA_BYTES,
    MAX_EXTRA_BYTES,
    SORTED_LENGTH,
    Batch,
    Serial,
)
from saleor_serials.models.statuses import HOLDER, TRANSITIONS, SerialStatus
from saleor_serials.models.sweeps import SweepState

__all__ = [
    "HOLDER",
    "MAX_DATA_BYTES",
    "MAX_EXTRA_BYTES",
    "MAX_NAME",
    "MAX_REASON",
    "MAX_SLUG",
    "MAX_TITLE",
    "OPEN_JOBS",
    "SORTED_LENGTH",
    "TRANSITIONS",
    "Assignment",
    "Batch",
    "CountChange",
    "Delivery",
    "DeliveryStatus",
    "Event",
    "EventType",
    "Job",
    "JobKind",
    "JobPart",
    "JobStatus",
    "MetadataCopy",
    "MetadataLinks",
    "OrderRecord",
    "Pack",
    "PackCount",
    "PackLink",
    "PackSequence",
    "PackSource",
    "PackType",
    "PickOrder",
    "Serial",
    "SerialStatus",
    "SigningKey",
    "SweepState",
    "VendorGroup",
]
