"""Generators, renderers and consumers: found by entry point, so that any package can add some."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, ClassVar

from saleor_serials.errors import InvalidInput, Refusals
from saleor_serials.extensions.settings import Setting, SettingType, checked

__all__ = ["Extension", "Registry", "Setting", "SettingType"]

logger = logging.getLogger(__name__)


class Extension(ABC):
    """The base of generators, renderers and consumers.

    The entry point's name is its name in packs and in the API; it MUST stay. A subclass MUST define
    ``label`` and ``__init__``, and MUST refuse settings that it cannot work with in ``__init__``.
    It MAY define ``settings``. It MUST NOT keep state between calls, or log serials.
    """

    label: ClassVar[str]
    settings: ClassVar[Sequence[Setting]] = ()

    @abstractmethod
    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Read a pack's settings, which match the declared types, bounds and choices.

        Raises:
            InvalidInput: ``field`` is the name of the setting; the message says what to do.
        """


class Registry[T: Extension]:
    """The installed extensions of a kind, which is such as ``generator``: found by entry point.

    The entry points' group is the kind's plural, such as ``saleor_serials.generators``.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._found: Mapping[str, type[T]] | None = None

    def registered(self) -> Mapping[str, type[T]]:
        """Return the installed extensions by name. Entry points are read once in each process.

        One that cannot be loaded is left out, and so is one whose name is taken; the log says so.
        The built-in ones keep their names.
        """
        if self._found is None:
            self._found = self._load()
        return self._found

    def make(self, name: str, settings: object) -> T:
        """Make an extension of a pack ready to work. An absent or null setting has its default.

        Raises:
            InvalidInput: none of this name is installed, or it refuses a setting; ``field`` is the
                kind, or the kind with ``_settings``.
            InvalidInputs: it refuses several settings.
        """
        installed = self.registered()
        if name not in installed:
            raise InvalidInput(
                f"There is no {self.kind} '{name}'; choose one of: {', '.join(installed)}.",
                field=self.kind,
            )
        refusals = Refusals()
        with refusals.collect():
            return installed[name](checked(installed[name].settings, settings))
        refusals.errors = [
            InvalidInput(f"{each.field}: {each.message}", field=f"{self.kind}_settings")
            for each in refusals.errors
        ]
        raise refusals.error()

    def forget(self) -> None:
        """Read the entry points again the next time, for tests that install a package."""
        self._found = None

    def _load(self) -> Mapping[str, type[T]]:
        found: dict[str, type[T]] = {}
        # The built-in ones first.
        for point in sorted(
            entry_points(group=f"saleor_serials.{self.kind}s"),
            key=lambda point: (
                not point.value.startswith("saleor_serials."),
                point.name,
                point.value,
            ),
        ):
            try:
                loaded: type[T] = point.load()
            except Exception:
                logger.exception(
                    "The %s '%s' (%s) cannot be loaded.", self.kind, point.name, point.value
                )
                continue
            if found.setdefault(point.name, loaded) is not loaded:
                logger.error("Another %s has the name '%s': %s", self.kind, point.name, point.value)
        return dict(sorted(found.items()))
