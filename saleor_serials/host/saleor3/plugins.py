"""Saleor 3's plugins and their settings."""

from typing import Any

from saleor.plugins.base_plugin import BasePlugin as _BasePlugin
from saleor.plugins.base_plugin import ConfigurationTypeField
from saleor.plugins.models import PluginConfiguration

from saleor_serials.host.plugin_base import CheckedPlugin, values_of
from saleor_serials.host.shapes import PluginState


def plugin_state(plugin_id: str, *, default_active: bool) -> PluginState:
    """Read how the shop has set a plugin: the row without a channel. One statement."""
    rows = PluginConfiguration.objects.filter(identifier=plugin_id, channel__isnull=True)
    for active, configuration in rows.values_list("active", "configuration"):
        return PluginState(active=active, configuration=values_of(configuration))
    return PluginState(active=default_active, configuration={})


def setting(*, default: str | bool, label: str, help_text: str) -> dict[str, str]:
    """Describe one plugin setting as this host's settings page wants it."""
    kind = (
        ConfigurationTypeField.BOOLEAN
        if isinstance(default, bool)
        else ConfigurationTypeField.STRING
    )
    return {"type": kind, "label": label, "help_text": help_text}


class BasePlugin(CheckedPlugin, _BasePlugin):
    """The host's base class of plugins, with settings that are checked."""

    @classmethod
    def save_plugin_configuration(cls, plugin_configuration: Any, cleaned_data: Any) -> Any:
        if not plugin_configuration.name:
            # The first save makes the row, inactive whatever the plugin's default is, and leaves
            # it so even where the settings are refused.
            plugin_configuration.name = cls.PLUGIN_NAME
            plugin_configuration.description = cls.PLUGIN_DESCRIPTION
            plugin_configuration.active = cls.DEFAULT_ACTIVE
            plugin_configuration.save()
        return super().save_plugin_configuration(plugin_configuration, cleaned_data)
