"""Customer keys: who holds, held or may take a serial.

A key is ``user:<id>`` for an account, else ``email:<address in lower case>``, else ``order:<id>``
for an order that has neither. Only this module puts keys together and takes them apart.
"""

_USER, _EMAIL, _ORDER = "user:", "email:", "order:"

# What the keys of all accounts begin with, for queries.
ACCOUNT_PREFIX = _USER


def of_user(user_id: int) -> str:
    """The key of an account."""
    return f"{_USER}{user_id}"


def of_email(email: str) -> str:
    """The key of a guest."""
    return f"{_EMAIL}{email.strip().lower()}"


def of_order(order_id: str) -> str:
    """The key of the unknown buyer of an order."""
    return f"{_ORDER}{order_id}"


def user_id_of(key: str) -> int | None:
    """The account that a key names; None if it names none."""
    return int(key.removeprefix(_USER)) if key.startswith(_USER) else None


def email_of(key: str) -> str | None:
    """The address of the guest that a key names; None if it names none."""
    return key.removeprefix(_EMAIL) if key.startswith(_EMAIL) else None
