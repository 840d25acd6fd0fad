"""Saleor's GraphQL API over real HTTP, as any storefront or script calls it."""

import http.client
import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT = 60


class RefusedError(Exception):
    """The API answered with errors; ``errors`` are as it gave them."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(_sentence(error) for error in errors))
        self.errors = errors


@dataclass(frozen=True, kw_only=True)
class Api:
    """Somebody at the API: a visitor, or, with a ``token``, whoever logged in."""

    url: str
    scheme: str
    token: str = ""

    @property
    def authorization(self) -> str:
        """The value of the header by which Saleor knows who this is."""
        return f"{self.scheme} {self.token}"

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Run a query or mutation and return its ``data``.

        Raises:
            RefusedError: the answer has errors.
        """
        answer = self.post(document, **variables)
        if answer.get("errors"):
            raise RefusedError(answer["errors"])
        data: dict[str, Any] = answer["data"]
        return data

    def do(self, mutation: str, **variables: Any) -> dict[str, Any]:
        """Run a mutation with one field, which asks for ``errors``, and return that field.

        Raises:
            RefusedError: the answer or its field has errors.
        """
        (payload,) = self.ask(mutation, **variables).values()
        if payload["errors"]:
            raise RefusedError(payload["errors"])
        answer: dict[str, Any] = payload
        return answer

    def post(self, document: str, **variables: Any) -> dict[str, Any]:
        """Send a document and return the answer, whatever it says."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.netloc, timeout=_TIMEOUT)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = self.authorization
        body = json.dumps({"query": document, "variables": variables})
        try:
            connection.request("POST", place.path, body, headers)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return answer

    def log_in(self, email: str, password: str) -> "Api":
        """Return the same API for a customer or a member of staff.

        Raises:
            RefusedError: there is no such account, or the password is another.
        """
        made = self.do(
            """mutation ($email: String!, $password: String!) {
              tokenCreate(email: $email, password: $password) { token errors { field message } }
            }""",
            email=email,
            password=password,
        )
        return replace(self, token=made["token"])


def _sentence(error: dict[str, Any]) -> str:
    field = error.get("field")
    return f"{field}: {error['message']}" if field else str(error["message"])
