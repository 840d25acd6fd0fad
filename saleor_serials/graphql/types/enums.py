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


def _descriptions(type: str, values: Mapping[Any, str]) -> Any:
    """Describe an enum and its values the way graphene asks for it."""
    return lambda value: type if value is None else values[value.value]


class SerialStatusEnum(graphene.Enum):
    class Meta:
        enum = models.SerialStatus
        description = models.SerialStatus.__doc__


class SerialPickOrderEnum(graphene.Enum):
    class Meta:
        enum = models.PickOrder
        description = models.PickOrder.__doc__


class SerialPackSourceEnum(graphene.Enum):
    class Meta:
        enum = models.PackSource
        description = models.PackSource.__doc__


class SerialPackTypeEnum(graphene.Enum):
    class Meta:
        enum = models.PackType
        description = models.PackType.__doc__


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
        description = models.EventType.__doc__


class SerialExtensionSettingTypeEnum(graphene.Enum):
    class Meta:
        enum = SettingType
        description = SettingType.__doc__


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
        description = models.JobKind.__doc__


class SerialJobStatusEnum(graphene.Enum):
    class Meta:
        enum = models.JobStatus
        description = models.JobStatus.__doc__


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
