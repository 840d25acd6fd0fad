"""Read the metadata and external references that packs, batches and serials are given."""

from collections.abc import Iterable, Mapping
from typing import Any

from saleor_serials.errors import AlreadyExists, Required, TooLong
from saleor_serials.storable import storable_text

MAX_LENGTH = 250


def metadata(items: Iterable[Mapping[str, str]], field: str) -> dict[str, str]:
    """Read metadata in Saleor's form: items with a ``key`` and a ``value``.

    Raises:
        Required, InvalidInput: a key is empty, or a text cannot be stored.
    """
    read = {}
    for item in items:
        key = storable_text(item["key"].strip(), field=field)
        if not key:
            raise Required("Give each item of the metadata a key.", field=field)
        read[key] = storable_text(item["value"], field=field)
    return read


def external_reference(text: str, field: str) -> str | None:
    """Read an external reference; an empty one is none.

    Raises:
        TooLong, InvalidInput: it cannot be stored.
    """
    text = storable_text(text.strip(), field=field)
    if len(text) > MAX_LENGTH:
        raise TooLong(f"An external reference has at most {MAX_LENGTH} characters.", field=field)
    return text or None


def change(
    row: Any,
    *,
    metadata_items: Iterable[Mapping[str, str]] | None,
    private_metadata_items: Iterable[Mapping[str, str]] | None,
    reference: str | None,
) -> list[str]:
    """Set what is not None on a batch or serial; return the names of the columns that changed.

    Raises:
        InvalidInput: one of them cannot be stored.
        AlreadyExists: another one has this external reference.
    """
    changed = []
    for column, items in (
        ("metadata", metadata_items),
        ("private_metadata", private_metadata_items),
    ):
        if items is not None:
            setattr(row, column, getattr(row, column) | metadata(items, column))
            changed.append(column)
    if reference is not None:
        row.external_reference = external_reference(reference, "external_reference")
        others = type(row).objects.filter(external_reference=row.external_reference)
        if row.external_reference is not None and others.exclude(pk=row.pk).exists():
            raise AlreadyExists(
                "Another one has this external reference.", field="external_reference"
            )
        changed.append("external_reference")
    return changed
