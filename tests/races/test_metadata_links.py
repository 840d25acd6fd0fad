"""The metadata of one variant, read, edited and deleted by several at once."""

from functools import partial
from typing import Any

import pytest
from django.db import connection

from saleor_serials.host.shapes import Target
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import MetadataLinks, PackLink
from saleor_serials.packs import links, metadata_links
from tests import making
from tests.hosts import shop
from tests.races.threads import Crossing, together, without_row_locks


@pytest.fixture
def variant() -> Any:
    for slug in ("games", "music"):
        making.make_pack(slug=slug)
    return shop.make_variant()


def say(variant: Any, text: str) -> Target:
    """Set the text as Saleor 3 does: in place, and nobody tells of it."""
    edit(variant, "serials", text)
    return Target(kind="variant", id=variant.pk)


def edit(variant: Any, name: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE product_productvariant"
            " SET private_metadata = private_metadata || jsonb_build_object(%s::text, %s::text)"
            " WHERE id = %s",
            [name, value, variant.pk],
        )


def metadata(variant: Any) -> dict[str, str]:
    variant.refresh_from_db()
    found: dict[str, str] = variant.private_metadata
    return found


def in_force() -> dict[str, int]:
    return dict(PackLink.objects.filter(until=None).values_list("pack__slug", "quantity"))


def test_two_tasks_for_one_variant_end_with_the_right_links(variant: Any) -> None:
    for text, quantities in (
        ("games x2, music", {"games": 2, "music": 1}),
        ("games x3", {"games": 3}),
        ("music", {"music": 1}),
    ):
        target = say(variant, text)

        together([partial(metadata_links.sync, target)] * 4)

        assert in_force() == quantities
        assert metadata(variant) == {"serials": text}
    assert MetadataLinks.objects.count() == 1
    # Made, made; changed, removed; removed, made: nothing was done twice.
    assert PackLink.objects.count() == 4


def sync_at_once(variant: Any) -> None:
    """Let two tasks sync a text, both of whom have read it before either looks at the links.

    The row of their lock is there: to make it would keep one waiting by accident.
    """
    target = say(variant, "games")
    MetadataLinks.objects.create(kind="variant", target_id=variant.pk)
    have_read = Crossing()
    with have_read.before(links, "create"):
        have_read.together([partial(metadata_links.sync, target)] * 2)


def test_two_tasks_that_read_the_same_text_make_its_link_once(variant: Any) -> None:
    sync_at_once(variant)

    assert in_force() == {"games": 1}
    assert metadata(variant) == {"serials": "games"}


def test_negative_control_without_the_lock_one_of_two_tasks_is_refused(variant: Any) -> None:
    with without_row_locks("saleor_serials_metadatalinks"):
        sync_at_once(variant)

    assert "serials.error" in metadata(variant), "the second should have found the link made"


def test_an_edit_of_the_text_that_meets_its_task_wins(variant: Any) -> None:
    for round_ in range(1, 6):
        target = say(variant, "games, nonsense")

        def correct() -> None:
            metadata_links.sync(say(variant, f"games x{round_}"))  # noqa: B023

        together([partial(metadata_links.sync, target), correct])
        sweep()

        assert in_force() == {"games": round_}
        assert metadata(variant) == {"serials": f"games x{round_}"}


def test_no_edit_of_other_metadata_is_lost(variant: Any) -> None:
    def edit_others() -> None:
        for number in range(60):
            edit(variant, f"colour-{number}", "red")

    def change_our_mind() -> None:
        for number in range(30):
            metadata_links.sync(say(variant, "games" if number % 2 else "nonsense"))

    together([edit_others, change_our_mind])

    assert metadata(variant) == {
        **{f"colour-{number}": "red" for number in range(60)},
        "serials": "games",
    }


def test_a_variant_deleted_meanwhile_leaves_nothing_behind(variant: Any) -> None:
    pack = PackLink.pack.field.related_model.objects.get(slug="games")
    for _ in range(5):
        leaving = shop.make_variant(variant.product)
        target = say(leaving, "games")

        together([partial(metadata_links.sync, target), partial(shop.delete_variant, leaving)])
        sweep()

    assert MetadataLinks.objects.count() == 0
    assert pack.links.filter(until=None).count() == 0
