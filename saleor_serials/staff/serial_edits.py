"""Edit a serial's extra fields by hand, and write events of one's own into its history."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from saleor_serials import history
from saleor_serials.assignments.release import record
from saleor_serials.errors import Required, WrongStatus
from saleor_serials.models import (
    MAX_EXTRA_BYTES,
    MAX_REASON,
    MAX_TITLE,
    EventType,
    Serial,
    SerialStatus,
)
from saleor_serials.moments import moment
from saleor_serials.serials import references
from saleor_serials.staff.action import StaffAction, lock, one_transaction
from saleor_serials.storable import short_text, storable_object


def edit(
    serial_id: int,
    action: StaffAction,
    *,
    extra: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
    never_expires: bool = False,
    metadata: Iterable[Mapping[str, str]] | None = None,
    private_metadata: Iterable[Mapping[str, str]] | None = None,
    external_reference: str | None = None,
) -> Serial:
    """Change a serial's extra fields, all together, or when it ceases to be valid.

    Metadata is added key by key. An empty ``external_reference`` removes it.

    Raises:
        NotFound, NotAllowed: there is no such serial, or the action has no access.
        Required: there is nothing to change.
        TooLong, InvalidInput: one of them cannot be kept.
        AlreadyExists: another serial has this external reference.
        WrongStatus: it is deleted.
    """
    by = action.by()
    changes = (extra, expires_at, metadata, private_metadata, external_reference)
    if not never_expires and all(change is None for change in changes):
        raise Required("Say what to change: extra fields, or the expiry.", field="extra")
    with one_transaction():
        [serial] = lock([serial_id], action, field="id")
        status = SerialStatus(serial.status)
        if status is SerialStatus.DELETED:
            raise WrongStatus("It is deleted.", field="id")
        if extra is not None:
            serial.extra = storable_object(extra, field="extra", at_most=MAX_EXTRA_BYTES)
        if never_expires or expires_at is not None:
            serial.expires_at = expires_at and moment(expires_at, field="expires_at")
        changed = references.change(
            serial,
            metadata_items=metadata,
            private_metadata_items=private_metadata,
            reference=external_reference,
        )
        serial.save(update_fields=["extra", "expires_at", *changed])
        record([serial], EventType.EDITED, status, by=by, now=timezone.now())
        return serial


def note(
    serial_id: int, action: StaffAction, *, title: str, happened_at: datetime | None = None
) -> Serial:
    """Write an event into a serial's history: made, inspected, repaired. The reason is its text.

    ``happened_at``: when it was, if not now.

    Raises:
        NotFound, NotAllowed: there is no such serial, or the action has no access.
        Required, TooLong, InvalidInput: the title or the text cannot be kept.
    """
    title = short_text(title, field="title", at_most=MAX_TITLE)
    text = short_text(action.reason, field="text", at_most=MAX_REASON)
    happened_at = happened_at and moment(happened_at, field="happened_at")
    if not title:
        raise Required("Say in a word or two what happened.", field="title")
    with one_transaction():
        [serial] = lock([serial_id], action, field="id")
        history.record_note(
            serial, title=title, text=text, happened_at=happened_at, actor=action.actor
        )
        return serial
