"""What only Saleor 3 does."""

import json
from contextlib import nullcontext
from typing import Any

import pytest
from django.apps import apps

from saleor_serials.host import installed_modules
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import PackLink
from tests import making
from tests.graphql import metadata
from tests.graphql.api import ask, gid, people
from tests.hosts import shop
from tests.making import held

pytestmark = pytest.mark.skipif(
    installed_modules()[0] != "saleor3", reason="another host, with other mutations"
)

REPLACE = """mutation ($order: ID!, $line: ID!) {
  orderFulfillmentReturnProducts(
    order: $order, input: {orderLines: [{orderLineId: $line, quantity: 1, replace: true}]}
  ) { replaceOrder { id number lines { id } } errors { field message code } }
}"""
LINES = "query ($id: ID!) { order(id: $id) { lines { id privateMetadata { key value } } } }"


def line_metadata(order: str, *, by: Any) -> list[dict[str, str]]:
    lines = ask(LINES, {"id": order}, by=by)["order"]["lines"]
    return [{row["key"]: row["value"] for row in line["privateMetadata"]} for line in lines]


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("switched_off_before", [True, False])
def test_a_replacement_does_not_show_the_serials_of_the_order_it_was_copied_from(
    heard: bool, switched_off_before: bool
) -> None:
    staff = people.make_staff("MANAGE_ORDERS")
    # Drafts are priced whenever they are read.
    taxes = apps.get_model("tax", "TaxConfiguration")
    shop.set_plugin(expose_in_metadata="true")
    pack = making.make_pack(is_consumable=True)
    making.make_serials(pack, 5)
    order_id = making.paid_order(making.make_link(pack), units=2)
    taxes.objects.get_or_create(channel=shop.Channel.objects.get())
    [line_id] = shop.line_ids(order_id)
    metadata.write("Order", order_id, {"colour": "red"}, by=staff)
    metadata.write("OrderLine", line_id, {"size": "L"}, by=staff)
    shop.set_plugin(expose_in_metadata=str(not switched_off_before).lower())

    with nullcontext() if heard else shop.nothing_heard():
        answer = ask(
            REPLACE, {"order": gid("Order", order_id), "line": gid("OrderLine", line_id)}, by=staff
        )["orderFulfillmentReturnProducts"]
    assert answer["errors"] == []
    copy = answer["replaceOrder"]
    if not heard:
        assert "serials" in line_metadata(copy["id"], by=staff)[0], "the host copies them"
        sweep()

    pk = str(shop.Order.objects.get(number=copy["number"]).pk)
    assert metadata.read("Order", pk, by=staff) == {"colour": "red"}
    assert line_metadata(copy["id"], by=staff) == [{"size": "L"}]
    assert len(held(order_id)) == 1
    original = metadata.read("Order", order_id, by=staff)
    if switched_off_before:
        assert original == {"colour": "red"}
    else:
        assert json.loads(original["serials"])["lines"][0]["serials"] == held(order_id)


WISH = '[{key: "serials", value: "games x2"}]'
# Each gives private metadata in another way; %(...)s is the id of what there is.
GIVEN_WITH = {
    "productCreate": """mutation { productCreate(input: {
        name: "New", productType: "%(type)s", privateMetadata: WISH
    }) { errors { field message } } }""",
    "productUpdate": """mutation { productUpdate(id: "%(product)s", input: {
        privateMetadata: WISH
    }) { errors { field message } } }""",
    "productBulkCreate": """mutation { productBulkCreate(products: [{
        name: "New", productType: "%(type)s", privateMetadata: WISH
    }]) { errors { path message } results { errors { path message } } } }""",
    "productVariantCreate": """mutation { productVariantCreate(input: {
        product: "%(product)s", attributes: [], privateMetadata: WISH
    }) { errors { field message } } }""",
    "productVariantUpdate": """mutation { productVariantUpdate(id: "%(variant)s", input: {
        privateMetadata: WISH
    }) { errors { field message } } }""",
    "productVariantBulkCreate": """mutation { productVariantBulkCreate(
        product: "%(product)s", variants: [{attributes: [], privateMetadata: WISH}]
    ) { errors { field message } } }""",
    "productVariantBulkUpdate": """mutation { productVariantBulkUpdate(
        product: "%(product)s", variants: [{id: "%(variant)s", privateMetadata: WISH}]
    ) { errors { field message } } }""",
}


@pytest.mark.parametrize("mutation", GIVEN_WITH)
def test_metadata_that_comes_with_another_change_makes_links_at_once(mutation: str) -> None:
    staff = people.make_staff("MANAGE_PRODUCTS")
    making.make_pack(slug="games")
    variant = shop.make_variant()
    kind = variant.product.product_type
    kind.has_variants = True
    kind.save()
    ids = {
        "type": gid("ProductType", kind.pk),
        "product": gid("Product", variant.product_id),
        "variant": gid("ProductVariant", variant.pk),
    }

    [answer] = ask(GIVEN_WITH[mutation].replace("WISH", WISH) % ids, by=staff).values()

    assert answer["errors"] == []
    link = PackLink.objects.get()
    assert link.quantity == 2
    assert (link.variant_id is not None) == ("Variant" in mutation)
