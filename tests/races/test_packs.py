"""The same pack, or the same link, changed by several at once."""

import contextlib
from functools import partial

from saleor_serials.errors import NotFound
from saleor_serials.models import Pack, PackLink
from saleor_serials.packs import lifecycle, links, rules
from tests import making
from tests.races.threads import Crossing, without_row_locks


def change_meanwhile() -> Pack:
    """Change a generator's settings, which are checked, while the pack gets another generator."""
    pack = making.make_pack(generator="random", generator_settings={"pattern": "9{4}"})
    has_read = Crossing()
    settings = {"generator_settings": {"pattern": "A{4}"}}
    with has_read.before(rules, "apply"):
        has_read.together(
            [
                partial(lifecycle.update, pack.pk, **settings),
                has_read.once_reached(partial(lifecycle.update, pack.pk, generator="uuid")),
            ]
        )
    pack.refresh_from_db()
    return pack


def test_a_generator_never_gets_the_settings_of_another() -> None:
    pack = change_meanwhile()

    assert (pack.generator, pack.generator_settings) == ("uuid", {})


def test_negative_control_without_the_lock_of_the_pack_it_does() -> None:
    with without_row_locks("saleor_serials_pack"):
        pack = change_meanwhile()

    assert (pack.generator, pack.generator_settings) == ("uuid", {"pattern": "A{4}"})


def end_at_once() -> PackLink:
    """Change a link and remove it, both at once."""
    link = making.make_link(making.make_pack())
    have_read = Crossing()

    def change() -> None:
        with contextlib.suppress(NotFound):
            links.update(link.pk, quantity=2)

    with have_read.after(links, "_take"):
        have_read.together([partial(links.remove, link.pk), have_read.once_reached(change)])
    return link


def test_a_link_that_is_being_removed_is_not_changed() -> None:
    link = end_at_once()

    assert [(each.pk, each.quantity) for each in PackLink.objects.all()] == [(link.pk, 1)]


def test_negative_control_without_the_lock_its_last_terms_are_written_twice() -> None:
    with without_row_locks("saleor_serials_packlink"):
        end_at_once()

    assert PackLink.objects.filter(until__isnull=False).count() == 2
