"""What the delivery e-mail says."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, groupby

from saleor_serials.extensions.drawing.picture import Picture
from saleor_serials.extensions.renderers import Rendering
from saleor_serials.models import Assignment, Serial
from saleor_serials.serials.rendering import rendered

# Bytes in one mail; the serials beyond stand in it as text. Many servers refuse more than 10 MB.
MAX_PICTURES = 5_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveredSerial:
    """How the mail shows a serial; without a picture its ``picture_id`` is empty."""

    text: str
    picture: Picture | None
    picture_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LineDelivery:
    """What the mail says about one order line and pack; ``shortfall`` is still to come.

    ``pack_name`` is empty unless the pack shows it to customers.
    """

    product_name: str
    variant_name: str
    pack_name: str
    serials: tuple[DeliveredSerial, ...]
    shortfall: int

    @property
    def has_lines(self) -> bool:
        """Whether a serial has several lines, so that the next must stand apart from it."""
        return any(len(serial.text.splitlines()) > 1 for serial in self.serials)


def by_line(serials: Sequence[Serial]) -> list[LineDelivery]:
    """Group serials, sorted by their assignment, into what the mail shows."""
    room = MAX_PICTURES
    numbers = count(1)

    def shown(rendering: Rendering) -> DeliveredSerial:
        nonlocal room
        picture = rendering.picture
        if picture is None or len(picture.content) > room:
            return DeliveredSerial(text=rendering.text, picture=None, picture_id="")
        room -= len(picture.content)
        return DeliveredSerial(
            text=rendering.text, picture=picture, picture_id=f"serial-{next(numbers)}"
        )

    def line_delivery(assignment: Assignment, group: Sequence[Serial]) -> LineDelivery:
        return LineDelivery(
            product_name=assignment.product_name,
            variant_name=assignment.variant_name,
            pack_name=assignment.pack.name if assignment.pack.shows_name else "",
            serials=tuple(map(shown, rendered(assignment.pack, group))),
            shortfall=assignment.shortfall,
        )

    groups = groupby(serials, key=lambda serial: serial.assignment)
    return [line_delivery(assignment, list(group)) for assignment, group in groups]
