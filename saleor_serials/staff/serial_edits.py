"""Edit a serial's extra fields by hand, and write events of one's own into its history."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from saleor_serials import history
from saleor_serials.assignments.release import record
from saleor_serials.errors import InvalidInput, Required, TooLong, WrongStatus
from saleor_serials.models import EventType, Serial, SerialStatus
from saleor_serials.staff.action import StaffAction, lock, one_transaction, text

MAX_EXTRA_BYTES = 64 * 1024


def edit(
    serial_id: int,
    action: StaffAction,
    *,
    extra: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
    never_expires: bool = False,
) -> Serial:
    """Change a serial's extra fields, all together, or when it ceases to be valid.

    Raises:
        NotFound, NotAllowed: there is no such serial, or the action has no access.
        Required: there is nothing to change.
        TooLong, InvalidInput: the extra fields cannot be kept.
        WrongStatus: it is deleted.
    """
    by = action.by()
    if extra is None and expires_at is None and not never_expires:
        raise Required("Say what to change: extra fields, or the expiry.", field="extra")
    with one_transaction():
        [serial] = lock([serial_id], action, field="id")
        status = SerialStatus(serial.status)
        if status is SerialStatus.DELETED:
            raise WrongStatus("It is deleted.", field="id")
        if extra is not None:
            serial.extra = _checked(extra)
        if never_expires or expires_at is not None:
            serial.expires_at = None if never_expires else expires_at
        serial.save(update_fields=["extra", "expires_at"])
        record([serial], EventType.EDITED, status, by=by, now=timezone.now())
        return serial


def _checked(extra: Any) -> dict[str, Any]:
    if not isinstance(extra, dict):
        raise InvalidInput('Write a JSON object: {"name": value, …}.', field="extra")
    written = json.dumps(extra)
    if "\\u0000" in written or "\\ud8" in written:
        raise InvalidInput("This is not valid Unicode text.", field="extra")
    if len(written) > MAX_EXTRA_BYTES:
        raise TooLong("The extra fields have at most 64 KB.", field="extra")
    return extra


def note(
    serial_id: int, action: StaffAction, *, title: str, happened_at: datetime | None = None
) -> Serial:
    """Write an event into a serial's history: made, inspected, repaired. The reason is its text.

    ``happened_at``: when it was, if not now.

    Raises:
        NotFound, NotAllowed: there is no such serial, or the action has no access.
        Required, TooLong, InvalidInput: the title or the text cannot be kept.
    """
    title = text(title, field="title", most=100)
    words = text(action.reason, field="text", most=250)
    if not title:
        raise Required("Say in a word or two what happened.", field="title")
    with one_transaction():
        [serial] = lock([serial_id], action, field="id")
        history.record_note(
            serial, title=title, text=words, happened_at=happened_at, actor=action.actor
        )
        return serial
