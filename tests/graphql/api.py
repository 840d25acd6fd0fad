"""Ask the shop's API as a client does: over HTTP, through the real view."""

from importlib import import_module
from typing import Any

from django.test import Client
from graphene import Node

from saleor_serials.host import installed_modules

# Who asks, and how they say who they are: each host's own.
people = import_module(f"tests.hosts.{installed_modules()[1]}")

_client = Client()


def post(query: str, variables: dict[str, Any] | None = None, *, by: Any = None) -> dict[str, Any]:
    """Return the whole answer; ``by`` is a user, an app, or nobody."""
    [answer] = post_all((query, variables or {}), by=by)
    return answer


def post_all(*requests: tuple[str, dict[str, Any]], by: Any = None) -> list[dict[str, Any]]:
    """Return the answers to several requests in one."""
    headers = {} if by is None else {"HTTP_AUTHORIZATION": people.authorization(by)}
    response = _client.post(
        "/graphql/",
        [{"query": query, "variables": variables} for query, variables in requests],
        content_type="application/json",
        **headers,
    )
    answers: list[dict[str, Any]] = response.json()
    return answers


def ask(query: str, variables: dict[str, Any] | None = None, *, by: Any = None) -> Any:
    """Return the data of an answer without errors."""
    answer = post(query, variables, by=by)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def complaints(query: str, variables: dict[str, Any] | None = None, *, by: Any = None) -> list[str]:
    """Return the messages of an answer that has errors."""
    return [error["message"] for error in post(query, variables, by=by)["errors"]]


def is_denied(query: str, variables: dict[str, Any] | None = None, *, by: Any = None) -> bool:
    """Tell whether the answer is the host's own refusal, and shows nothing."""
    answer = post(query, variables, by=by)
    codes = [error["extensions"]["exception"]["code"] for error in answer.get("errors", [])]
    return codes == ["PermissionDenied"] and not any(answer["data"].values())


def do(mutation: str, variables: dict[str, Any] | None = None, *, by: Any) -> Any:
    """Return what a mutation made, which must be without complaint."""
    [made] = ask(mutation, variables, by=by).values()
    assert made.pop("errors") == [], made
    return made


def refused(mutation: str, variables: dict[str, Any] | None = None, *, by: Any) -> list[Any]:
    """Return the errors of a mutation, as (field, code, index), which must have made nothing."""
    [made] = ask(mutation, variables, by=by).values()
    errors = made.pop("errors")
    assert not any(made.values()), made
    assert all(error["message"] for error in errors)
    return [(error["field"], error["code"], error["index"]) for error in errors]


def gid(type_name: str, pk: Any) -> str:
    """A global id."""
    return str(Node.to_global_id(type_name, pk))


def nodes(connection: Any) -> list[Any]:
    return [edge["node"] for edge in connection["edges"]]
