"""Links that staff write into the private metadata of a variant or product: text → links.

``serials`` names packs by their slug, ``games, music x2``. Links made from this text follow it;
others are left alone. A text with a mistake changes nothing, and ``serials.error`` beside it names
the mistake.
"""

import json
import logging
import re
import unicodedata

from django.db import transaction

from saleor_serials.errors import InvalidInput
from saleor_serials.host import host
from saleor_serials.host.shapes import Target
from saleor_serials.models import MetadataLinks, Pack, PackLink
from saleor_serials.packs import links

logger = logging.getLogger(__name__)

# As JSON, quotes included.
MAX_LENGTH = 4_000
_READ = MAX_LENGTH + 1
# The next sweep continues.
MAX_PER_SWEEP = 1_000

_ENTRY = re.compile(r"([^\s×]+)(?:(?:\s+x|\s*×)\s*(\d+))?")


def is_in_sync(target: Target) -> bool:
    """Tell whether the metadata of a variant or product is unchanged. One statement."""
    return not host.is_out_of_sync(target, length=_READ)


def sync_all() -> None:
    """Sync every text that is out of sync. A failure is logged, never raised."""
    for target in host.out_of_sync_targets(length=_READ, most=MAX_PER_SWEEP):
        try:
            sync(target)
        except Exception:
            # One text that fails must not keep the others waiting.
            logger.exception("What %s says of its links could not be read.", target.key)


def sync(target: Target) -> None:
    """Make links match the metadata of their variant or product, or store why they cannot.

    Links of a text that was removed are ended. May be called twice, late, or at the same time.
    """
    with transaction.atomic():
        stored = _lock(target)
        stored.text = host.metadata_links_text(target, length=_READ)
        try:
            with transaction.atomic():
                _sync_links(target, {} if stored.text is None else read(stored.text))
            stored.problem = ""
        except InvalidInput as refusal:
            stored.problem = refusal.message
        if stored.text is None:
            stored.delete()
        else:
            stored.save()
    # Outside of the transaction: deleting a variant locks its row first, then its links, and the
    # opposite order would deadlock.
    host.write_metadata_links_problem(target)


def _lock(target: Target) -> MetadataLinks:
    stored: MetadataLinks
    stored, _ = MetadataLinks.objects.select_for_update().get_or_create(
        kind=target.kind, target_id=target.id
    )
    return stored


def read(text: str) -> dict[str, int]:
    """Read a text, as JSON, into slugs of packs and how many serials a unit takes.

    Raises:
        InvalidInput: with all that is wrong with it.
    """
    if len(text) > MAX_LENGTH:
        raise _refusal([f"This text is too long; it may have {MAX_LENGTH:,} characters."])
    value = json.loads(text)
    if not isinstance(value, str):
        raise _refusal(["This is not text; write the slugs of packs, as in 'games, music x2'."])
    quantities: dict[str, int] = {}
    complaints = []
    for part in unicodedata.normalize("NFKC", value).lower().split(","):
        entry = part.strip()
        if not entry:
            continue
        match = _ENTRY.fullmatch(entry)
        if match is None:
            complaints.append(
                f"'{entry}' cannot be read; write a pack's slug and how many serials a unit takes, "
                "as in 'games x2'."
            )
            continue
        slug, quantity = match[1], int(match[2] or 1)
        if not 1 <= quantity <= links.MAX_QUANTITY:
            complaints.append(f"'{entry}': a unit takes 1 to {links.MAX_QUANTITY:,} serials.")
        elif slug in quantities:
            complaints.append(f"'{slug}' stands here twice.")
        else:
            quantities[slug] = quantity
    if complaints:
        raise _refusal(complaints)
    return quantities


def _sync_links(target: Target, quantities: dict[str, int]) -> None:
    packs = {pack.slug: pack for pack in Pack.objects.filter(slug__in=quantities)}
    there = {link.pack_id: link for link in links.in_force(target)}
    complaints = [
        complaint
        for slug, quantity in quantities.items()
        if (complaint := _complaint(slug, quantity, packs.get(slug), there))
    ]
    if complaints:
        raise _refusal(complaints)
    for slug, quantity in quantities.items():
        link = there.pop(packs[slug].pk, None)
        if link is None:
            links.create(
                pack=packs[slug],
                quantity=quantity,
                from_metadata=True,
                **{f"{target.kind}_id": target.id},
            )
        elif link.quantity != quantity:
            links.update(link.pk, quantity=quantity, from_metadata=True)
    for link in there.values():
        if link.from_metadata:
            links.remove(link.pk, from_metadata=True)


def _complaint(slug: str, quantity: int, pack: Pack | None, there: dict[int, PackLink]) -> str:
    if pack is None:
        return f"There is no pack with the slug '{slug}'."
    if pack.vendor_group_id is not None:
        return (
            f"The pack '{slug}' belongs to a vendor, and this text does not tell who wrote it; "
            "make the link in another way."
        )
    link = there.get(pack.pk)
    if link is not None and not link.from_metadata and link.quantity != quantity:
        return (
            f"The pack '{slug}' is linked here in another way, x{link.quantity}; "
            "change that link, or write the same number."
        )
    return ""


def _refusal(complaints: list[str]) -> InvalidInput:
    return InvalidInput(" ".join(complaints), field="serials")
