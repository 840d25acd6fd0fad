"""How many serials a pack and a batch may take."""

from saleor_serials import config
from saleor_serials.errors import InvalidInput, LimitReached
from saleor_serials.models import Pack, PackType, SerialStatus
from saleor_serials.serials.counts import by_status, none


def check_room(pack: Pack, quantity: int, *, field: str) -> None:
    """Check that a pack can take so many more serials. Final only while the caller holds its lock.

    Raises:
        LimitReached: it would have more that are not yet handed out than its limit allows.
        InvalidInput: it is archived.
    """
    if pack.archived_at is not None:
        raise InvalidInput("This pack is archived; nothing is put into it.", field=field)
    limit = pack.size_limit if pack.size_limit is not None else config.load_config().pack_size_limit
    if not limit:
        return
    # A pack that is about to be made has no key yet.
    counts = by_status([pack.pk])[pack.pk] if pack.pk else none()
    there = counts[SerialStatus.FREE] + counts[SerialStatus.RESERVED]
    if there + quantity > limit:
        raise LimitReached(
            f"The pack has {there:,} serials that are not yet handed out, and can have at most "
            f"{limit:,}: it has room for {max(0, limit - there):,}. Raise the pack's sizeLimit (0: "
            "none), or the shop's pack_size_limit in the plugin's settings.",
            field=field,
        )


def check_batch(pack: Pack, quantity: int, *, field: str) -> None:
    """Check that a batch of a pack may have this size.

    Raises:
        LimitReached: it may not; only packs of the type ``batch`` have a limit.
    """
    if pack.type != PackType.BATCH:
        return
    limit = (
        pack.batch_limit if pack.batch_limit is not None else config.load_config().batch_size_limit
    )
    if limit and quantity > limit:
        raise LimitReached(
            f"A batch of this pack has at most {limit:,} serials. Make several, or raise the "
            "pack's batchLimit (0: none) or the shop's batch_size_limit in the plugin's settings.",
            field=field,
        )
