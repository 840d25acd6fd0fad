"""Who holds imported serials: order lines, or customers as a gift.

All rows of a chunk are looked up together: the number of statements does not depend on them.
"""

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db.models.functions import Lower

from saleor_serials import config, customers
from saleor_serials.assignments.lines import gift, line_assignment
from saleor_serials.errors import InvalidInput, NotFound
from saleor_serials.host import host
from saleor_serials.host.shapes import OrderSnapshot, is_email
from saleor_serials.import_export.columns import ImportRow
from saleor_serials.models import Assignment, MetadataCopy, OrderRecord, SerialStatus, SweepState
from saleor_serials.orders.records import freeze_terms, insert_records


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Whom a row names: a customer's key, and the order line, if one holds the serial."""

    customer: str
    order: OrderSnapshot | None = None
    line_id: str = ""


type AddError = Callable[[int, InvalidInput], None]


def find(import_rows: Iterable[ImportRow], add_error: AddError) -> dict[int, Holder]:
    """Find whom the rows name, by row; of those whom there is not, complain. Five statements."""
    named = [row for row in import_rows if row.customer or row.order or row.order_line]
    if not named:
        return {}
    users = _users(row.customer for row in named)
    orders = _Orders.of(named)
    found = {}
    for row in named:
        try:
            found[row.number] = _holder(row, users, orders)
        except InvalidInput as refusal:
            add_error(row.number, refusal)
    return found


def _holder(row: ImportRow, users: Mapping[str, int], orders: "_Orders") -> Holder:
    user_id = users.get(_plain_id(row.customer, "User").lower())
    if not row.order and not row.order_line:
        return Holder(customer=_customer(row, user_id))
    order, line_id = orders.line_of(row)
    is_theirs = user_id is not None and user_id == order.user_id
    if not row.customer or is_theirs or row.customer.lower() == order.email.lower():
        return Holder(customer=order.customer, order=order, line_id=line_id)
    if row.consumed_at is None:
        raise InvalidInput("This order is another customer's.", field="customer")
    # A bearer may have consumed what the order holds.
    return Holder(customer=_customer(row, user_id), order=order, line_id=line_id)


def _customer(row: ImportRow, user_id: int | None) -> str:
    if user_id is not None:
        return customers.of_user(user_id)
    if not is_email(row.customer):
        raise NotFound(
            "There is no such customer; write an e-mail address, or the ID of an account.",
            field="customer",
        )
    return customers.of_email(row.customer)


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
    def of(cls, import_rows: Sequence[ImportRow]) -> "_Orders":
        ids = host.find_orders({_order(row) for row in import_rows if row.order})
        of_lines = host.orders_of_lines({_line(row) for row in import_rows if row.order_line})
        order_ids = {*ids.values(), *of_lines.values()}
        return cls(
            ids=ids,
            of_lines=of_lines,
            snapshots=host.order_snapshots(order_ids) if order_ids else {},
        )

    def line_of(self, row: ImportRow) -> tuple[OrderSnapshot, str]:
        order_id = self.ids.get(_order(row)) if row.order else None
        order = self.snapshots.get(order_id or self.of_lines.get(_line(row), ""))
        if order is None or (row.order and order_id is None) or not order.placed:
            raise NotFound("There is no such order, or it is still a draft.", field="order")
        lines = [line.id for line in order.lines]
        if row.order_line:
            if _line(row) not in lines:
                raise NotFound("The order has no such line.", field="order_line")
            return order, _line(row)
        if len(lines) != 1:
            raise InvalidInput(
                f"The order has {len(lines)} lines; name the one that holds the serial.",
                field="order_line",
            )
        return order, lines[0]


def _order(row: ImportRow) -> str:
    return _plain_id(row.order, "Order").removeprefix("#").lower()


def _line(row: ImportRow) -> str:
    return _plain_id(row.order_line, "OrderLine").lower()


# A row, and the pack that its serial goes into.
type Placed = tuple[ImportRow, int]


def assign(
    placed: Sequence[Placed], holders: Mapping[int, Holder], *, now: datetime
) -> dict[int, int]:
    """Make the assignments that hold these rows' serials; return their ids by row.

    The caller writes the serials in the same transaction. What a line is short of is filled
    first; the rest is granted, so that a reconcile finds nothing to change.
    """
    held = [
        (row, pack_id)
        for row, pack_id in placed
        if row.number in holders and row.status in (SerialStatus.ASSIGNED, SerialStatus.USED)
    ]
    lines = {
        row.number: (holders[row.number].line_id, pack_id)
        for row, pack_id in held
        if holders[row.number].order is not None
    }
    gifts = {
        row.number: (holders[row.number].customer, pack_id)
        for row, pack_id in held
        if row.number not in lines
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
    entitled: Mapping[tuple[str, int], int], *, now: datetime
) -> dict[tuple[str, int], int]:
    made = Assignment.objects.bulk_create(
        gift(customer, quantity, pack_id=pack_id, held=quantity, now=now)
        for (customer, pack_id), quantity in entitled.items()
    )
    return {(each.customer, each.pack_id): each.pk for each in made}


def _hold_by_lines(
    entitled: Mapping[tuple[str, int], int], orders: Mapping[str, OrderSnapshot], *, now: datetime
) -> dict[tuple[str, int], int]:
    if not entitled:
        return {}
    records = _lock_records(orders, now=now)
    there = {
        (each.line_id, each.pack_id): each
        for each in Assignment.objects.filter(line_id__in={line_id for line_id, _ in entitled})
    }
    of_lines = {
        line.id: (records[order.id], line) for order in orders.values() for line in order.lines
    }
    fresh: dict[tuple[str, int], Assignment] = {}
    for (line_id, pack_id), quantity in entitled.items():
        assignment = there.get((line_id, pack_id))
        if assignment is None:
            record, line = of_lines[line_id]
            assignment = line_assignment(record, line, pack_id=pack_id)
            there[line_id, pack_id] = fresh[line_id, pack_id] = assignment
        beyond = quantity - min(quantity, assignment.shortfall)
        assignment.granted += beyond
        assignment.entitled += beyond
        assignment.held += quantity
        assignment.entitled_since = assignment.entitled_since or now
    Assignment.objects.bulk_create(fresh.values())
    changed = [there[key] for key in entitled if key not in fresh]
    Assignment.objects.bulk_update(
        changed, ["granted", "entitled", "held", "entitled_since"], batch_size=1_000
    )
    return {key: there[key].pk for key in entitled}


def _lock_records(orders: Mapping[str, OrderSnapshot], *, now: datetime) -> dict[str, OrderRecord]:
    """Lock our records of orders, made where there are none, with their terms frozen."""
    insert_records(orders.values(), now=now, since_active=False)
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
    if not config.load_config().expose_in_metadata:
        records = records.exclude(metadata_copy=MetadataCopy.ABSENT)
    records.update(metadata_copy=MetadataCopy.DUE)
