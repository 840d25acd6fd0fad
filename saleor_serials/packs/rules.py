"""Checks of a pack's rules, and warnings about unusual ones (mission P1 to P20)."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.utils.text import slugify

from saleor_serials.config import MAX_LIMIT
from saleor_serials.errors import (
    InvalidInput,
    NotEnough,
    NotFound,
    OutOfRange,
    Refusals,
    Required,
    TooLong,
    TooMany,
)
from saleor_serials.extensions import consumers
from saleor_serials.extensions.consumers import consumer
from saleor_serials.extensions.consumers.customers import check_group
from saleor_serials.extensions.generators import generator
from saleor_serials.extensions.renderers import renderer
from saleor_serials.host import host
from saleor_serials.models import MAX_NAME, MAX_SLUG, Pack, PackSource, SerialStatus, VendorGroup
from saleor_serials.serials import references
from saleor_serials.serials.generation import room
from saleor_serials.storable import short_text, storable_object, storable_text

MAX_CONSUMERS = 20
MAX_PUBLIC_FIELDS = 50


# Rules that depend on each other.
_TOGETHER = {
    "generator",
    "generator_settings",
    "renderer",
    "renderer_settings",
    "consumers",
    "source",
    "is_published",
}


def apply(pack: Pack, values: Mapping[str, Any]) -> None:
    """Give a pack these rules, by the names of its columns; None is a rule's default.

    ``size_limit`` and ``batch_limit``: 0 is no limit, None the shop's. ``notice_below``: 0 is no
    notice. ``vendor_group_id``: 0 is none. Each rule is checked by itself, and where rules that go
    together are given, or the pack is new, all of them together. The pack is not saved.

    Raises:
        InvalidInput: a rule is wrong; ``field`` names it.
        InvalidInputs: several rules, consumers or settings are wrong.
    """
    refusals = Refusals()
    for name, value in values.items():
        with refusals.collect():
            read = _read(name, value)
            if name in ("metadata", "private_metadata"):
                read = getattr(pack, name) | read
            setattr(pack, name, read)
    if pack.pk is None or values.keys() & _TOGETHER:
        # What is wrong by itself was not applied: it cannot be judged together with others.
        wrong = {each.field for each in refusals.errors}
        refusals.errors += [each for each in _clashes(pack) if each.field not in wrong]
    refusals.raise_any()


def _read(name: str, value: Any) -> Any:
    if value is None and name not in ("name", "slug"):
        return Pack._meta.get_field(name).get_default()
    return _READERS.get(name, _as_it_is)(value, name)


def _clashes(pack: Pack) -> list[InvalidInput]:
    """Find what is wrong with a pack's rules together.

    Required: settings without their extension, or no generator where nothing comes from stock.
    NotEnough: the generator can make nothing that the pack never had.
    InvalidInput: an extension refuses its settings or is not installed, or an archived pack is
    published.
    """
    refusals = Refusals()
    with refusals.collect():
        if pack.renderer:
            renderer(pack.renderer, pack.renderer_settings)
        elif pack.renderer_settings:
            raise Required(
                "Name the renderer that these settings are for.", field="renderer_settings"
            )
    for index, chosen in enumerate(pack.consumers):
        with _of_consumer(index, refusals):
            consumer(chosen["name"], chosen["settings"])
    with refusals.collect():
        _check_generator(pack)
    with refusals.collect():
        if pack.source == PackSource.NONE and not pack.generator:
            raise Required(
                "A pack that takes nothing from stock needs a generator: name one, or choose the "
                "source STOCK.",
                field="generator",
            )
    with refusals.collect():
        if pack.archived_at is not None and pack.is_published:
            raise InvalidInput(
                "An archived pack hands nothing out; take it out of the archive first.",
                field="is_published",
            )
    return refusals.errors


def _check_generator(pack: Pack) -> None:
    if not pack.generator:
        if pack.generator_settings:
            raise Required(
                "Name the generator that these settings are for.", field="generator_settings"
            )
        return
    generator(pack.generator, pack.generator_settings)
    if pack.pk is not None and room(pack, 1) == 0:
        raise NotEnough(
            "The pack had every serial that these settings can make; choose others.",
            field="generator_settings",
        )


def warnings(pack: Pack) -> list[str]:
    """Return warnings for staff about rules that are allowed and unusual."""
    found = []
    if consequence := _ON_REFUND.get(SerialStatus(pack.status_on_refund)):
        found.append(f"After a refund, {consequence}.")
    if pack.source == PackSource.NONE and pack.status_on_refund != SerialStatus.DELETED:
        found.append(
            "The pack makes a new serial each time: what a refund gives back is not handed out."
        )
    if not pack.checks_user and any(_needs_user(chosen["name"]) for chosen in pack.consumers):
        found.append(
            "Guests may consume its serials, and some of its consumers do nothing for them."
        )
    if pack.is_published and pack.is_unlimited and not pack.generator:
        found.append("The product can be sold beyond what the pack holds; the rest is owed.")
    return found


def _needs_user(name: str) -> bool:
    kind = consumers.registered().get(name)
    return kind is not None and kind.needs_user


_ON_REFUND = {
    SerialStatus.RESERVED: "serials stay reserved for the customer whose money went back",
    SerialStatus.USED: "serials stay with the customer whose money went back, as used ones",
    SerialStatus.DELETED: "serials are deleted and can never be sold again",
}


def _as_it_is(value: Any, field: str) -> Any:
    return storable_text(value, field=field) if isinstance(value, str) else value


def _name(value: str | None, field: str) -> str:
    name = short_text(value, field=field, at_most=MAX_NAME)
    if not name:
        raise Required("Give the pack a name.", field=field)
    return name


def _slug(value: str | None, field: str) -> str:
    slug = short_text(value, field=field, at_most=MAX_SLUG)
    if not slug:
        raise Required("Give the pack a slug, or leave it out to have one made.", field=field)
    if slug != slugify(slug, allow_unicode=True):
        raise InvalidInput(
            "A slug is made of lower-case letters, digits, hyphens and underscores.", field=field
        )
    return slug


def _notice(value: int, field: str) -> int | None:
    return _number(value, field) or None


def _number(value: int, field: str) -> int:
    if not 0 <= value <= MAX_LIMIT:
        raise OutOfRange(f"Write a number from 0 to {MAX_LIMIT:,}.", field=field)
    return value


def _settings(value: Any, field: str) -> dict[str, Any]:
    return storable_object(value, field=field)


def _consumers(value: Any, field: str) -> list[dict[str, Any]]:
    if len(value) > MAX_CONSUMERS:
        raise TooMany(f"A pack has at most {MAX_CONSUMERS} consumers.", field=field)
    refusals, found = Refusals(), []
    for index, chosen in enumerate(value):
        with _of_consumer(index, refusals):
            settings = chosen.get("settings")
            found.append(
                {
                    "name": storable_text(chosen["name"], field=field),
                    "settings": {} if settings is None else _settings(settings, field),
                }
            )
    refusals.raise_any()
    return found


@contextmanager
def _of_consumer(index: int, refusals: Refusals) -> Iterator[None]:
    """Collect what is wrong with one of a pack's consumers, as of its place in the list."""
    found = Refusals()
    with found.collect():
        yield
    refusals.errors += [
        InvalidInput(each.message, field="consumers", index=index) for each in found.errors
    ]


def _groups(value: Collection[str], field: str) -> list[str]:
    groups = list(dict.fromkeys(storable_text(group.strip(), field=field) for group in value))
    for group in groups:
        check_group(group, field=field)
    return groups


def _public_fields(value: Collection[str], field: str) -> list[str]:
    names = list(dict.fromkeys(storable_text(name.strip(), field=field) for name in value))
    if len(names) > MAX_PUBLIC_FIELDS:
        raise TooMany(f"A pack has at most {MAX_PUBLIC_FIELDS} public fields.", field=field)
    for name in names:
        if not name:
            raise Required("Name the extra field that customers see.", field=field)
        if len(name) > 100:
            raise TooLong("The name of a public field has at most 100 characters.", field=field)
    return names


def _channels(value: Collection[str], field: str) -> list[str]:
    channels = list(dict.fromkeys(slug.strip() for slug in value))
    unknown = set(channels) - host.known_channels(channels)
    if unknown:
        raise NotFound(f"There is no channel with the slug '{min(unknown)}'.", field=field)
    return channels


def _vendor_group(value: int, field: str) -> int | None:
    if value and not VendorGroup.objects.filter(group_id=value).exists():
        raise NotFound(
            "This is no vendor group; make it one first, with serialVendorGroupUpdate.",
            field="vendor_group",
        )
    return value or None


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "name": _name,
    "slug": _slug,
    "size_limit": _number,
    "batch_limit": _number,
    "notice_below": _notice,
    "generator_settings": _settings,
    "renderer_settings": _settings,
    "consumers": _consumers,
    "customer_groups": _groups,
    "channels": _channels,
    "vendor_group_id": _vendor_group,
    "public_fields": _public_fields,
    "metadata": references.metadata,
    "private_metadata": references.metadata,
    "external_reference": references.external_reference,
}
