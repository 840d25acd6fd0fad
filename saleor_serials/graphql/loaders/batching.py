"""Answer the reads of a whole request with one statement each, instead of one per row.

Nothing here checks permissions: what is read is kept for every requester in the request.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from saleor_serials.host import api

_Base: Any = api.DataLoader
_loaders: list[Any] = []


def batch_load(read: Callable[[Sequence[Any]], Mapping[Any, Any]]) -> Callable[[Any, Any], Any]:
    """Turn a function of many keys into one of a single key, that promises what is read for it.

    All calls that a request has open are answered by one call of ``read``; a key that it leaves
    out gets None.
    """

    class Loader(_Base):
        context_key = f"saleor_serials.{read.__name__}"

        def batch_load(self, keys: Sequence[Any]) -> list[Any]:
            found = read(keys)
            return [found.get(key) for key in keys]

    _loaders.append(Loader)

    @wraps(read)
    def load(context: Any, key: Any) -> Any:
        return Loader(context).load(key)

    return load


def forget(context: Any) -> None:
    """Drop all that was read in a request, because something has changed."""
    for loader in _loaders:
        loader(context).clear_all()
