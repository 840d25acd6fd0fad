"""What staff see of generators: the list, a pack's own, and the key that verifies its serials."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from saleor_serials import supply
from saleor_serials.generators import registered
from saleor_serials.models import Pack, SigningKey
from tests import making
from tests.graphql.api import ask, gid, is_denied, nodes, people

LIST = "{ serialGenerators { name label settings { name type default choices helpText } } }"
PACK = """query ($id: ID!) {
  serialPack(id: $id) { generator generatorSettings publicKey }
}"""
KEYS = "{ serialPacks(first: 20) { edges { node { publicKey } } } }"
THROUGH_SERIAL = """query ($id: ID!) {
  serial(id: $id) { pack { generator generatorSettings publicKey } }
}"""


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS")


def pack_of(pack: Pack, *, by: Any) -> Any:
    return ask(PACK, {"id": gid("SerialPack", pack.pk)}, by=by)["serialPack"]


def test_staff_list_the_generators_with_all_that_can_be_set(owner: Any) -> None:
    listed = ask(LIST, by=owner)["serialGenerators"]

    assert [each["name"] for each in listed] == list(registered())
    for each in listed:
        kind = registered()[each["name"]]
        assert each["label"] == kind.label
        assert [
            (one["name"], one["type"].lower(), json.loads(one["default"]), one["choices"])
            for one in each["settings"]
        ] == [(one.name, one.type, one.default, list(one.choices)) for one in kind.settings]
        assert all(one["helpText"] for one in each["settings"])


@pytest.mark.parametrize("permissions", [(), ("MANAGE_ORDERS",)])
def test_nobody_else_lists_them(permissions: tuple[str, ...]) -> None:
    assert is_denied(LIST, by=people.make_staff(*permissions))
    assert is_denied(LIST)


def test_a_pack_tells_its_generator_and_settings(owner: Any) -> None:
    settings = {"pattern": "9{12}", "symbology": "ean13"}
    pack = making.make_pack(generator="barcode", generator_settings=settings)

    told = pack_of(pack, by=owner)

    assert json.loads(told.pop("generatorSettings")) == settings
    assert told == {"generator": "barcode", "publicKey": None}
    assert pack_of(making.make_pack(), by=owner) == {
        "generator": None,
        "generatorSettings": "{}",
        "publicKey": None,
    }
    assert not SigningKey.objects.exists()


def test_the_public_key_verifies_what_the_pack_signs(owner: Any) -> None:
    pack = making.make_pack(generator="signed")

    told = pack_of(pack, by=owner)["publicKey"]

    [draft] = supply.draw(pack, 1, now=timezone.now())
    message, _, signature = draft.data.rpartition(".")
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(told + "="))
    key.verify(base64.urlsafe_b64decode(signature + "=="), message.encode())
    assert len(told) == 43


def test_the_key_stays_readable_after_the_pack_has_another_generator(owner: Any) -> None:
    pack = making.make_pack(generator="signed")
    before = pack_of(pack, by=owner)["publicKey"]
    Pack.objects.update(generator="uuid")

    assert pack_of(pack, by=owner)["publicKey"] == before
    Pack.objects.update(generator="gone")
    assert pack_of(pack, by=owner)["publicKey"] == before


def test_the_keys_of_many_packs_take_as_many_statements_as_one(owner: Any) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert all(node["publicKey"] for node in nodes(ask(KEYS, by=owner)["serialPacks"]))
        return len(captured)

    making.make_pack(generator="signed")
    statements()
    few = statements()
    for _ in range(5):
        making.make_pack(generator="signed")
    statements()

    assert statements() == few


def test_who_manages_only_orders_sees_neither_settings_nor_key() -> None:
    pack = making.make_pack(generator="signed", generator_settings={"claims": {"a": 1}})
    serials = making.make_serials(pack, 1)
    asker = people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")
    variables = {"id": gid("Serial", serials[0].pk)}

    told = ask(THROUGH_SERIAL, variables, by=asker)["serial"]["pack"]
    assert told["publicKey"]

    order_id = making.paid_order(making.make_link(pack))
    query = """query ($id: ID!) { order(id: $id) { serials(first: 1) { edges { node {
      data pack { generator generatorSettings publicKey } } } } } }"""
    [node] = nodes(
        ask(query, {"id": gid("Order", order_id)}, by=people.make_staff("MANAGE_ORDERS"))["order"][
            "serials"
        ]
    )
    assert node["pack"] == {"generator": "signed", "generatorSettings": None, "publicKey": None}
