"""Which product takes serials of which pack, how many per unit sold, and since when."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Min
from django.utils import timezone

from saleor_serials.errors import AlreadyExists, InvalidInput, NotFound, OutOfRange, Required
from saleor_serials.host.shapes import LineSnapshot, Target
from saleor_serials.models import MetadataLinks, Pack, PackLink

logger = logging.getLogger(__name__)

# Keeps per-unit times units far inside an integer column.
MAX_QUANTITY = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """A line takes this many serials of this pack per unit."""

    line: LineSnapshot
    pack_id: int
    per_unit: int


def terms(lines: Iterable[LineSnapshot]) -> list[Terms]:
    """Find the terms under which lines were bought: the links in force at that moment.

    A variant's link replaces its product's link for the same pack; different packs add up.
    One statement.
    """
    lines = [line for line in lines if line.variant_id is not None]
    links = list(
        PackLink.objects.raw(
            """
            SELECT * FROM saleor_serials_packlink
            WHERE variant_id = ANY(%s) OR product_id = ANY(%s) ORDER BY pack_id
            """,
            [[line.variant_id for line in lines], [line.product_id for line in lines]],
        )
    )
    found = []
    for line in lines:
        chosen: dict[int, PackLink] = {}
        for link in links:
            if not _in_force(link, line.bought_at):
                continue
            if link.variant_id == line.variant_id:
                chosen[link.pack_id] = link
            elif link.product_id is not None and link.product_id == line.product_id:
                chosen.setdefault(link.pack_id, link)
        found += [
            Terms(line=line, pack_id=pack_id, per_unit=link.quantity)
            for pack_id, link in chosen.items()
        ]
    return found


def _in_force(link: PackLink, moment: datetime) -> bool:
    return link.since <= moment and (link.until is None or moment < link.until)


def first_since() -> datetime | None:
    """The moment before which no order can have terms; None where there never was a link."""
    first: datetime | None = PackLink.objects.aggregate(first=Min("since"))["first"]
    return first


def in_force(target: Target) -> list[PackLink]:
    """The links in force of a variant or a product itself."""
    links = PackLink.objects.filter(until=None, **{f"{target.kind}_id": target.id})
    return list(links.order_by("pack"))


def packs_of(target: Target) -> set[int]:
    """The packs that a variant or a product itself is linked to, or was. One statement."""
    links = PackLink.objects.filter(**{f"{target.kind}_id": target.id})
    return set(links.values_list("pack", flat=True))


def create(
    *,
    pack: Pack,
    quantity: int,
    variant_id: int | None = None,
    product_id: int | None = None,
    from_metadata: bool = False,
) -> PackLink:
    """Make a variant, or every variant of a product, take serials of a pack from now on.

    ``from_metadata``, here and below: a metadata text asks for it. Each way changes its own links
    only.

    Raises:
        Required: neither or both of variant and product are given.
        OutOfRange: the quantity is not 1 to 10,000.
        AlreadyExists: the two are linked already.
        InvalidInput: the pack is archived.
    """
    if pack.archived_at is not None:
        raise InvalidInput("This pack is archived; nothing takes serials of it.", field="pack")
    if (variant_id is None) == (product_id is None):
        raise Required("Name a variant or a product, one of the two.", field="variant")
    _check_quantity(quantity)
    try:
        with transaction.atomic():
            link: PackLink = PackLink.objects.create(
                pack=pack,
                quantity=quantity,
                variant_id=variant_id,
                product_id=product_id,
                from_metadata=from_metadata,
            )
    except IntegrityError:
        raise AlreadyExists(
            "This pack is linked here already; change the quantity of that link instead.",
            field="pack",
        ) from None
    return link


def update(link_id: int, *, quantity: int, from_metadata: bool = False) -> PackLink:
    """Change how many serials a unit takes, for orders placed from now on.

    A closed copy of the link stays behind as the terms of the orders placed until now.

    Raises:
        OutOfRange: the quantity is not 1 to 10,000.
        NotFound: there is no such link.
        InvalidInput: the link was made in another way.
    """
    _check_quantity(quantity)
    with transaction.atomic():
        link = _take(link_id, from_metadata=from_metadata)
        now = timezone.now()
        PackLink.objects.create(
            pack_id=link.pack_id,
            variant_id=link.variant_id,
            product_id=link.product_id,
            quantity=link.quantity,
            from_metadata=link.from_metadata,
            since=link.since,
            until=now,
        )
        link.quantity = quantity
        link.since = now
        link.save(update_fields=["quantity", "since"])
    return link


def remove(link_id: int, *, from_metadata: bool = False) -> PackLink:
    """End a link: orders placed from now on take nothing through it.

    Raises:
        NotFound: there is no such link.
        InvalidInput: the link was made in another way.
    """
    with transaction.atomic():
        link = _take(link_id, from_metadata=from_metadata)
        link.until = timezone.now()
        link.save(update_fields=["until"])
    return link


def end(*, variant_id: int | None = None, product_id: int | None = None) -> None:
    """End the links of a variant or a product that is being deleted."""
    target = {"variant": variant_id} if variant_id is not None else {"product": product_id}
    PackLink.objects.filter(until=None, **target).update(until=timezone.now())


def before_product_deleted(product_id: int) -> None:
    """End the links of a product that is about to be deleted. Never raises."""
    try:
        with transaction.atomic():
            end(product_id=product_id)
    except Exception:
        logger.exception("The links of product %s stay in force.", product_id)


def target_of(link: PackLink) -> Target:
    """Return the variant or product of a link."""
    if link.variant_id is not None:
        return Target(kind="variant", id=link.variant_id)
    return Target(kind="product", id=link.product_id)


def _take(link_id: int, *, from_metadata: bool) -> PackLink:
    """Lock a link in force, and mark the metadata text that it may contradict to be read again."""
    in_force = PackLink.objects.filter(pk=link_id, until__isnull=True)
    link: PackLink | None = in_force.select_for_update().first()
    if link is None:
        raise NotFound("There is no such link; it may have been removed.", field="id")
    target = target_of(link)
    if link.from_metadata != from_metadata:
        raise InvalidInput(
            f"This link follows the private metadata of its {target.kind}; change it there.",
            field="id",
        )
    if not from_metadata:
        MetadataLinks.objects.filter(kind=target.kind, target_id=target.id).update(text=None)
    return link


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise OutOfRange(
            f"A unit takes 1 to {MAX_QUANTITY:,} serials; {quantity} is outside.", field="quantity"
        )
