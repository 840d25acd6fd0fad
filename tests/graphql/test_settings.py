"""The plugin's settings in Saleor's own plugin list."""

from typing import Any

import pytest

from saleor_serials import config
from tests.graphql.api import ask, people

PLUGINS = f"""{{ plugins(first: 50) {{ edges {{ node {{ id name {people.SETTINGS} }} }} }} }}"""
UPDATE = """mutation ($input: PluginUpdateInput!) {
  pluginUpdate(id: "saleor.serials", input: $input) {
    pluginsErrors { field message code }
  }
}"""


@pytest.fixture
def owner() -> Any:
    return people.make_staff("manage_plugins", "manage_products")


def test_staff_see_the_plugin_and_its_settings(owner: Any) -> None:
    ask(UPDATE, {"input": {"active": True}}, by=owner)

    edges = ask(PLUGINS, by=owner)["plugins"]["edges"]

    [plugin] = [edge["node"] for edge in edges if edge["node"]["name"] == "Serials"]
    settings = people.settings_of(plugin)
    entries = settings["configuration"]
    assert settings["active"]
    assert [entry["name"] for entry in entries] == [f.name for f in config.FIELDS]
    assert [entry["type"] for entry in entries] == [
        "BOOLEAN" if isinstance(f.default, bool) else "STRING" for f in config.FIELDS
    ]
    assert all(entry["label"] and entry["helpText"] for entry in entries)


def test_staff_change_a_setting(owner: Any) -> None:
    change = [{"name": "shown_statuses", "value": "used"}]
    values = {"active": True, "configuration": change}

    answer = ask(UPDATE, {"input": values}, by=owner)["pluginUpdate"]

    assert answer["pluginsErrors"] == []
    settings = config.active_config()
    assert settings is not None
    assert settings.shown_statuses == {"used"}


def test_a_setting_that_cannot_be_read_is_refused_with_a_clear_message(owner: Any) -> None:
    before = config.active_config()
    change = [{"name": "status_after_release", "value": "gone"}]
    values = {"active": True, "configuration": change}

    answer = ask(UPDATE, {"input": values}, by=owner)["pluginUpdate"]

    [error] = answer["pluginsErrors"]
    assert error["field"] == "configuration"
    assert error["message"] == (
        "status_after_release: 'gone' is not a status; write one of: "
        "free, reserved, assigned, used, unassigned, deleted."
    )
    assert config.active_config() == before
