"""What staff can say of a pack (mission P1 to P20), and what it means for what is handed out."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail

from saleor_serials.models import Event, Pack, PackLink, VendorGroup
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.packs import lifecycle
from saleor_serials.serials import add
from tests import making
from tests.graphql.api import ask, complaints, do, gid, is_denied, nodes, people, refused
from tests.hosts import shop
from tests.making import held, shortfall

FIELDS = """
  slug name description showsName type source generator generatorSettings
  renderer rendererSettings consumers { name settings } isPublished isConsumable
  isUnlimited checksUser assignsUser webserviceAccess vendorGroup { name rights } customerGroups
  channels statusOnRefund pickOrder sizeLimit batchLimit noticeBelow archivedAt warnings
"""
CREATE = f"""mutation ($input: SerialPackInput!) {{
  serialPackCreate(input: $input) {{
    serialPack {{ id {FIELDS} }} errors {{ field message code index }}
  }}
}}"""
UPDATE = f"""mutation ($id: ID!, $input: SerialPackInput!) {{
  serialPackUpdate(id: $id, input: $input) {{
    serialPack {{ {FIELDS} }} errors {{ field message code index }}
  }}
}}"""
DELETE = """mutation ($id: ID!) {
  serialPackDelete(id: $id) {
    serialPack { slug isPublished archivedAt } errors { field message code index }
  }
}"""
RESTORE = """mutation ($id: ID!) {
  serialPackRestore(id: $id) {
    serialPack { slug isPublished archivedAt } errors { field message code index }
  }
}"""
ADD = """mutation ($pack: ID!, $data: [String!]!) {
  serialsCreate(input: {pack: $pack, data: $data}) {
    serialBatch { quantity } errors { field message code index }
  }
}"""
LINK = """mutation ($input: SerialPackLinkCreateInput!) {
  serialPackLinkCreate(input: $input) {
    serialPackLink { id } errors { field message code index }
  }
}"""
SET_RIGHTS = """mutation ($group: ID!, $rights: [SerialVendorRightEnum!]!) {
  serialVendorGroupUpdate(group: $group, rights: $rights) {
    serialVendorGroup { groupId name rights } errors { field message code index }
  }
}"""
REMOVE_VENDOR = """mutation ($group: ID!) {
  serialVendorGroupDelete(group: $group) {
    serialVendorGroup { groupId } errors { field message code index }
  }
}"""
VENDORS = "{ serialVendorGroups { groupId name rights } }"

GROUPS = get_user_model().groups.field.related_model.objects
PATTERN = {"generator": "uuid"}


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS")


def of(pack: Pack) -> str:
    return gid("SerialPack", pack.pk)


def change(pack: Pack, by: Any, **values: Any) -> Any:
    return do(UPDATE, {"id": of(pack), "input": values}, by=by)["serialPack"]


def test_every_rule_is_made_and_read_as_it_was_given(owner: Any) -> None:
    rules = {
        "name": "Seats",
        "slug": "seats",
        "description": "From the theatre",
        "showsName": True,
        "type": "BATCH",
        "source": "NONE",
        "generator": "uuid",
        "generatorSettings": "{}",
        "renderer": "text",
        "rendererSettings": '{"text": "Seat $data"}',
        "consumers": [
            {"name": "points", "settings": '{"points": 5}'},
            {"name": "points", "settings": '{"points": 6}'},
        ],
        "isPublished": False,
        "isConsumable": True,
        "isUnlimited": True,
        "checksUser": False,
        "assignsUser": False,
        "webserviceAccess": True,
        "customerGroups": ["vip", "press"],
        "statusOnRefund": "DELETED",
        "pickOrder": "RANDOM",
        "sizeLimit": 5,
        "batchLimit": 3,
        "noticeBelow": 2,
    }

    made = do(CREATE, {"input": rules}, by=owner)["serialPack"]

    warnings = made.pop("warnings")
    assert made == {
        **rules,
        "id": of(Pack.objects.get()),
        "channels": [],
        "vendorGroup": None,
        "archivedAt": None,
    }
    assert [warning.split(",")[0] for warning in warnings] == [
        "After a refund",
        "Guests may consume its serials",
    ]


def test_every_rule_can_be_changed_and_brought_back(owner: Any) -> None:
    pack = making.make_pack(size_limit=7, batch_limit=7, notice_below=7, customer_groups=["vip"])

    changed = change(
        pack, owner, sizeLimit=0, batchLimit=None, noticeBelow=0, customerGroups=[], showsName=True
    )

    assert (changed["sizeLimit"], changed["batchLimit"], changed["noticeBelow"]) == (0, None, None)
    assert (changed["customerGroups"], changed["showsName"]) == ([], True)


def test_null_brings_a_rule_back_to_its_default_and_what_is_left_out_stays(owner: Any) -> None:
    pack = making.make_pack(
        name="Seats",
        slug="seats",
        description="From the theatre",
        generator="sequence",
        generator_settings={"start": 5},
        renderer="text",
        renderer_settings={"text": "Seat $data"},
        consumers=[{"name": "points", "settings": {"points": 5}}],
        is_consumable=True,
        status_on_refund="free",
        pick_order="random",
        customer_groups=["vip"],
        size_limit=7,
        notice_below=7,
    )
    before = change(pack, owner, showsName=True)

    after = change(
        pack,
        owner,
        description=None,
        generator=None,
        rendererSettings=None,
        consumers=None,
        isConsumable=None,
        statusOnRefund=None,
        customerGroups=None,
        sizeLimit=None,
        noticeBelow=None,
        vendorGroup=None,
    )

    assert after == {
        **before,
        "description": "",
        "generator": None,
        "generatorSettings": "{}",
        "rendererSettings": "{}",
        "consumers": [],
        "isConsumable": False,
        "statusOnRefund": "UNASSIGNED",
        "customerGroups": [],
        "sizeLimit": None,
        "noticeBelow": None,
    }
    for name in ("name", "slug"):
        assert refused(UPDATE, {"id": of(pack), "input": {name: None}}, by=owner) == [
            (name, "REQUIRED", None)
        ]


def test_all_that_is_wrong_with_a_pack_is_named_at_once(owner: Any) -> None:
    wrong = {
        "name": " ",
        "slug": "No Slug",
        "sizeLimit": -1,
        "channels": ["nowhere"],
        "generator": "uuid",
        "generatorSettings": '{"a": 1, "b": 2}',
        "rendererSettings": '{"text": "x"}',
        "consumers": [
            {"name": "crystal ball"},
            {"name": "points", "settings": '{"points": 5}'},
            {"name": "points", "settings": '{"points": 0, "a": 1}'},
        ],
    }
    pack = making.make_pack()
    before = list(Pack.objects.values())

    for call in (CREATE, UPDATE):
        assert refused(call, {"id": of(pack), "input": wrong}, by=owner) == [
            ("name", "REQUIRED", None),
            ("slug", "INVALID", None),
            ("channels", "NOT_FOUND", None),
            ("sizeLimit", "OUT_OF_RANGE", None),
            ("rendererSettings", "REQUIRED", None),
            ("consumers", "INVALID", 0),
            ("consumers", "INVALID", 2),
            ("consumers", "INVALID", 2),
            ("generatorSettings", "INVALID", None),
            ("generatorSettings", "INVALID", None),
        ]
    assert list(Pack.objects.values()) == before


def test_a_rule_that_is_wrong_by_itself_is_not_held_against_the_others(owner: Any) -> None:
    wrong = {"name": "New", "generator": "uuid", "generatorSettings": "[]", "isPublished": True}

    assert refused(CREATE, {"input": wrong}, by=owner) == [("generatorSettings", "INVALID", None)]


@pytest.mark.parametrize("given", ['{"text": "Seat $data"}', {"text": "Seat $data"}])
def test_settings_are_given_as_a_text_or_as_an_object(given: Any, owner: Any) -> None:
    pack = making.make_pack()
    literal = json.dumps(given) if isinstance(given, str) else '{text: "Seat $data"}'

    by_variable = change(pack, owner, renderer="text", rendererSettings=given)
    change(pack, owner, renderer="")
    written = f'{{renderer: "text", rendererSettings: {literal}}}'
    document = f"""mutation ($id: ID!) {{ serialPackUpdate(id: $id, input: {written}) {{
      serialPack {{ rendererSettings }} errors {{ field code message index }} }} }}"""
    by_literal = do(document, {"id": of(pack)}, by=owner)["serialPack"]

    assert by_variable["rendererSettings"] == by_literal["rendererSettings"]
    assert json.loads(by_literal["rendererSettings"]) == {"text": "Seat $data"}


@pytest.mark.parametrize("given", ["{", "", [], "[]", 1])
def test_settings_that_are_no_object_are_refused(given: Any, owner: Any) -> None:
    pack = making.make_pack(renderer="text", renderer_settings={"text": "Seat $data"})
    before = list(Pack.objects.values())
    variables = {"id": of(pack), "input": {"rendererSettings": given}}

    if given in ("{", ""):  # no JSON at all: it never reaches us
        assert complaints(UPDATE, variables, by=owner)
    else:
        assert refused(UPDATE, variables, by=owner) == [("rendererSettings", "INVALID", None)]
    assert list(Pack.objects.values()) == before


def test_with_another_renderer_go_other_settings_and_consumers_are_replaced(owner: Any) -> None:
    pack = making.make_pack(
        renderer="text",
        renderer_settings={"text": "Seat $data"},
        consumers=[{"name": "points", "settings": {"points": 5}}],
    )

    kept = change(pack, owner, name="Seats")
    other = change(
        pack, owner, renderer="qr", consumers=[{"name": "points", "settings": '{"points": 7}'}]
    )
    none = change(pack, owner, renderer="", consumers=[])

    assert (kept["renderer"], kept["rendererSettings"]) == ("text", '{"text": "Seat $data"}')
    assert kept["consumers"] == [{"name": "points", "settings": '{"points": 5}'}]
    assert (other["renderer"], other["rendererSettings"]) == ("qr", "{}")
    assert other["consumers"] == [{"name": "points", "settings": '{"points": 7}'}]
    assert (none["renderer"], none["consumers"]) == (None, [])


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"source": "NONE"}, ("generator", "REQUIRED", None)),
        ({"generator": "crystal ball"}, ("generator", "INVALID", None)),
        ({"generatorSettings": '{"a": 1}'}, ("generatorSettings", "REQUIRED", None)),
        (
            {"generator": "uuid", "generatorSettings": '{"a": 1}'},
            ("generatorSettings", "INVALID", None),
        ),
        ({"generator": "uuid", "generatorSettings": "[]"}, ("generatorSettings", "INVALID", None)),
        ({"renderer": "crystal ball"}, ("renderer", "INVALID", None)),
        ({"rendererSettings": '{"a": 1}'}, ("rendererSettings", "REQUIRED", None)),
        (
            {"renderer": "text", "rendererSettings": '{"text": "$date"}'},
            ("rendererSettings", "INVALID", None),
        ),
        ({"consumers": [{"name": "crystal ball"}]}, ("consumers", "INVALID", 0)),
        (
            {
                "consumers": [
                    {"name": "points", "settings": '{"points": 5}'},
                    {"name": "points", "settings": '{"points": 0}'},
                ]
            },
            ("consumers", "INVALID", 1),
        ),
        ({"consumers": [{"name": "points", "settings": "[1]"}]}, ("consumers", "INVALID", 0)),
        ({"consumers": [{"name": "points", "settings": "[]"}]}, ("consumers", "INVALID", 0)),
        (
            {"consumers": [{"name": "points", "settings": '{"points": 5}'}] * 21},
            ("consumers", "TOO_MANY", None),
        ),
        ({"sizeLimit": -1}, ("sizeLimit", "OUT_OF_RANGE", None)),
        ({"batchLimit": -1}, ("batchLimit", "OUT_OF_RANGE", None)),
        ({"noticeBelow": -1}, ("noticeBelow", "OUT_OF_RANGE", None)),
        ({"customerGroups": ["a,b"]}, ("customerGroups", "INVALID", None)),
        ({"customerGroups": [" "]}, ("customerGroups", "INVALID", None)),
        ({"customerGroups": ["x" * 101]}, ("customerGroups", "INVALID", None)),
        ({"customerGroups": ["a\0"]}, ("customerGroups", "INVALID", None)),
        ({"channels": ["nowhere"]}, ("channels", "NOT_FOUND", None)),
        ({"vendorGroup": gid("Group", 10**6)}, ("vendorGroup", "NOT_FOUND", None)),
        ({"vendorGroup": gid("User", 1)}, ("vendorGroup", "NOT_FOUND", None)),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_name_and_nothing_changes(
    owner: Any, values: dict[str, Any], error: tuple[Any, ...]
) -> None:
    pack = making.make_pack()
    before = list(Pack.objects.values())

    assert refused(CREATE, {"input": {"name": "New", **values}}, by=owner) == [error]
    assert refused(UPDATE, {"id": of(pack), "input": values}, by=owner) == [error]
    assert list(Pack.objects.values()) == before


@pytest.mark.parametrize(
    ("status", "warned"),
    [
        *(("UNASSIGNED", 0), ("ASSIGNED", 0), ("FREE", 0)),
        *(("RESERVED", 1), ("USED", 1), ("DELETED", 1)),
    ],
)
def test_an_unusual_status_on_refund_is_possible_and_gets_a_warning(
    owner: Any, status: str, warned: int
) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    order_id = making.paid_order(making.make_link(pack), user=shop.make_user())

    changed = change(pack, owner, statusOnRefund=status)
    shop.refund(order_id)

    assert len(changed["warnings"]) == warned
    assert making.statuses(pack) == {status.lower(): 1}
    assert held(order_id) == []
    making.check_books()


# --- source and generator


def test_a_pack_without_a_free_serial_has_its_generator_make_one() -> None:
    pack = making.make_pack(**PATTERN)
    [stocked] = making.make_serials(pack, 1)

    order_id = making.paid_order(making.make_link(pack), units=3)

    first, *others = held(order_id)
    assert first == stocked.data
    assert len({stocked.data, *others}) == 3
    assert shortfall(order_id) == 0
    made = Event.objects.filter(type="created", serial__isnull=False)
    assert sorted(made.values_list("serial__data", flat=True)) == sorted(others)


def test_a_pack_that_takes_nothing_from_stock_makes_a_new_one_each_time() -> None:
    pack = making.make_pack(source="none", **PATTERN)
    stocked = making.make_serials(pack, 2)
    user = shop.make_user()
    link = making.make_link(pack)

    given_back = making.paid_order(link, user=user)
    [first] = held(given_back)
    shop.refund(given_back)
    [second] = held(making.paid_order(link, user=user))

    assert len({first, second, *(serial.data for serial in stocked)}) == 4
    assert making.statuses(pack) == {"free": 2, "unassigned": 1, "used": 1}


def test_a_limit_never_blocks_a_paid_order() -> None:
    pack = making.make_pack(size_limit=1, **PATTERN)

    assert len(held(making.paid_order(making.make_link(pack), units=5))) == 5


def test_a_generator_that_cannot_make_what_is_owed_leaves_an_exact_shortfall() -> None:
    pack = making.make_pack(generator="random", generator_settings={"pattern": "9"})

    order_id = making.paid_order(making.make_link(pack), units=11)

    assert (len(held(order_id)), shortfall(order_id)) == (10, 1)
    making.check_books()


LEFT = "query ($id: ID!) { serialPack(id: $id) { generatorLeft } }"


def test_settings_that_can_make_nothing_new_are_refused_when_they_are_saved(owner: Any) -> None:
    pack = making.make_pack()
    add.add_serials(pack, [str(digit) for digit in range(10)], actor="user:1")
    settings = {"generator": "random", "generatorSettings": '{"pattern": "9"}'}

    errors = refused(UPDATE, {"id": of(pack), "input": settings}, by=owner)
    change(pack, owner, generator="random", generatorSettings='{"pattern": "9{2}"}')
    left = ask(LEFT, {"id": of(pack)}, by=owner)["serialPack"]["generatorLeft"]
    change(pack, owner, generatorSettings='{"pattern": "9{20}"}')
    plenty = ask(LEFT, {"id": of(pack)}, by=owner)["serialPack"]["generatorLeft"]

    assert errors == [("generatorSettings", "NOT_ENOUGH", None)]
    assert (left, plenty) == (90, None)


# --- size and type


def test_a_full_pack_takes_no_more_and_says_which_settings_are_in_the_way(owner: Any) -> None:
    shop.set_plugin(pack_size_limit="2")
    pack = making.make_pack(size_limit=None)

    do(ADD, {"pack": of(pack), "data": ["A", "B"]}, by=owner)
    full = refused(ADD, {"pack": of(pack), "data": ["C"]}, by=owner)
    change(pack, owner, sizeLimit=3)
    do(ADD, {"pack": of(pack), "data": ["C"]}, by=owner)
    full_again = refused(ADD, {"pack": of(pack), "data": ["D"]}, by=owner)
    making.paid_order(making.make_link(pack))
    do(ADD, {"pack": of(pack), "data": ["D"]}, by=owner)

    assert full == full_again == [("data", "LIMIT_REACHED", None)]
    answer = ask(ADD, {"pack": of(pack), "data": ["E"]}, by=owner)
    [message] = [error["message"] for error in answer["serialsCreate"]["errors"]]
    assert "sizeLimit" in message
    assert "pack_size_limit" in message


def test_the_shops_limit_can_be_lifted(owner: Any) -> None:
    shop.set_plugin(pack_size_limit="")
    pack = making.make_pack(size_limit=None)

    made = do(ADD, {"pack": of(pack), "data": [str(n) for n in range(1500)]}, by=owner)

    assert made["serialBatch"]["quantity"] == 1500


def test_only_a_pack_of_batches_limits_them(owner: Any) -> None:
    shop.set_plugin(batch_size_limit="2")
    batches, continuous = making.make_pack(type="batch"), making.make_pack()
    data = ["A", "B", "C"]

    too_large = refused(ADD, {"pack": of(batches), "data": data}, by=owner)
    do(ADD, {"pack": of(continuous), "data": data}, by=owner)
    change(batches, owner, batchLimit=3)
    do(ADD, {"pack": of(batches), "data": data}, by=owner)

    assert too_large == [("data", "LIMIT_REACHED", None)]


# --- order of picking


def test_a_pack_that_comes_to_pick_at_random_does_so_with_what_it_has(owner: Any) -> None:
    pack = making.make_pack()
    serials = making.make_serials(pack, 40)
    by_age = [serial.data for serial in serials]

    change(pack, owner, pickOrder="RANDOM")
    at_random = list(pack.serials.order_by("position").values_list("data", flat=True))
    change(pack, owner, pickOrder="OLDEST")
    by_age_again = list(pack.serials.order_by("position").values_list("data", flat=True))
    [younger] = making.make_serials(pack, 1)

    assert sorted(at_random) == sorted(by_age)
    assert at_random != by_age
    assert by_age_again == by_age
    assert younger.position > max(pack.serials.exclude(pk=younger.pk).values_list("position"))[0]


def test_repositioning_goes_in_chunks_and_reaches_every_free_serial() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 7)
    pack.pick_order = "random"
    before = set(pack.serials.values_list("position", flat=True))

    lifecycle.reposition(pack, chunk=3)

    assert before.isdisjoint(pack.serials.values_list("position", flat=True))


# --- whom it serves


def tag(user: Any, groups: str) -> None:
    user.private_metadata = {"serials.groups": groups}
    user.save()


def test_only_customers_in_its_groups_are_served_and_others_are_owed_nothing() -> None:
    pack = making.make_pack(customer_groups=["vip", "press"])
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    member, stranger = shop.make_user(), shop.make_user()
    tag(member, "old, press")
    tag(stranger, "oldies")

    inside = making.paid_order(link, user=member)
    outside = [making.paid_order(link, user=stranger), making.paid_order(link)]

    assert len(held(inside)) == 1
    for order_id in outside:
        reconcile(order_id)
        assert (held(order_id), shortfall(order_id)) == ([], 0)
        told = Event.objects.filter(order__order_id=order_id)
        assert list(told.values_list("type", "reason")) == [
            ("not_served", "A pack that it was to take from serves customers of other groups")
        ]


def test_leaving_a_group_takes_nothing_back_and_joining_it_serves() -> None:
    pack = making.make_pack(customer_groups=["vip"])
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    user = shop.make_user()
    early = making.paid_order(link, user=user)
    tag(user, "vip")
    late = making.paid_order(link, user=user, units=2)

    reconcile(early)
    tag(user, "")
    for order_id in (early, late):
        reconcile(order_id)

    assert (len(held(early)), len(held(late))) == (1, 2)
    making.check_books()


def test_only_orders_in_its_channels_are_served() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)
    Pack.objects.update(channels=["elsewhere"])

    order_id = making.paid_order(link)

    assert (held(order_id), shortfall(order_id)) == ([], 0)
    [told] = Event.objects.filter(order__order_id=order_id, type="not_served")
    assert told.reason == "A pack that it was to take from serves other channels"
    Pack.objects.update(channels=[])
    reconcile(order_id)
    assert len(held(order_id)) == 1


# --- who the serials belong to


MINE = "{ me { serials(first: 9) { edges { node { data } } } } }"
OF_ORDER = """query ($token: UUID!) {
  orderByToken(token: $token) { serials(first: 9) { edges { node { data } } } }
}"""


def test_serials_without_a_user_are_the_orders_and_nobodys_account_lists_them() -> None:
    user = shop.make_user()
    pack = making.make_pack(assigns_user=False)
    making.make_serials(pack, 1)

    order_id = making.paid_order(making.make_link(pack), user=user)

    [data] = held(order_id)
    order = ask(OF_ORDER, {"token": people.order_token(order_id)}, by=user)["orderByToken"]
    assert [serial["data"] for serial in nodes(order["serials"])] == [data]
    assert nodes(ask(MINE, by=user)["me"]["serials"]) == []


def test_a_serial_without_a_user_comes_back_as_its_buyers() -> None:
    user = shop.make_user()
    pack = making.make_pack(assigns_user=False)
    making.make_serials(pack, 2)
    link = making.make_link(pack)
    order_id = making.paid_order(link, user=user)
    [data] = held(order_id)

    shop.refund(order_id)

    [serial] = pack.serials.filter(status="unassigned")
    assert serial.customer == f"user:{user.pk}"
    assert held(making.paid_order(link, user=user)) == [data]


NAMED = "{ me { serials(first: 9) { edges { node { packName } } } } }"


@pytest.mark.parametrize("shows_name", [False, True])
def test_customers_are_shown_the_packs_name_where_the_pack_says_so(shows_name: bool) -> None:
    user = shop.make_user()
    pack = making.make_pack(name="Space <Traders>", shows_name=shows_name)
    making.make_serials(pack, 1)

    making.paid_order(making.make_link(pack), user=user)

    [serial] = nodes(ask(NAMED, by=user)["me"]["serials"])
    assert serial["packName"] == (pack.name if shows_name else None)
    [message] = mail.outbox
    [(html, _)] = message.alternatives
    assert ("Space <Traders>" in message.body) is shows_name
    assert ("Space &lt;Traders&gt;" in html) is shows_name


# --- archive


def test_an_empty_pack_is_deleted_and_a_used_one_archived(owner: Any) -> None:
    empty, used = making.make_pack(), making.make_pack(slug="used")
    making.make_serials(used, 2)
    making.make_link(empty)
    link = making.make_link(used)
    order_id = making.paid_order(link)

    gone = do(DELETE, {"id": of(empty)}, by=owner)["serialPack"]
    archived = do(DELETE, {"id": of(used)}, by=owner)["serialPack"]

    assert gone is None
    assert (archived["slug"], archived["isPublished"]) == ("used", False)
    assert archived["archivedAt"]
    assert list(Pack.objects.values_list("slug", flat=True)) == ["used"]
    assert not PackLink.objects.filter(until=None).exists()
    assert len(held(order_id)) == 1
    late = making.paid_order(link)
    assert (held(late), shortfall(late)) == ([], 0)


def test_nothing_is_put_into_an_archived_pack_or_linked_with_it(owner: Any) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    do(DELETE, {"id": of(pack)}, by=owner)
    variant = gid("ProductVariant", shop.make_variant().pk)

    assert refused(ADD, {"pack": of(pack), "data": ["A"]}, by=owner) == [("data", "INVALID", None)]
    assert refused(LINK, {"input": {"pack": of(pack), "variant": variant}}, by=owner) == [
        ("pack", "INVALID", None)
    ]
    published = {"id": of(pack), "input": {"isPublished": True}}
    assert refused(UPDATE, published, by=owner) == [("isPublished", "INVALID", None)]


def test_a_pack_comes_back_from_the_archive_unpublished(owner: Any) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    do(DELETE, {"id": of(pack)}, by=owner)

    restored = do(RESTORE, {"id": of(pack)}, by=owner)["serialPack"]

    assert restored == {"slug": pack.slug, "isPublished": False, "archivedAt": None}
    assert change(pack, owner, isPublished=True)["isPublished"]


@pytest.mark.parametrize("mutation", [DELETE, RESTORE])
def test_a_pack_that_is_not_there_can_be_neither_deleted_nor_restored(
    owner: Any, mutation: str
) -> None:
    assert refused(mutation, {"id": gid("SerialPack", 10**9)}, by=owner) == [
        ("id", "NOT_FOUND", None)
    ]


# --- vendors


def vendor_group(*rights: str, name: str = "Acme") -> Any:
    group = GROUPS.create(name=name)
    VendorGroup.objects.create(group_id=group.pk, rights=list(rights))
    return group


def member_of(*groups: Any) -> Any:
    user = people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")
    user.groups.add(*groups)
    return user


def test_who_manages_staff_makes_a_group_a_vendors_and_changes_its_rights() -> None:
    group = GROUPS.create(name="Acme")
    manager = people.make_staff("MANAGE_STAFF")
    variables = {"group": gid("Group", group.pk)}

    made = do(SET_RIGHTS, {**variables, "rights": ["SEE"]}, by=manager)["serialVendorGroup"]
    changed = do(SET_RIGHTS, {**variables, "rights": ["LINK", "SEE"]}, by=manager)
    listed = ask(VENDORS, by=manager)["serialVendorGroups"]

    assert made == {"groupId": variables["group"], "name": "Acme", "rights": ["SEE"]}
    assert [changed["serialVendorGroup"]] == listed == [{**made, "rights": ["SEE", "LINK"]}]
    for asker in (people.make_staff("MANAGE_PRODUCTS"), shop.make_user(), None):
        assert is_denied(SET_RIGHTS, {**variables, "rights": ["SEE"]}, by=asker)
        assert is_denied(REMOVE_VENDOR, variables, by=asker)
        assert is_denied(VENDORS, by=asker)


def test_a_vendor_group_that_cannot_be_is_refused() -> None:
    manager = people.make_staff("MANAGE_STAFF")
    group = {"group": gid("Group", GROUPS.create(name="Acme").pk)}
    nobody = {"group": gid("Group", 10**6)}

    assert refused(SET_RIGHTS, {**group, "rights": []}, by=manager) == [
        ("rights", "REQUIRED", None)
    ]
    assert refused(SET_RIGHTS, {**nobody, "rights": ["SEE"]}, by=manager) == [
        ("group", "NOT_FOUND", None)
    ]
    assert refused(REMOVE_VENDOR, group, by=manager) == [("group", "NOT_FOUND", None)]
    assert not VendorGroup.objects.exists()


def test_a_vendor_group_stays_one_while_packs_belong_to_it() -> None:
    manager, group = people.make_staff("MANAGE_STAFF"), vendor_group("see")
    pack = making.make_pack(vendor_group_id=group.pk)
    variables = {"group": gid("Group", group.pk)}

    assert refused(REMOVE_VENDOR, variables, by=manager) == [("group", "INVALID", None)]
    lifecycle.update(pack.pk, vendor_group_id=0)
    do(REMOVE_VENDOR, variables, by=manager)

    assert not VendorGroup.objects.exists()


def test_what_a_vendor_makes_belongs_to_their_group() -> None:
    group = vendor_group("edit")
    made = do(CREATE, {"input": {"name": "Mine"}}, by=member_of(group))["serialPack"]

    assert made["vendorGroup"] == {"name": "Acme", "rights": ["EDIT"]}
    assert Pack.objects.get().vendor_group_id == group.pk


def test_a_vendor_of_two_groups_says_for_which() -> None:
    one, two, weak = (
        vendor_group("edit", name="One"),
        vendor_group("edit", name="Two"),
        vendor_group("see", name="Weak"),
    )
    member = member_of(one, two, weak)

    for group in (None, gid("Group", weak.pk), ""):
        values = {"name": "Mine"} if group is None else {"name": "Mine", "vendorGroup": group}
        assert refused(CREATE, {"input": values}, by=member) == [
            ("vendorGroup", "NOT_ALLOWED", None)
        ]
    values = {"name": "Mine", "vendorGroup": gid("Group", two.pk)}
    made = do(CREATE, {"input": values}, by=member)["serialPack"]
    assert made["vendorGroup"]["name"] == "Two"


def mutations_on(pack: Pack) -> dict[str, tuple[str, dict[str, Any]]]:
    variant = gid("ProductVariant", shop.make_variant().pk)
    return {
        "edit": (UPDATE, {"id": of(pack), "input": {"name": "Changed"}}),
        "import": (ADD, {"pack": of(pack), "data": ["A"]}),
        "link": (LINK, {"input": {"pack": of(pack), "variant": variant}}),
        "delete": (DELETE, {"id": of(pack)}),
    }


@pytest.mark.parametrize("right", ["edit", "import", "link", "delete"])
def test_a_vendor_does_with_their_packs_what_their_group_may_and_no_more(right: str) -> None:
    group = vendor_group("see", right)
    pack = making.make_pack(vendor_group_id=group.pk)
    member = member_of(group)
    mutations = mutations_on(pack)
    mutation, variables = mutations.pop(right)

    for other, given in mutations.values():
        [(_, code, _)] = refused(other, given, by=member)
        assert code == "NOT_ALLOWED"
    do(mutation, variables, by=member)


@pytest.mark.parametrize("call", ["edit", "import", "link", "delete"])
def test_the_packs_of_others_are_not_there_for_a_vendor(call: str) -> None:
    every = [right.value for right in packs_rights()]
    member = member_of(vendor_group(*every))
    theirs = making.make_pack(vendor_group_id=vendor_group("see", name="Other").pk)
    before = list(Pack.objects.values())

    for pack in (theirs, making.make_pack()):
        mutation, variables = mutations_on(pack)[call]
        [(_, code, _)] = refused(mutation, variables, by=member)
        assert code == "NOT_FOUND"
    assert list(Pack.objects.filter(pk=theirs.pk).values()) == before[-1:]


def packs_rights() -> Any:
    from saleor_serials.access.packs import Right

    return Right


def test_a_vendor_cannot_give_a_pack_away_or_take_one() -> None:
    mine, other = vendor_group("edit"), vendor_group("edit", name="Other")
    pack = making.make_pack(vendor_group_id=mine.pk)
    member = member_of(mine)

    for group in ("", gid("Group", other.pk)):
        variables = {"id": of(pack), "input": {"vendorGroup": group}}
        assert refused(UPDATE, variables, by=member) == [("vendorGroup", "NOT_ALLOWED", None)]
    pack.refresh_from_db()
    assert pack.vendor_group_id == mine.pk


def test_a_superuser_in_a_vendor_group_reaches_all_packs() -> None:
    member = member_of(vendor_group("see"))
    member.is_superuser = True
    member.save()

    assert change(making.make_pack(), member, name="Changed")["name"] == "Changed"


def test_what_software_makes_is_open_to_software() -> None:
    app = people.make_app("MANAGE_PRODUCTS")

    made = do(CREATE, {"input": {"name": "By an app"}}, by=app)["serialPack"]

    assert made["webserviceAccess"]
    closed = making.make_pack()
    assert refused(ADD, {"pack": of(closed), "data": ["A"]}, by=app) == [
        ("pack", "NOT_FOUND", None)
    ]
