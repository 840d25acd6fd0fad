"""What a serial's status is called for people."""

from saleor_serials.models import Pack, Serial, SerialStatus


def status_label(serial: Serial, pack: Pack) -> str:
    """Name a status in a word or two: what nobody can consume is sold, not used."""
    status = SerialStatus(serial.status)
    if status is SerialStatus.USED and not pack.is_consumable and serial.consumed_at is None:
        return "sold"
    return _LABELS[status]


_LABELS = {
    SerialStatus.FREE: "free",
    SerialStatus.RESERVED: "reserved",
    SerialStatus.ASSIGNED: "assigned",
    SerialStatus.USED: "used",
    SerialStatus.UNASSIGNED: "given back",
    SerialStatus.DELETED: "deleted",
}
