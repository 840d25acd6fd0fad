"""Serials in the private metadata of Saleor 2.10.1's orders."""

from collections.abc import Iterable, Mapping

from saleor_serials.host.private_metadata import give_way, write_order_serials


def write_serials(order_id: str, text: str | None, lines: Mapping[str, str]) -> None:
    """Write serials into an order's metadata, None: remove them; 2.10.1's lines have none.

    Two statements, in the caller's transaction.
    """
    give_way()
    write_order_serials(int(order_id), text)


def drop_copied_serials(order_ids: Iterable[str]) -> None:
    """2.10.1 makes no copies of orders."""
