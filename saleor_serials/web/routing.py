"""Bring requests for the plugin's own pages to it, on shops whose URL conf does not know it.

Saleor 3 sends ``/plugins/<id>/`` to plugins, 2.10.1 has no address for them at all. A middleware
that names another URL conf works on both, and no shop changes a setting for it.
"""

from collections.abc import Callable
from typing import Any

from saleor_serials.config import EXPORTS_PATH

PATH = f"{__name__}.route"


def route(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django middleware."""

    def handle(request: Any) -> Any:
        if request.path_info.startswith(f"/{EXPORTS_PATH}"):
            request.urlconf = "saleor_serials.web.urls"
        return get_response(request)

    return handle
