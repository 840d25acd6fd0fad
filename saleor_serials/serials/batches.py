"""Batches: serials made or imported together."""

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from saleor_serials import history
from saleor_serials.models import MAX_NAME, Batch, Pack
from saleor_serials.storable import short_text


def make_batch(
    pack: Pack, *, name: str | None, quantity: int, actor: str, reason: str = ""
) -> Batch:
    """Make a batch for so many serials that the caller writes next, and one event for it.

    Raises:
        InvalidInput, TooLong: the name cannot be used; ``field`` is ``batch_name``.
    """
    now = timezone.now()
    batch: Batch = Batch.objects.create(
        pack=pack, name=batch_name(name, now=now), quantity=quantity, created_at=now
    )
    history.record_batch(batch, actor=actor, reason=reason)
    return batch


def batch_name(name: str | None, *, now: datetime) -> str:
    """Check a batch's name; the default is the date and time.

    Raises:
        InvalidInput, TooLong: it cannot be used; ``field`` is ``batch_name``.
    """
    name = short_text(name, field="batch_name", at_most=MAX_NAME)
    return name or timezone.localtime(now).strftime("%Y-%m-%d %H:%M:%S")


def begin_batch(
    pack: Pack, *, name: str | None, quantity: int, actor: str, reason: str = ""
) -> Batch:
    """Make an empty batch that ``grow_batch`` fills in chunks, and one event for the whole."""
    batch = make_batch(pack, name=name, quantity=quantity, actor=actor, reason=reason)
    batch.quantity = 0
    batch.save(update_fields=["quantity"])
    return batch


def grow_batch(batch_id: int, quantity: int) -> None:
    """Add the serials that the caller's transaction wrote to a batch's quantity."""
    Batch.objects.filter(pk=batch_id).update(quantity=F("quantity") + quantity)
