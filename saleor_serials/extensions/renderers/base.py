"""The base class of renderers, also for third parties."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saleor_serials.extensions.drawing.picture import Picture
from saleor_serials.extensions.registry import Extension


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """The serial that a renderer displays; ``pack_name`` is empty if customers may not see it."""

    data: str
    extra: Mapping[str, Any]
    expires_at: datetime | None
    pack_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendering:
    """How a serial looks: a plain text, which every template escapes, and a picture."""

    text: str
    picture: Picture | None = None


class Renderer(Extension):
    """Displays a serial. Registered by entry point in ``saleor_serials.renderers``.

    Beyond what it MUST as an extension, it MUST define ``render``. It MUST NOT touch the database
    or the network: it is called for every serial of a mail or a page.
    """

    @abstractmethod
    def render(self, serial: Shown) -> Rendering:
        """Render a serial, whatever its text and its extra fields are.

        If it raises, customers see the serial's data, and the failure is logged.
        """
