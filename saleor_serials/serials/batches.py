"""Batches: serials made or imported together."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from saleor_serials import history
from saleor_serials.errors import Required, without_details
from saleor_serials.models import MAX_NAME, Batch, Pack
from saleor_serials.serials import references
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


def update(
    batch_id: int,
    *,
    name: str | None = None,
    metadata: Iterable[Mapping[str, str]] | None = None,
    private_metadata: Iterable[Mapping[str, str]] | None = None,
    external_reference: str | None = None,
) -> Batch:
    """Change what is not None of a batch. Metadata is added key by key.

    Raises:
        Required, TooLong, InvalidInput: one of them cannot be stored.
        AlreadyExists: another batch has this external reference.
    """
    with without_details(), transaction.atomic():
        batch: Batch = Batch.objects.select_for_update().get(pk=batch_id)
        changed = references.change(
            batch,
            metadata_items=metadata,
            private_metadata_items=private_metadata,
            reference=external_reference,
        )
        if name is not None:
            if not name.strip():
                raise Required("Give the batch a name.", field="name")
            batch.name = batch_name(name, now=batch.created_at)
            changed.append("name")
        batch.save(update_fields=changed)
    return batch


def grow_batch(batch_id: int, quantity: int) -> None:
    """Add the serials that the caller's transaction wrote to a batch's quantity."""
    Batch.objects.filter(pk=batch_id).update(quantity=F("quantity") + quantity)
