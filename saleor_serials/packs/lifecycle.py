"""Create, change, archive, delete and restore packs."""

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from saleor_serials.errors import AlreadyExists, NotFound
from saleor_serials.models import MetadataLinks, Pack, PickOrder
from saleor_serials.packs import rules


def create(*, name: str, slug: str | None = None, **values: Any) -> Pack:
    """Create a pack. ``values`` are its rules by the names of their columns: see ``rules.apply``.

    Raises:
        InvalidInput: a rule cannot be used; ``field`` names it.
        InvalidInputs: several cannot.
        AlreadyExists: another pack has this slug, or this external reference.
    """
    pack = Pack()
    given = {} if slug is None else {"slug": slug}
    rules.apply(pack, {"name": name, **given, **values})
    if slug is None:
        pack.slug = _free_slug(pack.name)
    _save(pack)
    return pack


def update(pack_id: int, **values: Any) -> Pack:
    """Change the given rules of a pack, and no others.

    With another generator or renderer go other settings.

    Raises:
        NotFound: there is no such pack.
        InvalidInput, InvalidInputs, AlreadyExists: as for ``create``; nothing has changed.
    """
    with transaction.atomic():
        pack = _take(pack_id)
        was = pack.pick_order
        for kind in ("generator", "renderer"):
            if kind in values and (values[kind] or "") != getattr(pack, kind):
                values.setdefault(f"{kind}_settings", {})
        rules.apply(pack, values)
        _save(pack, update_fields=[*values, "updated_at"])
    if pack.pick_order != was:
        reposition(pack)
    return pack


def _take(pack_id: int) -> Pack:
    pack: Pack | None = Pack.objects.select_for_update().filter(pk=pack_id).first()
    if pack is None:
        raise NotFound("There is no such pack.", field="id")
    return pack


def delete(pack_id: int) -> Pack:
    """Delete a pack that was never filled and never owed anything; archive any other.

    An archived pack hands nothing out and takes nothing in, and its links end. Orders keep what
    they hold of it, and its serials stay on record. Returns it; ``pk`` is None if it was deleted.

    Raises:
        NotFound: there is no such pack.
    """
    with transaction.atomic():
        pack = _take(pack_id)
        now = timezone.now()
        if any(rows.exists() for rows in (pack.serials, pack.batches, pack.assignments)):
            pack.links.filter(until=None).update(until=now)
            pack.is_published, pack.archived_at = False, pack.archived_at or now
            pack.save(update_fields=["is_published", "archived_at", "updated_at"])
        else:
            pack.links.all().delete()
            pack.delete()
        # A link that a metadata text demands has ended.
        MetadataLinks.objects.update(text=None)
    return pack


def restore(pack_id: int) -> Pack:
    """Take a pack out of the archive. It stays unpublished, and its links stay ended.

    Raises:
        NotFound: there is no such pack.
    """
    with transaction.atomic():
        pack = _take(pack_id)
        pack.archived_at = None
        pack.save(update_fields=["archived_at", "updated_at"])
    return pack


_REPOSITION = """
WITH chunk AS MATERIALIZED (
    SELECT id FROM saleor_serials_serial
    WHERE pack_id = %(pack)s AND status = 'free' AND id > %(after)s
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE saleor_serials_serial AS s
SET position = CASE WHEN %(random)s
    THEN (random() * %(most)s)::bigint
    ELSE (extract(epoch FROM s.created_at) * 1000000000)::bigint + s.id
END
FROM chunk WHERE s.id = chunk.id
RETURNING s.id
"""


def reposition(pack: Pack, *, chunk: int = 10_000) -> None:
    """Reorder the free serials of a pack after its pick order changed.

    In chunks, each a transaction: orders that come meanwhile are served in either order.
    """
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                _REPOSITION,
                {
                    "pack": pack.pk,
                    "after": after,
                    "limit": chunk,
                    "random": pack.pick_order == PickOrder.RANDOM,
                    "most": 2**62,
                },
            )
            done = [pk for (pk,) in cursor.fetchall()]
        if not done:
            return
        after = max(done)


def _save(pack: Pack, **how: Any) -> None:
    try:
        with transaction.atomic():
            pack.save(**how)
            # A text that names this slug can be synced now.
            MetadataLinks.objects.exclude(problem="").update(text=None)
    except IntegrityError as error:
        if "external_reference" in str(error):
            raise AlreadyExists(
                "Another pack has this external reference.", field="external_reference"
            ) from None
        raise AlreadyExists("Another pack has this slug.", field="slug") from None


def _free_slug(name: str) -> str:
    base = slugify(name, allow_unicode=True)[:240] or "pack"
    taken = set(Pack.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
