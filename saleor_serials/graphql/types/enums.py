"""The plugin's enums, and what each of their values means."""

from collections.abc import Mapping
from typing import Any

import graphene

from saleor_serials import models
from saleor_serials.access.packs import Right
from saleor_serials.errors import ErrorCode
from saleor_serials.extensions.settings import SettingType
from saleor_serials.import_export import columns, export, links_import
from saleor_serials.import_export.readers import formats
from saleor_serials.serials.search import Moment


def _descriptions(type: str, values: Mapping[Any, str]) -> Any:
    """Describe an enum and its values the way graphene asks for it."""
    return lambda value: type if value is None else values[value.value]


class SerialStatusEnum(graphene.Enum):
    class Meta:
        enum = models.SerialStatus
        description = _descriptions(
            "Where a serial is in its life.",
            {
                models.SerialStatus.FREE: "Can be assigned to any customer.",
                models.SerialStatus.RESERVED: "Kept for one customer; only their orders take it.",
                models.SerialStatus.ASSIGNED: "Held by a customer who can still consume it.",
                models.SerialStatus.USED: (
                    "Held by a customer who has consumed it, or who bought it from a pack that is "
                    "not consumable."
                ),
                models.SerialStatus.UNASSIGNED: (
                    "Was assigned and given back; can go to the same customer again."
                ),
                models.SerialStatus.DELETED: "Kept for history, never handed out again.",
            },
        )


class SerialSortField(graphene.Enum):
    class Meta:
        enum = Moment
        description = _descriptions(
            "What a list of serials is ordered by.",
            {
                Moment.CREATED_AT: "When they were put into their pack.",
                Moment.ASSIGNED_AT: (
                    "When their customers got them; those that nobody ever got are left out."
                ),
            },
        )


class SerialPickOrderEnum(graphene.Enum):
    class Meta:
        enum = models.PickOrder
        description = _descriptions(
            "Which free serial a pack hands out first.",
            {
                models.PickOrder.OLDEST: "The one that has been in the pack for longest.",
                models.PickOrder.RANDOM: "Any of them.",
            },
        )


class SerialPackSourceEnum(graphene.Enum):
    class Meta:
        enum = models.PackSource
        description = _descriptions(
            "Where the serials come from that a pack hands out.",
            {
                models.PackSource.STOCK: (
                    "From those in the pack; when there is none left and the pack has a "
                    "generator, it makes new ones."
                ),
                models.PackSource.NONE: (
                    "The pack's generator makes a new one each time; those in the pack stay."
                ),
            },
        )


class SerialPackTypeEnum(graphene.Enum):
    class Meta:
        enum = models.PackType
        description = _descriptions(
            "How serials are put into a pack.",
            {
                models.PackType.CONTINUOUS: "One by one, or any number at once.",
                models.PackType.BATCH: "In named batches of limited size.",
            },
        )


class SerialVendorRightEnum(graphene.Enum):
    class Meta:
        enum = Right
        description = _descriptions(
            "What the members of a vendor group may do with the group's packs.",
            {
                Right.SEE: "See them and what is in them.",
                Right.EDIT: "Make packs of the group, and change their rules.",
                Right.LINK: "Link them with products and variants.",
                Right.IMPORT: "Put serials into them.",
                Right.GENERATE: "Have their generator make serials.",
                Right.ASSIGN: "Give, take, reserve and edit their serials by hand.",
                Right.DELETE: "Delete their serials, and the packs themselves.",
            },
        )


class SerialEventTypeEnum(graphene.Enum):
    class Meta:
        enum = models.EventType
        description = _descriptions(
            "What happened to a serial.",
            {
                models.EventType.CREATED: "It was put into its pack, with its whole batch.",
                models.EventType.ASSIGNED: "An order line got it.",
                models.EventType.RELEASED: "An order line gave it back.",
                models.EventType.DELIVERED: "It was sent to the customer.",
                models.EventType.DELIVERY_FAILED: "The order's serials could not be sent.",
                models.EventType.PARTLY_REFUNDED: (
                    "An amount was paid back, which alone takes no serial back."
                ),
                models.EventType.PAYMENT_REVERSED: (
                    "The order is no longer paid, without a refund; it keeps its serials and gets "
                    "no more."
                ),
                models.EventType.PRICES_STALE: (
                    "Its lines cost more than was paid, and its total does not say so; it keeps "
                    "its serials and gets no more."
                ),
                models.EventType.FULFILLED: (
                    "So many units of an order line were fulfilled: all its serials were sent."
                ),
                models.EventType.FULFILLMENT_FAILED: (
                    "Lines of the order could not be fulfilled; it is tried again."
                ),
                models.EventType.NOT_SERVED: (
                    "The order's customer or channel is not served from a pack."
                ),
                models.EventType.RESERVED: "Staff kept it for a customer.",
                models.EventType.UNRESERVED: "Staff no longer keep it for its customer.",
                models.EventType.REPLACED: "Staff gave its line another in its place.",
                models.EventType.REVOKED: "Staff took it away for good.",
                models.EventType.DELETED: "Staff deleted it; it is never handed out again.",
                models.EventType.EDITED: "Staff changed its extra fields or its expiry.",
                models.EventType.NOTED: "Something that staff or other software wrote down.",
            },
        )


class SerialExtensionSettingTypeEnum(graphene.Enum):
    class Meta:
        enum = SettingType
        description = _descriptions(
            "What the value of a setting is.",
            {
                SettingType.TEXT: "A text.",
                SettingType.NUMBER: "A whole number.",
                SettingType.BOOLEAN: "True or false.",
                SettingType.LIST: "A list of texts.",
                SettingType.OBJECT: "An object.",
            },
        )


class SerialErrorCode(graphene.Enum):
    class Meta:
        enum = ErrorCode
        description = _descriptions(
            "What is wrong with an input.",
            {
                ErrorCode.ALREADY_EXISTS: "It exists already.",
                ErrorCode.COUNT_CHANGED: "Not as many serials as was said are concerned.",
                ErrorCode.DUPLICATE: "The serial stands in the pack, or in the call, already.",
                ErrorCode.INVALID: "It cannot be accepted.",
                ErrorCode.LIMIT_REACHED: "The pack or batch cannot take so many serials.",
                ErrorCode.NOT_ALLOWED: "The rights of your group do not include it.",
                ErrorCode.NOT_ENOUGH: "The generator cannot make so many different serials.",
                ErrorCode.NOT_FOUND: "There is no such object.",
                ErrorCode.OUT_OF_RANGE: "The number is too small or too large.",
                ErrorCode.REQUIRED: "It is missing or empty.",
                ErrorCode.TOO_LONG: "The text is too long.",
                ErrorCode.TOO_MANY: "The list is too long.",
                ErrorCode.TOO_SHORT: "The text is too short.",
                ErrorCode.UNREADABLE: "The file cannot be read as what it is said to be.",
                ErrorCode.WRONG_STATUS: "The serial's status does not allow it.",
            },
        )


class SerialJobKindEnum(graphene.Enum):
    class Meta:
        enum = models.JobKind
        description = _descriptions(
            "What a job does.",
            {
                models.JobKind.GENERATE: "Makes serials with the generator of a pack.",
                models.JobKind.IMPORT: "Puts the serials of a file into packs.",
                models.JobKind.IMPORT_LINKS: "Makes the links that a file names.",
                models.JobKind.EXPORT: "Writes serials into a file.",
                models.JobKind.DELETE: "Deletes serials.",
            },
        )


class SerialJobStatusEnum(graphene.Enum):
    class Meta:
        enum = models.JobStatus
        description = _descriptions(
            "How far a job is.",
            {
                models.JobStatus.WAITING: "Somebody is about to begin, or to go on.",
                models.JobStatus.RUNNING: "Somebody works at it.",
                models.JobStatus.DONE: "It is done.",
                models.JobStatus.FAILED: "It ended before it was done; its problems say why.",
            },
        )


class SerialFileFormatEnum(graphene.Enum):
    class Meta:
        enum = formats.Format
        description = _descriptions(
            "What kind of file it is.",
            {
                formats.Format.CSV: "Cells with a separator between; the first row names them.",
                formats.Format.XLSX: "A spreadsheet of Excel; its first sheet is read.",
                formats.Format.TEXT: "Each line is a serial.",
            },
        )


class SerialExportFormatEnum(graphene.Enum):
    class Meta:
        enum = export.Format
        description = _descriptions(
            "What kind of file is written.",
            {
                export.Format.CSV: "Cells with commas between, in UTF-8.",
                export.Format.XLSX: "A spreadsheet of Excel.",
            },
        )


class SerialColumnEnum(graphene.Enum):
    class Meta:
        enum = columns.Column
        description = _descriptions(
            "A column of a file of serials.",
            {
                columns.Column.DATA: "The serial itself.",
                columns.Column.STATUS: "Its status; `free` where it is empty.",
                columns.Column.EXTRA: "Extra fields, a JSON object.",
                columns.Column.CUSTOMER: "E-mail address or ID of the customer.",
                columns.Column.ORDER: "Number or ID of the order.",
                columns.Column.ORDER_LINE: "ID of the order line that holds it.",
                columns.Column.ASSIGNED_AT: "When its customer got it.",
                columns.Column.DELIVERED_AT: "When it was sent to the customer.",
                columns.Column.CONSUMED_AT: "When the customer consumed it.",
                columns.Column.EXPIRES_AT: "When it ceases to be valid.",
                columns.Column.PACK: "Slug of its pack.",
                columns.Column.BATCH: "Name of its batch.",
                columns.Column.CREATED_AT: "When it was put into its pack; not imported.",
            },
        )


class SerialLinkColumnEnum(graphene.Enum):
    class Meta:
        enum = links_import.LinkColumn
        description = _descriptions(
            "A column of a file of links.",
            {
                links_import.LinkColumn.SKU: "SKU of the variant to link; this or a product.",
                links_import.LinkColumn.PRODUCT: "Slug or ID of the product to link.",
                links_import.LinkColumn.PACK: "Slug of the pack.",
                links_import.LinkColumn.QUANTITY: "How many serials a unit sold takes; 1 if empty.",
            },
        )
