"""Display the serials of a pack to customers: by its renderer, or as their data."""

import logging
from collections.abc import Iterable

from saleor_serials.errors import InvalidInput, InvalidInputs
from saleor_serials.extensions.renderers import Renderer, Rendering, Shown, renderer
from saleor_serials.models import Pack, Serial

logger = logging.getLogger(__name__)


def rendered(pack: Pack, serials: Iterable[Serial]) -> list[Rendering]:
    """Render serials of a pack, in their order. No statement; never raises.

    Where the renderer fails or is not installed, the serial is shown as its data: a customer who
    paid for it must get it.
    """
    chosen = _renderer(pack)
    return [_rendering(pack, chosen, serial) for serial in serials]


def _renderer(pack: Pack) -> Renderer | None:
    if not pack.renderer:
        return None
    try:
        return renderer(pack.renderer, pack.renderer_settings)
    except (InvalidInput, InvalidInputs) as refusal:
        logger.error("The renderer of pack %s cannot work: %s", pack.pk, refusal.message)
        return None


def _rendering(pack: Pack, chosen: Renderer | None, serial: Serial) -> Rendering:
    if chosen is not None:
        shown = Shown(
            data=serial.data,
            extra=serial.extra,
            expires_at=serial.expires_at,
            pack_name=pack.name if pack.shows_name else "",
        )
        try:
            rendering = chosen.render(shown)
            if not isinstance(rendering, Rendering):
                raise TypeError("a renderer returns a Rendering")
            return rendering
        except Exception as error:
            # Its text may quote the serial.
            logger.error("The renderer of pack %s failed: %s", pack.pk, type(error).__name__)
    return Rendering(text=serial.data)
