"""Answer requests for the plugin's own addresses, which no shop's URL conf has.

Saleor 3 sends ``/plugins/<id>/`` to plugins, 2.10.1 has no address for them at all. A middleware
that answers by itself works on both, and no shop changes a setting for it.
"""

from collections.abc import Callable
from typing import Any

from saleor_serials.config import EXPORTS_PATH
from saleor_serials.web.downloads import export_file

PATH = f"{__name__}.route"
_EXPORTS = f"/{EXPORTS_PATH}"


def route(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django middleware."""

    def handle(request: Any) -> Any:
        if request.path_info.startswith(_EXPORTS):
            return export_file(request, request.path_info.removeprefix(_EXPORTS))
        return get_response(request)

    return handle
