"""Packs and buyers by the hundred thousand, written in bulk."""

from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from saleor_serials.models import Assignment, Batch, OrderRecord, Pack, PackLink
from tests import making

_CHUNK = 10_000
_BUYERS_OF_SOLD = 10_000

_FILL = """
INSERT INTO saleor_serials_serial
    (pack_id, batch_id, data, digest, extra, status, position, customer, created_at)
SELECT %(pack)s, %(batch)s, data, sha256(data::bytea), '{}', 'free', position, '', now()
FROM (
    SELECT position, upper(md5(%(pack)s || '-' || position)) AS data
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS position
) AS made
"""

_SELL = """
UPDATE saleor_serials_serial AS s
SET status = 'used', assigned_at = now(), (assignment_id, customer) = (
    SELECT id, customer FROM saleor_serials_assignment
    WHERE id = (%(buyers)s)[1 + sold.number %% %(number)s]
)
FROM (
    SELECT id, row_number() OVER (ORDER BY position) AS number
    FROM saleor_serials_serial WHERE pack_id = %(pack)s AND status = 'free'
    ORDER BY position LIMIT %(quantity)s
) AS sold
WHERE s.id = sold.id
"""

_BUYERS = """
INSERT INTO saleor_serials_assignment
    (order_id, line_id, pack_id, customer, per_unit, granted, withheld, entitled, held,
     product_name, variant_name, sku)
SELECT %(record)s, gen_random_uuid(), %(pack)s, 'email:' || gen_random_uuid() || '@example.com',
    1, 0, 0, 0, 0, 'Game', 'Download', 'SKU'
FROM generate_series(1, %(number)s)
RETURNING id, customer
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A part of a batch that is still to be made: positions ``first`` to ``last``."""

    batch: Batch
    first: int
    last: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """The oldest so many serials of a pack, to be sold at once."""

    pack: Pack
    quantity: int


def make_pack(size: int) -> tuple[PackLink, list[Chunk]]:
    """Make a pack, its only batch and a variant that takes one; the chunks are to be filled."""
    link = making.make_link(making.make_pack())
    batch = Batch.objects.create(pack=link.pack, name="All", quantity=size)
    return link, [
        Chunk(batch=batch, first=first, last=min(first + _CHUNK - 1, size))
        for first in range(1, size + 1, _CHUNK)
    ]


def fill(chunk: Chunk) -> None:
    """Make the serials of a chunk."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FILL,
            {
                "pack": chunk.batch.pack_id,
                "batch": chunk.batch.pk,
                "first": chunk.first,
                "last": chunk.last,
            },
        )


def sell(sale: Sale) -> None:
    """Sell in one statement: until a vacuum, the sold serials' index entries lie at the head."""
    buyers = make_buyers(sale.pack, min(sale.quantity, _BUYERS_OF_SOLD))
    with connection.cursor() as cursor:
        cursor.execute(
            _SELL,
            {
                "pack": sale.pack.pk,
                "quantity": sale.quantity,
                "number": len(buyers),
                "buyers": [buyer.pk for buyer in buyers],
            },
        )


def make_buyers(pack: Pack, number: int) -> list[Assignment]:
    """Make order lines; what is returned, but not the stored row, lacks one serial.

    Whole orders would queue behind shortfalls that are stored.
    """
    record, _ = OrderRecord.objects.get_or_create(
        order_id="0", defaults={"number": "0", "customer": "order:0", "placed_at": timezone.now()}
    )
    with connection.cursor() as cursor:
        cursor.execute(_BUYERS, {"record": record.pk, "pack": pack.pk, "number": number})
        return [
            Assignment(pk=pk, pack=pack, customer=customer, entitled=1)
            for pk, customer in cursor.fetchall()
        ]
