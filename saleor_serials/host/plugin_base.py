"""What both hosts' plugin classes do alike: settings that are checked before they are saved."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from django.core.exceptions import ValidationError


def values_of(configuration: Iterable[Mapping[str, Any]] | None) -> dict[str, Any]:
    """Read the values out of the hosts' list of fields."""
    return {item["name"]: item["value"] for item in configuration or ()}


class CheckedPlugin:
    """Goes before the host's own base class."""

    def __init__(self, *, configuration: Any, active: bool, **kwargs: Any) -> None:
        # Saleor edits the list that it hands over, which may be the class's own default.
        super().__init__(configuration=deepcopy(configuration), active=active, **kwargs)  # type: ignore[call-arg]

    @classmethod
    def check_configuration(cls, values: Mapping[str, Any]) -> None:
        """Refuse settings that cannot be read, with a ValidationError. To be overridden."""

    @classmethod
    def switched_on(cls) -> None:
        """Take notice that the shop has just switched the plugin on. To be overridden."""

    @classmethod
    def validate_plugin_configuration(cls, plugin_configuration: Any, **kwargs: Any) -> None:
        try:
            cls.check_configuration(values_of(plugin_configuration.configuration))
        except ValidationError as error:
            raise ValidationError({"configuration": error}) from None

    @classmethod
    def save_plugin_configuration(cls, plugin_configuration: Any, cleaned_data: Any) -> Any:
        was_active = plugin_configuration.active
        saved = super().save_plugin_configuration(plugin_configuration, cleaned_data)  # type: ignore[misc]
        if saved.active and not was_active:
            cls.switched_on()
        return saved
