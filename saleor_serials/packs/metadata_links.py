"""Links that staff wish for in the private metadata of a variant or product: text → links.

``serials`` names packs by their slug, ``games, music x2``. The text is the wish: links that were
made through it are brought in line with it; others are left alone. What cannot be granted changes
nothing, and ``serials.error`` beside it says why.
"""

import json
import logging
import re
import unicodedata

from django.db import transaction

from saleor_serials.errors import InvalidInput
from saleor_serials.host import host
from saleor_serials.host.shapes import Target
from saleor_serials.models import Pack, PackLink, Wish
from saleor_serials.packs import links

logger = logging.getLogger(__name__)

# As JSON, quotes included.
MAX_LENGTH = 4_000
_READ = MAX_LENGTH + 1
# The next sweep goes on.
MAX_PER_SWEEP = 1_000

_ENTRY = re.compile(r"([^\s×]+)(?:(?:\s+x|\s*×)\s*(\d+))?")


def is_in_sync(target: Target) -> bool:
    """Tell whether a variant or product says nothing new of its links. One statement."""
    return not host.is_ungranted(target, length=_READ)


def sync_all() -> None:
    """Grant the wishes that nobody told us about. A failure is logged, never raised."""
    for target in host.ungranted_wishes(length=_READ, most=MAX_PER_SWEEP):
        try:
            sync(target)
        except Exception:
            # Whatever is wrong with one wish must not keep the others waiting.
            logger.exception("What %s says of its links could not be read.", target.key)


def sync(target: Target) -> None:
    """Bring links in line with what their variant or product says, or write down why not.

    Links of a text that is gone are removed. May be called twice, late, or at the same time.
    """
    with transaction.atomic():
        wish = _lock(target)
        wish.text = host.wish_text(target, length=_READ)
        try:
            with transaction.atomic():
                _sync_links(target, {} if wish.text is None else read(wish.text))
            wish.problem = ""
        except InvalidInput as refusal:
            wish.problem = refusal.message
        if wish.text is None:
            wish.delete()
        else:
            wish.save()
    # Not in the transaction: whoever deletes the variant locks its row first, then its links.
    host.write_wish_problem(target)


def _lock(target: Target) -> Wish:
    wish: Wish
    wish, _ = Wish.objects.select_for_update().get_or_create(kind=target.kind, target_id=target.id)
    return wish


def read(text: str) -> dict[str, int]:
    """Read a wish, as JSON, into slugs of packs and how many serials a unit takes.

    Raises:
        InvalidInput: with all that is wrong with it.
    """
    if len(text) > MAX_LENGTH:
        raise _refusal([f"This text is too long; it may have {MAX_LENGTH:,} characters."])
    value = json.loads(text)
    if not isinstance(value, str):
        raise _refusal(["This is not text; write the slugs of packs, as in 'games, music x2'."])
    wanted: dict[str, int] = {}
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
        elif slug in wanted:
            complaints.append(f"'{slug}' stands here twice.")
        else:
            wanted[slug] = quantity
    if complaints:
        raise _refusal(complaints)
    return wanted


def _sync_links(target: Target, wanted: dict[str, int]) -> None:
    packs = {pack.slug: pack for pack in Pack.objects.filter(slug__in=wanted)}
    there = {link.pack_id: link for link in links.live(target)}
    complaints = [
        complaint
        for slug, quantity in wanted.items()
        if (complaint := _complaint(slug, quantity, packs.get(slug), there))
    ]
    if complaints:
        raise _refusal(complaints)
    for slug, quantity in wanted.items():
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
