"""The plugin's settings in Saleor's own plugin list."""

from typing import Any

import pytest

from saleor_serials import config
from tests.graphql.api import ask
from tests.hosts import graphql2 as people

PLUGINS = """{
  plugins(first: 50) {
    edges { node { id name active configuration { name value type label helpText } } }
  }
}"""
UPDATE = """mutation ($active: Boolean, $configuration: [ConfigurationItemInput]) {
  pluginUpdate(id: "saleor.serials", input: {active: $active, configuration: $configuration}) {
    plugin { active configuration { name value } }
    pluginsErrors { field message code }
  }
}"""


@pytest.fixture
def owner() -> Any:
    return people.make_staff("manage_plugins", "manage_products")


def test_staff_see_the_plugin_and_its_settings(owner: Any) -> None:
    ask(UPDATE, {"active": True}, by=owner)

    edges = ask(PLUGINS, by=owner)["plugins"]["edges"]

    [plugin] = [edge["node"] for edge in edges if edge["node"]["name"] == "Serials"]
    assert plugin["active"]
    assert [entry["name"] for entry in plugin["configuration"]] == [f.name for f in config.FIELDS]
    assert [entry["type"] for entry in plugin["configuration"]] == ["BOOLEAN", "STRING", "STRING"]
    assert all(entry["label"] and entry["helpText"] for entry in plugin["configuration"])


def test_staff_change_a_setting(owner: Any) -> None:
    change = [{"name": "shown_statuses", "value": "used"}]

    answer = ask(UPDATE, {"active": True, "configuration": change}, by=owner)["pluginUpdate"]

    assert answer["pluginsErrors"] == []
    settings = config.current()
    assert settings is not None
    assert settings.shown_statuses == {"used"}


def test_a_setting_that_cannot_be_read_is_refused_with_a_clear_message(owner: Any) -> None:
    before = config.current()
    change = [{"name": "status_after_release", "value": "gone"}]

    answer = ask(UPDATE, {"active": True, "configuration": change}, by=owner)["pluginUpdate"]

    [error] = answer["pluginsErrors"]
    assert error["field"] == "configuration"
    assert error["message"] == (
        "status_after_release: 'gone' is not a status; write one of: "
        "free, reserved, assigned, used, unassigned, deleted."
    )
    assert config.current() == before
