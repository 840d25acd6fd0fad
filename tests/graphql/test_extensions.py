"""What staff see of generators, renderers and consumers: the lists, and those of a pack."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from saleor_serials.extensions import consumers, generators, renderers
from saleor_serials.models import Pack, Serial, SigningKey
from saleor_serials.serials import generation
from tests import making
from tests.graphql.api import ask, gid, is_denied, nodes, people
from tests.hosts import shop

LIST = "{ %s { name label settings { name type default choices helpText } } }"
LISTS = {
    "serialGenerators": generators,
    "serialRenderers": renderers,
    "serialConsumers": consumers,
}
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


@pytest.mark.parametrize(("field", "kinds"), LISTS.items())
def test_staff_list_what_is_installed_with_all_that_can_be_set(
    owner: Any, field: str, kinds: Any
) -> None:
    listed = ask(LIST % field, by=owner)[field]

    assert [each["name"] for each in listed] == list(kinds.registered())
    for each in listed:
        found = kinds.registered()[each["name"]]
        assert each["label"] == found.label
        for one, setting in zip(each["settings"], found.settings, strict=True):
            assert (one["name"], one["type"].lower()) == (setting.name, setting.type)
            assert one["choices"] == list(setting.choices)
            assert json.loads(one["default"] or "null") == setting.default
        assert all(one["helpText"] for one in each["settings"])


def test_staff_see_which_consumers_do_nothing_for_guests(owner: Any) -> None:
    listed = ask("{ serialConsumers { name needsUser } }", by=owner)["serialConsumers"]

    assert listed == [
        {"name": "customer-group", "needsUser": True},
        {"name": "points", "needsUser": True},
    ]


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize("permissions", [(), ("MANAGE_ORDERS",)])
def test_nobody_else_lists_them(field: str, permissions: tuple[str, ...]) -> None:
    assert is_denied(LIST % field, by=people.make_staff(*permissions))
    assert is_denied(LIST % field)


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

    [draft] = generation.draw(pack, 1, now=timezone.now())
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


RENDERED = "{ me { serials(first: 10) { edges { node { data rendering { text picture } } } } } }"


def test_the_buyer_sees_serials_as_the_pack_s_renderer_says() -> None:
    words = making.make_pack(
        renderer="text", renderer_settings={"text": "Seat ${extra.seat}: $data"}
    )
    codes, plain = making.make_pack(renderer="qr"), making.make_pack()
    for pack in (words, codes, plain):
        making.make_serials(pack, 1)
    Serial.objects.filter(pack=words).update(extra={"seat": "A1"})
    links = [making.make_link(pack) for pack in (words, codes, plain)]
    user = shop.make_user()
    order_id = shop.place_order([(link.variant, 1) for link in links], user=user)
    shop.pay(order_id)

    seen = nodes(ask(RENDERED, by=user)["me"]["serials"])

    looks = {each["data"]: each["rendering"] for each in seen}
    [first, second, third] = (pack.serials.get().data for pack in (words, codes, plain))
    assert looks[first] == {"text": f"Seat A1: {first}", "picture": None}
    assert looks[second]["text"] == second
    assert looks[second]["picture"].startswith("data:image/png;base64,iVBOR")
    assert looks[third] == {"text": third, "picture": None}


def test_who_manages_only_orders_sees_neither_settings_nor_key() -> None:
    pack = making.make_pack(
        generator="signed",
        generator_settings={"claims": {"a": 1}},
        renderer="text",
        renderer_settings={"text": "Hidden $data"},
        consumers=[{"name": "points", "settings": {"points": 5}}],
    )
    serials = making.make_serials(pack, 1)
    asker = people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")
    variables = {"id": gid("Serial", serials[0].pk)}

    told = ask(THROUGH_SERIAL, variables, by=asker)["serial"]["pack"]
    assert told["publicKey"]

    order_id = making.paid_order(making.make_link(pack))
    query = """query ($id: ID!) { order(id: $id) { serials(first: 1) { edges { node {
      data pack { generator generatorSettings publicKey renderer rendererSettings
        consumers { name } } } } } } }"""
    [node] = nodes(
        ask(query, {"id": gid("Order", order_id)}, by=people.make_staff("MANAGE_ORDERS"))["order"][
            "serials"
        ]
    )
    assert node["pack"] == {
        "generator": "signed",
        "generatorSettings": None,
        "publicKey": None,
        "renderer": "text",
        "rendererSettings": None,
        "consumers": None,
    }
