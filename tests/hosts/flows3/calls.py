"""Call Saleor's own mutations as a dashboard, a storefront or a payment app does."""

import json
from collections.abc import Mapping
from typing import Any

from graphql_relay import from_global_id

from tests.graphql.api import ask


class Name(str):
    """A word of the schema in a literal, such as an enum's."""


def literal(value: Any) -> str:
    """Write a value as GraphQL does."""
    if isinstance(value, Name):
        return value
    if isinstance(value, Mapping):
        return "{" + " ".join(f"{name}: {literal(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " ".join(literal(part) for part in value) + "]"
    return json.dumps(value)


def call(mutation: str, returns: str = "", *, by: Any, **arguments: Any) -> Any:
    """Return what a mutation made, which must be without complaint."""
    made = answer(mutation, returns, by=by, **arguments)
    assert made["errors"] == [], made["errors"]
    return made


def answer(mutation: str, returns: str = "", *, by: Any, **arguments: Any) -> Any:
    """Return what a mutation made, and its errors."""
    written = " ".join(f"{name}: {literal(value)}" for name, value in arguments.items())
    document = f"mutation {{ {mutation}({written}) {{ {returns} errors {{ message code }} }} }}"
    return ask(document, by=by)[mutation]


def money(amount: float) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


def pk_of(global_id: str) -> str:
    return str(from_global_id(global_id)[1])
