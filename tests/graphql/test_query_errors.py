"""What a query refuses: with our stable code and the argument, as the errors of mutations have."""

from typing import Any

import pytest

from tests.graphql.api import gid, is_denied, people, post

PACK = "query ($id: ID, $slug: String) { serialPack(id: $id, slug: $slug) { name } }"
SERIAL = "query ($id: ID!) { serial(id: $id) { data } }"
BATCH = "query ($id: ID!) { serialBatch(id: $id) { name } }"
JOB = "query ($id: ID!) { serialJob(id: $id) { status } }"
COUNT = "query ($filter: SerialFilterInput) { serialCount(filter: $filter) }"
LIST = """query ($filter: SerialFilterInput, $first: Int, $last: Int, $after: String) {
  serials(filter: $filter, first: $first, last: $last, after: $after) { edges { cursor } }
}"""
PACKS = """query ($filter: SerialPackFilterInput) {
  serialPacks(filter: $filter, first: 1) { edges { cursor } }
}"""
BATCHES = """query ($filter: SerialBatchFilterInput) {
  serialBatches(filter: $filter, first: 1) { edges { cursor } }
}"""
WRONG = gid("Order", 1)


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")


@pytest.mark.parametrize(
    ("query", "variables", "code", "field"),
    [
        (PACK, {}, "REQUIRED", "id"),
        (PACK, {"id": "x", "slug": "x"}, "INVALID", "slug"),
        *((query, {"id": WRONG}, "NOT_FOUND", "id") for query in (PACK, SERIAL, BATCH, JOB)),
        (LIST, {"first": 1, "filter": {"packs": [WRONG]}}, "NOT_FOUND", "packs"),
        (LIST, {"first": 1, "filter": {"search": "ab"}}, "TOO_SHORT", "search"),
        (LIST, {"first": 1, "filter": {"customerEmail": "a\0"}}, "INVALID", "customerEmail"),
        (COUNT, {"filter": {"batches": [WRONG]}}, "NOT_FOUND", "batches"),
        (PACKS, {"filter": {"search": "a\0"}}, "INVALID", "search"),
        (BATCHES, {"filter": {"packs": [WRONG]}}, "NOT_FOUND", "packs"),
        (LIST, {"first": 0}, "OUT_OF_RANGE", "first"),
        (LIST, {"last": 101}, "OUT_OF_RANGE", "last"),
        (LIST, {"first": 1, "last": 1}, "INVALID", "last"),
        (LIST, {"first": 1, "after": "x"}, "INVALID", "after"),
        (LIST, {}, "REQUIRED", "first"),
    ],
)
def test_what_a_query_refuses_has_a_code_and_names_the_argument(
    owner: Any, query: str, variables: dict[str, Any], code: str, field: str
) -> None:
    answer = post(query, variables, by=owner)

    [error] = answer["errors"]
    found = error["extensions"]
    assert (found["code"], found["field"], found["exception"]["code"]) == (code, field, code)
    assert error["message"]
    assert not any(answer["data"].values())


def test_a_refusal_for_lack_of_a_permission_stays_the_hosts_own() -> None:
    assert is_denied(SERIAL, {"id": WRONG})
