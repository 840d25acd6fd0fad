"""Enqueue the tasks of a web request at its end, each once."""

from collections.abc import Callable
from typing import Any

from saleor_serials import dispatch

PATH = f"{__name__}.batch_requests"


def batch_requests(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django middleware; goes last, next to the view."""

    def handle(request: Any) -> Any:
        with dispatch.batch():
            return get_response(request)

    return handle
