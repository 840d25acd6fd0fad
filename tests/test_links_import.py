"""Links out of files."""

from typing import Any

import pytest

from saleor_serials.access.packs import EVERYTHING, PackAccess, Right
from saleor_serials.errors import InvalidInput
from saleor_serials.host.shapes import Target
from saleor_serials.import_export import links_import
from saleor_serials.models import Job, PackLink
from saleor_serials.packs import links, metadata_links
from tests import import_files, making
from tests.graphql import metadata
from tests.graphql.api import people
from tests.hosts import shop


def start(content: str, **values: Any) -> Job:
    values = {"pack": None, "actor": "user:1", "access": EVERYTHING, **values}
    return links_import.start_links(import_files.import_file(content), **values)


def imported(content: str, **values: Any) -> Job:
    job = import_files.finished(start(content, **values))
    assert (job.status, job.problems) == ("done", [])
    return job


def complaints(content: str, **values: Any) -> list[Any]:
    job = import_files.finished(start(content, **values))
    assert (job.status, job.done) == ("failed", 0)
    return [(problem["row"], problem["code"]) for problem in job.problems]


def in_force() -> set[tuple[str, int, int]]:
    return {
        (links.target_of(link).key, link.pack_id, link.quantity)
        for link in PackLink.objects.filter(until=None)
    }


def test_variants_and_products_are_linked_as_a_file_says() -> None:
    variant, product, other = shop.make_variant(), shop.make_product(), shop.make_product()
    one, two = making.make_pack(name="One"), making.make_pack(name="Two")

    job = imported(
        f"SKU,Product,Pack,Quantity\n{variant.sku},,one,2\n,{product.slug},two,\n"
        f",{other.pk},One,10\n{variant.sku},,two,3\n"
    )

    assert in_force() == {
        (f"variant:{variant.pk}", one.pk, 2),
        (f"product:{product.pk}", two.pk, 1),
        (f"product:{other.pk}", one.pk, 10),
        (f"variant:{variant.pk}", two.pk, 3),
    }
    assert (job.done, job.total, job.skipped) == (4, 4, 0)


def test_links_that_are_there_get_the_quantity_and_others_stay() -> None:
    pack = making.make_pack()
    same, changed, left_alone = (making.make_link(pack) for _ in range(3))
    order_id = making.placed_order(changed)

    job = imported(f"sku,quantity\n{same.variant.sku},1\n{changed.variant.sku},5\n", pack=pack)

    assert in_force() == {
        (f"variant:{same.variant_id}", pack.pk, 1),
        (f"variant:{changed.variant_id}", pack.pk, 5),
        (f"variant:{left_alone.variant_id}", pack.pk, 1),
    }
    assert (job.done, job.skipped) == (2, 1)
    # The order was placed under the link as it was.
    shop.pay(order_id)
    assert making.shortfall(order_id) == 1


def test_every_wrong_row_is_named_and_nothing_is_linked() -> None:
    variant = shop.make_variant()
    pack = making.make_pack(name="Pack")
    content = (
        "sku,product,pack,quantity\n"
        f"{variant.sku},,pack,1\nNO-SUCH,,pack,1\n,no-such,pack,1\n{variant.sku},,nowhere,1\n"
        f"{variant.sku},,pack,0\n{variant.sku},,pack,10001\n{variant.sku},,pack,many\n"
        f",,pack,1\n{variant.sku},x,pack,1\n{variant.sku},,pack,2\n{variant.sku},,,1\n"
    )

    expected = [
        *((3, "NOT_FOUND"), (4, "NOT_FOUND"), (5, "NOT_FOUND"), (6, "OUT_OF_RANGE")),
        *((7, "OUT_OF_RANGE"), (8, "INVALID"), (9, "REQUIRED"), (10, "REQUIRED")),
        *((11, "DUPLICATE"), (12, "NOT_FOUND")),
    ]
    assert complaints(content) == expected
    dry = import_files.finished(start(content, dry_run=True))
    assert dry.status == "done"
    assert [(each["row"], each["code"]) for each in dry.problems] == expected
    assert complaints("sku,pack\n") == [(None, "REQUIRED")]
    assert in_force() == set()
    assert pack.links.count() == 0


def test_a_link_that_a_text_asks_for_is_changed_there() -> None:
    pack = making.make_pack(name="Pack")
    variant = shop.make_variant()
    staff = people.make_staff("MANAGE_PRODUCTS")
    metadata.write("ProductVariant", variant.pk, {"serials": "pack x2"}, by=staff)
    metadata_links.sync(Target(kind="variant", id=variant.pk))

    assert complaints(f"sku,quantity\n{variant.sku},3\n", pack=pack) == [(2, "INVALID")]
    assert in_force() == {(f"variant:{variant.pk}", pack.pk, 2)}


def test_links_need_columns_that_name_something() -> None:
    pack = making.make_pack()
    cases: list[tuple[str, dict[str, Any], tuple[str, str]]] = [
        ("pack,quantity\nx,1\n", {}, ("columns", "REQUIRED")),
        ("sku,quantity\nx,1\n", {}, ("pack", "REQUIRED")),
        ("sku,colour\nx,1\n", {"pack": pack}, ("columns", "INVALID")),
        ("X\nY\n", {"pack": pack}, ("format", "INVALID")),
    ]
    for content, values, expected in cases:
        with pytest.raises(InvalidInput) as refused:
            start(content, **values)
        assert (refused.value.field, refused.value.code.value) == expected


def test_a_pack_of_others_is_not_there() -> None:
    variant = shop.make_variant()
    mine, theirs = making.make_pack(), making.make_pack()
    access = PackAccess(packs=frozenset({mine.pk}), rights={mine.pk: frozenset({Right.LINK})})
    rows = f"sku,pack\n{variant.sku},{mine.slug}\n{variant.sku},{theirs.slug}\n"

    assert complaints(rows, access=access) == [(3, "NOT_FOUND")]
    imported(rows.rsplit("\n", 2)[0], access=access)

    assert in_force() == {(f"variant:{variant.pk}", mine.pk, 1)}
