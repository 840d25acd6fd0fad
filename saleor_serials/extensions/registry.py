"""What packs are extended with, found by entry point, so that others add theirs as a package."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.settings import Setting, SettingType, checked

__all__ = ["Extension", "Setting", "SettingType", "extension", "registered"]

logger = logging.getLogger(__name__)


class Extension(ABC):
    """What generators, renderers and consumers have in common.

    The entry point's name is its name in packs and in the API; it MUST stay. A subclass MUST define
    ``label`` and ``__init__``, and MUST refuse settings that it cannot work with in ``__init__``.
    It MAY define ``settings``. It MUST NOT keep state between calls, or log serials.
    """

    label: ClassVar[str]
    settings: ClassVar[Sequence[Setting]] = ()

    @abstractmethod
    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Read a pack's settings; each has the type, bounds and choices that it is declared with.

        Raises:
            InvalidInput: ``field`` is the name of the setting; the message says what to do.
        """


@cache
def registered(kind: str) -> Mapping[str, Any]:
    """Find the extensions of a kind that are installed, by name; a kind is such as ``generator``.

    One that cannot be loaded is left out, and so is one whose name is taken; the log says so. The
    built-in ones keep their names.
    """
    found: dict[str, Any] = {}
    # Ours are first.
    for point in sorted(
        entry_points(group=f"saleor_serials.{kind}s"),
        key=lambda point: (not point.value.startswith("saleor_serials."), point.name, point.value),
    ):
        try:
            loaded = point.load()
        except Exception:
            logger.exception("The %s '%s' (%s) cannot be loaded.", kind, point.name, point.value)
            continue
        if found.setdefault(point.name, loaded) is not loaded:
            logger.error("Another %s has the name '%s': %s", kind, point.name, point.value)
    return dict(sorted(found.items()))


def extension(kind: str, name: str, settings: Any) -> Any:
    """Make an extension of a pack ready to work. A setting that is null or absent has its default.

    Raises:
        InvalidInput: there is none of this name, or it refuses the settings; ``field`` is the kind,
            or the kind with ``_settings``.
    """
    found = registered(kind).get(name)
    if found is None:
        raise InvalidInput(
            f"There is no {kind} '{name}'; choose one of: {', '.join(registered(kind))}.",
            field=kind,
        )
    try:
        return found(checked(found.settings, settings))
    except InvalidInput as refusal:
        raise InvalidInput(
            f"{refusal.field}: {refusal.message}", field=f"{kind}_settings"
        ) from None
