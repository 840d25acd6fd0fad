"""Saleor's own metadata, as its Dashboard reads and writes it."""

from typing import Any

from tests.graphql.api import ask, gid


def write(type_name: str, pk: Any, values: dict[str, str], *, by: Any) -> None:
    """Save rows of the private metadata, as the Dashboard's editor does."""
    answer = ask(
        """mutation ($id: ID!, $input: [MetadataInput!]!) {
          updatePrivateMetadata(id: $id, input: $input) { metadataErrors { field message } }
        }""",
        {
            "id": gid(type_name, pk),
            "input": [{"key": key, "value": value} for key, value in values.items()],
        },
        by=by,
    )
    assert answer["updatePrivateMetadata"]["metadataErrors"] == []


def remove(type_name: str, pk: Any, *names: str, by: Any) -> None:
    """Remove rows of the private metadata, as the Dashboard's editor does."""
    answer = ask(
        """mutation ($id: ID!, $keys: [String!]!) {
          deletePrivateMetadata(id: $id, keys: $keys) { metadataErrors { field message } }
        }""",
        {"id": gid(type_name, pk), "keys": names},
        by=by,
    )
    assert answer["deletePrivateMetadata"]["metadataErrors"] == []


def read(type_name: str, pk: Any, *, by: Any) -> dict[str, str]:
    """Read all of the private metadata."""
    root = type_name[0].lower() + type_name[1:]
    query = f"query ($id: ID!) {{ {root}(id: $id) {{ privateMetadata {{ key value }} }} }}"
    rows = ask(query, {"id": gid(type_name, pk)}, by=by)[root]["privateMetadata"]
    return {row["key"]: row["value"] for row in rows}
