"""Who holds imported serials: order lines, or customers as a gift.

All rows of a chunk are looked up together: the number of statements does not depend on them.
"""

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models.functions import Lower

from saleor_serials import config
from saleor_serials.errors import InvalidInput, NotFound
from saleor_serials.host import host
from saleor_serials.host.shapes import OrderSnapshot, customer_of_user, is_email
from saleor_serials.import_export.columns import Entry
from saleor_serials.models import Assignment, Mirror, OrderRecord, SerialStatus, SweepState
from saleor_serials.orders.records import freeze_terms

_MAKE_RECORDS = """
INSERT INTO saleor_serials_orderrecord
    (order_id, number, customer, placed_at, lines, noted, mirror, created_at)
SELECT t.*, '[]', '{}', '', %(now)s
FROM unnest(
    %(orders)s::text[], %(numbers)s::text[], %(customers)s::text[], %(placed)s::timestamptz[]
) AS t(order_id, number, customer, placed_at)
ON CONFLICT (order_id) DO NOTHING
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Whom a row names: a customer's key, and the order line, if one holds the serial."""

    customer: str
    order: OrderSnapshot | None = None
    line_id: str = ""


type Complain = Callable[[int, InvalidInput], None]


def find(entries: Iterable[Entry], complain: Complain) -> dict[int, Holder]:
    """Find whom the rows name, by row; of those whom there is not, complain. Five statements."""
    named = [entry for entry in entries if entry.customer or entry.order or entry.order_line]
    if not named:
        return {}
    users = _users(entry.customer for entry in named)
    orders = _Orders.of(named)
    found = {}
    for entry in named:
        try:
            found[entry.row] = _holder(entry, users, orders)
        except InvalidInput as refusal:
            complain(entry.row, refusal)
    return found


def _holder(entry: Entry, users: Mapping[str, int], orders: "_Orders") -> Holder:
    user_id = users.get(_plain_id(entry.customer, "User").lower())
    if not entry.order and not entry.order_line:
        return Holder(customer=_customer(entry, user_id))
    order, line_id = orders.line_of(entry)
    is_theirs = user_id is not None and user_id == order.user_id
    if not entry.customer or is_theirs or entry.customer.lower() == order.email.lower():
        return Holder(customer=order.customer, order=order, line_id=line_id)
    if entry.consumed_at is None:
        raise InvalidInput("This order is another customer's.", field="customer")
    # A bearer may have consumed what the order holds.
    return Holder(customer=_customer(entry, user_id), order=order, line_id=line_id)


def _customer(entry: Entry, user_id: int | None) -> str:
    if user_id is not None:
        return customer_of_user(user_id)
    if not is_email(entry.customer):
        raise NotFound(
            "There is no such customer; write an e-mail address, or the ID of an account.",
            field="customer",
        )
    return f"email:{entry.customer.lower()}"


def _users(customers: Iterable[str]) -> dict[str, int]:
    """Find accounts by their address in lower case, and by their id. One statement."""
    texts = {_plain_id(customer, "User").lower() for customer in customers if customer}
    if not texts:
        return {}
    ids = [int(text) for text in texts if _is_number(text)]
    users = get_user_model().objects.annotate(lower=Lower("email"))
    rows = [*users.filter(lower__in=texts - {str(pk) for pk in ids}).values_list("lower", "pk")]
    if ids:
        rows += [(str(pk), pk) for pk in users.filter(pk__in=ids).values_list("pk", flat=True)]
    return dict(rows)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _plain_id(text: str, type_name: str) -> str:
    """Read what a global id says; whatever is none stays as it is."""
    try:
        kind, _, plain = base64.b64decode(text, validate=True).decode("ascii").partition(":")
    except ValueError:
        return text
    return plain if kind == type_name and plain else text


@dataclass(frozen=True, kw_only=True, slots=True)
class _Orders:
    """The orders and order lines that rows name, by the words they use."""

    ids: Mapping[str, str]
    of_lines: Mapping[str, str]
    snapshots: Mapping[str, OrderSnapshot]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "_Orders":
        ids = host.find_orders({_order(entry) for entry in entries if entry.order})
        of_lines = host.orders_of_lines({_line(entry) for entry in entries if entry.order_line})
        wanted = {*ids.values(), *of_lines.values()}
        return cls(
            ids=ids, of_lines=of_lines, snapshots=host.order_snapshots(wanted) if wanted else {}
        )

    def line_of(self, entry: Entry) -> tuple[OrderSnapshot, str]:
        order_id = self.ids.get(_order(entry)) if entry.order else None
        order = self.snapshots.get(order_id or self.of_lines.get(_line(entry), ""))
        if order is None or (entry.order and order_id is None) or not order.placed:
            raise NotFound("There is no such order, or it is still a draft.", field="order")
        lines = [line.id for line in order.lines]
        if entry.order_line:
            if _line(entry) not in lines:
                raise NotFound("The order has no such line.", field="order_line")
            return order, _line(entry)
        if len(lines) != 1:
            raise InvalidInput(
                f"The order has {len(lines)} lines; name the one that holds the serial.",
                field="order_line",
            )
        return order, lines[0]


def _order(entry: Entry) -> str:
    return _plain_id(entry.order, "Order").removeprefix("#").lower()


def _line(entry: Entry) -> str:
    return _plain_id(entry.order_line, "OrderLine").lower()


# A row, and the pack that its serial goes into.
type Placed = tuple[Entry, int]


def assign(
    placed: Sequence[Placed], holders: Mapping[int, Holder], *, now: datetime
) -> dict[int, int]:
    """Make the assignments that hold these rows' serials; return their ids by row.

    The caller writes the serials in the same transaction. What a line is short of is filled
    first; the rest is granted, so that a reconcile finds nothing to change.
    """
    held = [
        (entry, pack_id)
        for entry, pack_id in placed
        if entry.row in holders and entry.status in (SerialStatus.ASSIGNED, SerialStatus.USED)
    ]
    lines = {
        entry.row: (holders[entry.row].line_id, pack_id)
        for entry, pack_id in held
        if holders[entry.row].order is not None
    }
    gifts = {
        entry.row: (holders[entry.row].customer, pack_id)
        for entry, pack_id in held
        if entry.row not in lines
    }
    orders = {
        holder.order.id: holder.order
        for row in lines
        if (holder := holders[row]) and holder.order is not None
    }
    of_lines = _hold_by_lines(Counter(lines.values()), orders, now=now)
    of_gifts = _hold_as_gifts(Counter(gifts.values()), now=now)
    return {row: of_lines[key] for row, key in lines.items()} | {
        row: of_gifts[key] for row, key in gifts.items()
    }


def _hold_as_gifts(
    wanted: Mapping[tuple[str, int], int], *, now: datetime
) -> dict[tuple[str, int], int]:
    made = Assignment.objects.bulk_create(
        Assignment(
            customer=customer,
            pack_id=pack_id,
            per_unit=0,
            granted=quantity,
            wanted=quantity,
            held=quantity,
            owed_since=now,
        )
        for (customer, pack_id), quantity in wanted.items()
    )
    return {(each.customer, each.pack_id): each.pk for each in made}


def _hold_by_lines(
    wanted: Mapping[tuple[str, int], int], orders: Mapping[str, OrderSnapshot], *, now: datetime
) -> dict[tuple[str, int], int]:
    if not wanted:
        return {}
    records = _lock_records(orders, now=now)
    there = {
        (each.line_id, each.pack_id): each
        for each in Assignment.objects.filter(line_id__in={line_id for line_id, _ in wanted})
    }
    of_lines = {
        line.id: (records[order.id], line) for order in orders.values() for line in order.lines
    }
    fresh: dict[tuple[str, int], Assignment] = {}
    for (line_id, pack_id), quantity in wanted.items():
        assignment = there.get((line_id, pack_id))
        if assignment is None:
            record, line = of_lines[line_id]
            assignment = Assignment(
                order=record,
                line_id=line_id,
                pack_id=pack_id,
                customer=record.customer,
                per_unit=0,
                product_name=line.product_name,
                variant_name=line.variant_name,
                sku=line.sku,
                variant_id=line.variant_id,
                product_id=line.product_id,
            )
            there[line_id, pack_id] = fresh[line_id, pack_id] = assignment
        beyond = quantity - min(quantity, assignment.shortfall)
        assignment.granted += beyond
        assignment.wanted += beyond
        assignment.held += quantity
        assignment.owed_since = assignment.owed_since or now
    Assignment.objects.bulk_create(fresh.values())
    changed = [there[key] for key in wanted if key not in fresh]
    Assignment.objects.bulk_update(
        changed, ["granted", "wanted", "held", "owed_since"], batch_size=1_000
    )
    return {key: there[key].pk for key in wanted}


def _lock_records(orders: Mapping[str, OrderSnapshot], *, now: datetime) -> dict[str, OrderRecord]:
    """Lock our records of orders, made where there are none, with their terms frozen."""
    with connection.cursor() as cursor:
        cursor.execute(
            _MAKE_RECORDS,
            {
                "orders": list(orders),
                "numbers": [order.number for order in orders.values()],
                "customers": [order.customer for order in orders.values()],
                "placed": [order.placed_at for order in orders.values()],
                "now": now,
            },
        )
    records = {
        record.order_id: record
        for record in OrderRecord.objects.select_for_update()
        .filter(order_id__in=list(orders))
        .order_by("pk")
    }
    before = {pk: list(record.lines) for pk, record in records.items()}
    since = SweepState.objects.values_list("active_since", flat=True).first()
    for order in orders.values():
        record = records[order.id]
        if since is not None and order.placed_at < since and not record.lines:
            # It was left alone so far: its lines are owed nothing but what is imported.
            record.lines = [line.id for line in order.lines]
    freeze_terms([(records[order.id], order) for order in orders.values()])
    changed = [record for pk, record in records.items() if record.lines != before[pk]]
    OrderRecord.objects.bulk_update(changed, ["lines"], batch_size=1_000)
    _have_shown([record.pk for record in records.values()])
    return records


def _have_shown(record_ids: Sequence[int]) -> None:
    """Note that what orders hold has changed, for those whose metadata says what they hold."""
    records = OrderRecord.objects.filter(pk__in=record_ids)
    if not config.load_config().mirror_to_metadata:
        records = records.exclude(mirror=Mirror.ABSENT)
    records.update(mirror=Mirror.DUE)
