"""Packs and what is put into them."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from saleor_serials import supply
from saleor_serials.errors import (
    AlreadyExists,
    Duplicate,
    InvalidInput,
    InvalidInputs,
    NotFound,
    Required,
    TooLong,
    TooMany,
    without_details,
)
from saleor_serials.models import Batch, Pack, Wish
from saleor_serials.supply import Draft

# A GraphQL document much larger than this is refused by common web servers anyway.
MAX_SERIALS_PER_CALL = 10_000
MAX_ERRORS_PER_CALL = 100


def create(*, name: str, slug: str | None = None, **values: Any) -> Pack:
    """Make a pack. ``values``: description, is_published, is_consumable, status_on_refund,
    pick_order; each has the model's default.

    Raises:
        Required, TooLong: the name or slug cannot be used.
        AlreadyExists: another pack has this slug.
    """
    pack = Pack(name=_name(name), **_texts_checked(values))
    pack.slug = _slug(slug) if slug is not None else _free_slug(pack.name)
    _save(pack)
    return pack


def update(pack_id: int, **values: Any) -> Pack:
    """Change the given values of a pack, and no others.

    Raises:
        NotFound, Required, TooLong, AlreadyExists: as for ``create``.
    """
    pack = Pack.objects.filter(pk=pack_id).first()
    if pack is None:
        raise NotFound("There is no such pack.", field="id")
    if "name" in values:
        values["name"] = _name(values["name"])
    if "slug" in values:
        values["slug"] = _slug(values["slug"])
    for field, value in _texts_checked(values).items():
        setattr(pack, field, value)
    _save(pack, update_fields=[*values, "updated_at"])
    return pack


def _save(pack: Pack, **how: Any) -> None:
    try:
        with transaction.atomic():
            pack.save(**how)
            # Whoever wished for this pack under this slug can have it now.
            Wish.objects.exclude(problem="").update(text=None)
    except IntegrityError:
        raise AlreadyExists("Another pack has this slug.", field="slug") from None


def _texts_checked(values: dict[str, Any]) -> dict[str, Any]:
    for field, value in values.items():
        if isinstance(value, str):
            _storable(value, field=field)
    return values


def _storable(text: str, *, field: str) -> str:
    """Refuse what PostgreSQL cannot store as text."""
    if "\0" in text or not supply.is_unicode(text):
        raise InvalidInput("This is not valid Unicode text.", field=field)
    return text


def _name(name: str | None) -> str:
    name = _storable((name or "").strip(), field="name")
    if not name:
        raise Required("Give the pack a name.", field="name")
    if len(name) > 250:
        raise TooLong("A pack's name has at most 250 characters.", field="name")
    return name


def _slug(slug: str | None) -> str:
    slug = _storable((slug or "").strip(), field="slug")
    if not slug:
        raise Required("Give the pack a slug, or leave it out to have one made.", field="slug")
    if len(slug) > 255:
        raise TooLong("A slug has at most 255 characters.", field="slug")
    if slug != slugify(slug, allow_unicode=True):
        raise InvalidInput(
            "A slug is made of lower-case letters, digits, hyphens and underscores.", field="slug"
        )
    return slug


def _free_slug(name: str) -> str:
    wish = slugify(name, allow_unicode=True)[:240] or "pack"
    taken = set(Pack.objects.filter(slug__startswith=wish).values_list("slug", flat=True))
    number, slug = 1, wish
    while slug in taken:
        number += 1
        slug = f"{wish}-{number}"
    return slug


def add_serials(
    pack: Pack, data: Sequence[str], *, actor: str, batch_name: str | None = None
) -> Batch:
    """Put serials into a pack, as one batch; all of them, or none.

    The text is trimmed and brought to Unicode's NFC form; letter case counts. A fixed number of
    statements, however many serials.

    Raises:
        Required: there is no serial in the call.
        TooMany: more than 10,000 in one call.
        LimitReached: the pack or the batch cannot take so many.
        InvalidInputs: up to 100 complaints, each with the ``index`` of its serial: Required,
            InvalidInput (a NUL character), TooLong (over 64 KB) or Duplicate, be it within the
            call or in the pack, deleted serials included.
    """
    if not data:
        raise Required("Give at least one serial.", field="data")
    if len(data) > MAX_SERIALS_PER_CALL:
        raise TooMany(
            f"At most {MAX_SERIALS_PER_CALL:,} serials in one call; split them.", field="data"
        )
    texts = [supply.normalised(text) for text in data]
    digests = [supply.digest_of(text) for text in texts]
    _refuse(_complaints(texts, digests))
    supply.check_batch(pack, len(texts), field="data")
    with without_details():
        try:
            with transaction.atomic():
                supply.lock(pack)
                _refuse(_duplicates_in(pack, digests))
                supply.check_room(pack, len(texts), field="data")
                batch = supply.make_batch(pack, name=batch_name, quantity=len(texts), actor=actor)
                drafts = [Draft(data=text) for text in texts]
                supply.write(pack, batch, drafts, now=batch.created_at)
                return batch
        except IntegrityError as error:
            rivals = error
        # A generator made the same serial for an order a moment before us.
        _refuse(_duplicates_in(pack, digests))
        raise rivals


def _complaints(texts: Sequence[str], digests: Sequence[bytes]) -> list[InvalidInput]:
    seen: dict[bytes, int] = {}
    complaints: list[InvalidInput] = []
    for index, (text, digest) in enumerate(zip(texts, digests, strict=True)):
        error = supply.complaint(text, index=index)
        if error is None and seen.setdefault(digest, index) != index:
            error = Duplicate(
                f"This serial stands in the call twice; first at {seen[digest]}.",
                field="data",
                index=index,
            )
        if error is not None:
            complaints.append(error)
    return complaints


def _duplicates_in(pack: Pack, digests: Sequence[bytes]) -> list[InvalidInput]:
    known = supply.known(pack, digests)
    return [
        Duplicate(field="data", index=index)
        for index, digest in enumerate(digests)
        if digest in known
    ]


def _refuse(complaints: Sequence[InvalidInput]) -> None:
    if complaints:
        raise InvalidInputs(complaints[:MAX_ERRORS_PER_CALL])
