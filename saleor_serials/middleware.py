"""The door for web requests: what one of them has to be done is enqueued at its end, once."""

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
