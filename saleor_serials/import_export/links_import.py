"""Import links of variants and products with packs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.text import slugify

from saleor_serials.access.packs import PackAccess, Right
from saleor_serials.errors import Duplicate, InvalidInput, NotFound, OutOfRange, Required, TooMany
from saleor_serials.host import host
from saleor_serials.host.shapes import Target
from saleor_serials.import_export.columns import cell_text
from saleor_serials.import_export.plan import FileInput
from saleor_serials.import_export.rows import RowErrors, chunks
from saleor_serials.import_export.upload import ImportFile, create_job, examine, packs_with_rights
from saleor_serials.jobs import typed_json, work
from saleor_serials.models import Job, JobKind, Pack, PackLink
from saleor_serials.packs import links

MAX_LINKS = 10_000


class LinkColumn(StrEnum):
    """A column of a file of links; ``product`` is a slug or an id."""

    SKU = "sku"
    PRODUCT = "product"
    PACK = "pack"
    QUANTITY = "quantity"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinksInput(FileInput):
    """What an import of links is told."""

    header: tuple[LinkColumn | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _LinkRow:
    """A row of a file of links."""

    number: int
    sku: str
    product: str
    pack: str
    quantity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """A link to create, or (``link``) to give another quantity."""

    pack: Pack
    target: Target
    quantity: int
    link: PackLink | None


def import_links(job: Job) -> Iterator[work.Step]:
    """Create and change the links that a file names: all of them, or none.

    Raises:
        Refused: some row cannot be accepted.
    """
    input = typed_json.load(LinksInput, job.input)
    errors = RowErrors()
    with work.chunk(job):
        rows = _read(job, input, errors)
        changes = _changes(job, input, rows, errors)
        job.total = len(rows) + errors.left_out
        if not job.total and not errors:
            errors.add(None, Required("The file has no rows.", field="file"))
        if errors and not input.dry_run:
            raise errors.refusal()
        if not input.dry_run:
            for change in changes:
                _make(change)
            job.done = job.total
            job.skipped = job.total - len(changes)
    if errors:
        work.record_problems(job, errors.first(), count=errors.count)
    made = changes if job.done else []
    yield work.Step(
        job=job,
        linked=frozenset(change.pack.pk for change in made),
        relinked=tuple(change.target for change in made if change.link),
    )


def _make(change: _Change) -> None:
    target = change.target
    if change.link is not None:
        links.update(change.link.pk, quantity=change.quantity)
    else:
        links.create(
            pack=change.pack,
            quantity=change.quantity,
            variant_id=target.id if target.kind == "variant" else None,
            product_id=target.id if target.kind == "product" else None,
        )


def _read(job: Job, input: LinksInput, errors: RowErrors) -> list[_LinkRow]:
    def read(number: int, cells: Sequence[str]) -> _LinkRow:
        return _row(input.header, number, cells)

    rows: list[_LinkRow] = []
    for some in chunks(job, input.file_format, read, behind=0, errors=errors):
        rows += some
        if len(rows) > MAX_LINKS:
            raise TooMany(f"A file has at most {MAX_LINKS:,} links; split it.", field="file")
    return rows


def _row(header: Sequence[Any], number: int, cells: Sequence[str]) -> _LinkRow:
    if len(cells) > len(header) and any(cells[len(header) :]):
        raise InvalidInput("It has more cells than the first row has names.", field="file")
    said = {
        column.value: cell_text(column, text)
        for column, cell in zip(header, cells, strict=False)
        if column is not None and (text := cell.strip())
    }
    quantity = said.get("quantity") or "1"
    if not (quantity.isascii() and quantity.isdigit() and len(quantity) < 10):
        raise InvalidInput("The quantity is not a whole number.", field="quantity")
    if not 1 <= int(quantity) <= links.MAX_QUANTITY:
        raise OutOfRange(f"A unit takes 1 to {links.MAX_QUANTITY:,} serials.", field="quantity")
    if bool(said.get("sku")) == bool(said.get("product")):
        raise Required("Name a SKU or a product, one of the two.", field="sku")
    return _LinkRow(
        number=number,
        sku=said.get("sku", ""),
        product=said.get("product", ""),
        pack=slugify(said.get("pack", ""), allow_unicode=True),
        quantity=int(quantity),
    )


def _changes(
    job: Job, input: LinksInput, rows: Sequence[_LinkRow], errors: RowErrors
) -> list[_Change]:
    """Find what the rows name, and which links they change. Four statements, however many rows."""
    targets = _targets(rows)
    packs = {pack.slug: pack for pack in Pack.objects.filter(slug__in={row.pack for row in rows})}
    current = {
        (links.target_of(link), link.pack_id): link
        for link in PackLink.objects.filter(until=None, pack__in=_own(job, packs))
    }
    allowed = input.allowed_pack_ids
    seen: dict[tuple[Target, int], int] = {}
    changes = []
    for row in rows:
        target = targets.get(row.sku or f"\0{row.product}")
        pack = packs.get(row.pack) if row.pack or job.pack is None else job.pack
        if target is None:
            errors.add(row.number, NotFound("There is no such variant or product.", field="sku"))
        elif pack is None or not (allowed is None or pack.pk in allowed):
            errors.add(row.number, NotFound("There is no such pack.", field="pack"))
        elif pack.archived_at is not None:
            errors.add(row.number, InvalidInput("This pack is archived.", field="pack"))
        elif seen.setdefault((target, pack.pk), row.number) != row.number:
            first = seen[target, pack.pk]
            errors.add(
                row.number,
                Duplicate(
                    f"This link stands in the file twice; first in row {first:,}.", field="sku"
                ),
            )
        else:
            link = current.get((target, pack.pk))
            if link is not None and link.from_metadata:
                errors.add(
                    row.number,
                    InvalidInput(
                        f"This link follows the private metadata of its {target.kind}; change it "
                        "there.",
                        field="sku",
                    ),
                )
            elif link is None or link.quantity != row.quantity:
                changes.append(_Change(pack=pack, target=target, quantity=row.quantity, link=link))
    return changes


def _own(job: Job, packs: Mapping[str, Pack]) -> list[Pack]:
    return [*packs.values(), *([job.pack] if job.pack else [])]


def _targets(rows: Sequence[_LinkRow]) -> Mapping[str, Target]:
    """Find variants by SKU, and products by slug or id behind a NUL. Two statements."""
    variants = host.variant_ids({row.sku for row in rows if row.sku})
    products = host.product_ids({row.product for row in rows if row.product})
    return {sku: Target(kind="variant", id=pk) for sku, pk in variants.items()} | {
        f"\0{name}": Target(kind="product", id=pk) for name, pk in products.items()
    }


def start_links(
    import_file: ImportFile,
    *,
    pack: Pack | None,
    actor: str,
    access: PackAccess,
    dry_run: bool = False,
) -> Job:
    """Make a job that imports links of variants (``sku``) and products with packs.

    Raises:
        Required: a column is missing.
        InvalidInput, TooLong, Unreadable, Duplicate, NotFound: the file or its columns.
        NotAllowed: the rights of a vendor do not include links with this pack.
    """
    file_format, header = examine(import_file, LinkColumn)
    if LinkColumn.SKU not in header and LinkColumn.PRODUCT not in header:
        raise Required("The file needs a column called sku or product.", field="columns")
    if pack is None and LinkColumn.PACK not in header:
        raise Required("Name a pack, or have a column called pack.", field="pack")
    if pack is not None:
        access.require(Right.LINK, pack.pk, field="pack")
    return create_job(
        JobKind.IMPORT_LINKS,
        import_file,
        LinksInput(
            file_format=file_format,
            header=header,
            allowed_pack_ids=packs_with_rights(access, {Right.LINK}),
            dry_run=dry_run,
        ),
        pack=pack,
        actor=actor,
    )
