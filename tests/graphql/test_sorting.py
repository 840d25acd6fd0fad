"""The orders and filters of lists, and that a page goes on where the one before ended."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_serials.models import Assignment, Batch, Job, Serial
from saleor_serials.serials import add
from tests import making
from tests.graphql.api import ask, complaints, gid, nodes, people


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")


def listed(
    field: str, shown: str, *, by: Any, sort: str | None = None, filter: Any = None
) -> list[Any]:
    """Read a list in pages of two, forward and backward, and return what its rows show."""
    kind = {"serialBatches": "SerialBatch"}.get(field, field[0].upper() + field[1:-1])
    query = f"""query (
      $filter: {kind}FilterInput, $sortBy: {kind}SortingInput,
      $first: Int, $after: String, $last: Int, $before: String
    ) {{
      {field}(
        filter: $filter, sortBy: $sortBy,
        first: $first, after: $after, last: $last, before: $before
      ) {{
        totalCount edges {{ node {{ {shown} }} cursor }}
        pageInfo {{ hasNextPage hasPreviousPage endCursor startCursor }}
      }}
    }}"""
    named, _, direction = (sort or "").partition(" ")
    given: dict[str, Any] = {"filter": filter}
    if sort:
        given["sortBy"] = {"field": named, "direction": direction}
    forward: list[Any] = []
    page: dict[str, Any] = {"first": 2}
    while True:
        found = ask(query, {**given, **page}, by=by)[field]
        forward += [node[shown] for node in nodes(found)]
        page["after"] = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    backward: list[Any] = []
    page = {"last": 2}
    while True:
        found = ask(query, {**given, **page}, by=by)[field]
        backward = [node[shown] for node in nodes(found)] + backward
        page["before"] = found["pageInfo"]["startCursor"]
        if not found["pageInfo"]["hasPreviousPage"]:
            break
    assert forward == backward
    assert found["totalCount"] == len(forward)
    return forward


def test_packs_are_sorted_by_name_slug_age_and_id(owner: Any) -> None:
    for name, slug in (("b", "y"), ("a", "z"), ("b", "x"), ("c", "w"), ("b", "v")):
        making.make_pack(name=name, slug=slug)

    assert listed("serialPacks", "slug", by=owner) == [*"yzxwv"]
    assert listed("serialPacks", "slug", by=owner, sort="NAME ASC") == [*"zyxvw"]
    assert listed("serialPacks", "slug", by=owner, sort="NAME DESC") == [*"wvxyz"]
    assert listed("serialPacks", "slug", by=owner, sort="SLUG ASC") == [*"vwxyz"]
    assert listed("serialPacks", "slug", by=owner, sort="CREATED_AT DESC") == [*"vwxzy"]
    assert listed("serialPacks", "slug", by=owner, sort="ID DESC") == [*"vwxzy"]


def test_batches_are_sorted_by_name_age_and_id(owner: Any) -> None:
    pack = making.make_pack()
    for number, name in enumerate("CABA"):
        add.add_serials(pack, [f"S-{number}"], actor="user:1", batch_name=name)

    assert listed("serialBatches", "name", by=owner, sort="NAME ASC") == [*"AABC"]
    assert listed("serialBatches", "name", by=owner, sort="NAME DESC") == [*"CBAA"]
    assert listed("serialBatches", "name", by=owner, sort="CREATED_AT DESC") == [*"ABAC"]
    assert listed("serialBatches", "name", by=owner, sort="ID DESC") == [*"ABAC"]


def test_serials_are_sorted_by_id_status_and_data(owner: Any) -> None:
    pack, other = making.make_pack(), making.make_pack()
    long = "M" * 300
    add.add_serials(pack, ["D", "B", f"{long}2", f"{long}1", "C"], actor="user:1")
    add.add_serials(other, ["A"], actor="user:1")
    Serial.objects.filter(data__in="CD").update(status="used", customer="user:1")
    Serial.objects.filter(data="B").update(status="deleted")
    shown = ["A", "C", "D", f"{long}2", f"{long}1"]
    packs = {"packs": [gid("SerialPack", pack.pk)]}

    def data(sort: str, **filter: Any) -> list[str]:
        return listed("serials", "data", by=owner, sort=sort, filter=filter or None)

    assert data("DATA ASC") == shown  # those that begin alike are by ID
    assert data("DATA DESC", **packs) == [*shown[:2:-1], "D", "C"]
    assert data("ID DESC", **packs) == ["C", f"{long}1", f"{long}2", "D"]
    assert data("STATUS ASC") == [f"{long}2", f"{long}1", "A", "D", "C"]
    assert data("STATUS DESC") == ["C", "D", "A", f"{long}1", f"{long}2"]
    assert data("STATUS ASC", **packs) == [f"{long}2", f"{long}1", "D", "C"]
    assert data("STATUS ASC", statuses=["DELETED", "USED"]) == ["B", "D", "C"]
    assert data("STATUS DESC", user=gid("User", 1)) == ["C", "D"]
    assert data("DATA DESC", user=gid("User", 1)) == ["D", "C"]
    assert data("STATUS DESC", search="MMM") == [f"{long}1", f"{long}2"]


def test_a_cursor_by_text_belongs_to_its_own_order(owner: Any) -> None:
    add.add_serials(making.make_pack(), ["A", "B"], actor="user:1")
    query = """query ($sortBy: SerialSortingInput, $after: String) {
      serials(first: 1, after: $after, sortBy: $sortBy) {
        edges { node { data } } pageInfo { endCursor }
      }
    }"""
    by_data, by_status = ({"field": field, "direction": "ASC"} for field in ("DATA", "STATUS"))
    cursor = ask(query, {"sortBy": by_data}, by=owner)["serials"]["pageInfo"]["endCursor"]

    assert complaints(query, {"sortBy": by_status, "after": cursor}, by=owner)[0] == (
        "Argument `after` is not a cursor of this list."
    )
    for wrong in ("ZGF0YSAhISEgMQ==", "ZGF0YSAvdzg9IDE=", "ZGF0YSBBQT09IDE="):
        assert complaints(query, {"sortBy": by_data, "after": wrong}, by=owner)[0] == (
            "Argument `after` is not a cursor of this list."
        )


def test_jobs_are_listed_newest_first_by_pack_kind_and_status(owner: Any) -> None:
    pack = making.make_pack()
    for kind, status, of in (
        ("export", "done", None),
        ("import", "failed", pack),
        ("generate", "done", pack),
        ("import", "done", pack),
    ):
        Job.objects.create(kind=kind, status=status, pack=of)
    packs = {"packs": [gid("SerialPack", pack.pk)]}

    def kinds(sort: str | None = None, **filter: Any) -> list[str]:
        return listed("serialJobs", "kind", by=owner, sort=sort, filter=filter or None)

    assert kinds() == ["IMPORT", "GENERATE", "IMPORT", "EXPORT"]
    assert kinds("CREATED_AT ASC") == ["EXPORT", "IMPORT", "GENERATE", "IMPORT"]
    assert kinds("STATUS ASC") == ["EXPORT", "GENERATE", "IMPORT", "IMPORT"]
    assert kinds(packs=packs["packs"]) == ["IMPORT", "GENERATE", "IMPORT"]
    assert kinds(kinds=["GENERATE", "EXPORT"]) == ["GENERATE", "EXPORT"]
    assert kinds(statuses=["FAILED"], packs=packs["packs"]) == ["IMPORT"]
    assert kinds(kinds=[]) == []


@pytest.mark.parametrize(
    ("model", "orders"),
    [
        (Batch, {"name": "serials_batch_name", "created_at": "serials_batch_created"}),
        (Job, {"status": "serials_job_status", "created_at": "serials_job_created"}),
        (Assignment, {"entitled_since": "serials_assignment_since"}),
    ],
)
def test_each_order_has_an_index_behind_it(model: Any, orders: dict[str, str], owner: Any) -> None:
    field = {Batch: "serialBatches", Job: "serialJobs", Assignment: "serialAssignments"}[model]
    kind = {Batch: "SerialBatch", Job: "SerialJob", Assignment: "SerialAssignment"}[model]
    for column, index in orders.items():
        with CaptureQueriesContext(connection) as captured, connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off; SET enable_sort = off")
            ask(
                f"""{{ {field}(
                  first: 2, sortBy: {{field: {column.upper()}, direction: DESC}}
                ) {{ edges {{ node {{ id }} }} }} }}""",
                by=owner,
            )
            [page] = [
                query["sql"]
                for query in captured.captured_queries
                if f'FROM "{model._meta.db_table}"' in query["sql"]
            ]
            cursor.execute(f"EXPLAIN {page}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            cursor.execute("RESET enable_seqscan; RESET enable_sort")
        assert f"using {index}" in plan, (kind, plan)
