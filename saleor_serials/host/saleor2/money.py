"""Money of an order: its payments."""

import json

from saleor_serials.host import payments
from saleor_serials.host.balance import Movement

SELECT = f"SELECT ({payments.select(created='created', modified='modified')})::text"
PARAMETERS = {"payment_kinds": [*payments.KINDS]}


def movements(money: str | None) -> list[Movement]:
    """Read what ``SELECT`` found of the order ``o``."""
    return payments.movements(json.loads(money or "[]"))
