"""Long work as staff, vendors and apps ask for it, and how far it is."""

import base64
import json
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.test import Client

from saleor_serials import tasks
from saleor_serials.import_export import export
from saleor_serials.import_export import upload as import_upload
from saleor_serials.maintenance.job_kinds import run_job
from saleor_serials.models import Job, Pack, Serial, VendorGroup
from saleor_serials.serials import add, generation_job, search
from tests import import_files, making
from tests.graphql.api import ask, do, gid, is_denied, nodes, people, post, refused
from tests.hosts import shop

JOB = """id kind status pack { slug } batch { name quantity } done total checked skipped isDryRun
  problems { row code message } problemCount fileName encoding createdAt finishedAt parts"""
GENERATE = f"""mutation ($pack: ID!, $quantity: Int!, $name: String) {{
  serialsGenerate(input: {{pack: $pack, quantity: $quantity, batchName: $name}}) {{
    serialJob {{ {JOB} }} errors {{ field code message index }}
  }}
}}"""
BATCH = f"""mutation ($pack: ID!, $quantity: Int!, $name: String) {{
  serialBatchCreate(input: {{pack: $pack, quantity: $quantity, name: $name}}) {{
    serialJob {{ {JOB} }} errors {{ field code message index }}
  }}
}}"""
IMPORT = f"""mutation ($input: SerialsImportInput!) {{
  serialsImport(input: $input) {{
    serialJob {{ {JOB} }} errors {{ field code message index }}
  }}
}}"""
LINKS = f"""mutation ($input: SerialPackLinksImportInput!) {{
  serialPackLinksImport(input: $input) {{
    serialJob {{ {JOB} }} errors {{ field code message index }}
  }}
}}"""
EXPORT = f"""mutation ($filter: SerialFilterInput, $format: SerialExportFormatEnum) {{
  serialsExport(input: {{filter: $filter, format: $format}}) {{
    serialJob {{ {JOB} }} errors {{ field code message index }}
  }}
}}"""
DELETE = f"""mutation ($id: ID!) {{
  serialJobFileDelete(id: $id) {{
    serialJob {{ {JOB} }} errors {{ field code message index }}
  }}
}}"""
LOOK = f"query ($id: ID!) {{ serialJob(id: $id) {{ {JOB} }} }}"
PART = "query ($id: ID!, $number: Int!) { serialJob(id: $id) { part(number: $number) } }"
LIST = """query ($first: Int, $after: String) {
  serialJobs(first: $first, after: $after) {
    totalCount edges { node { id } } pageInfo { hasNextPage endCursor }
  }
}"""


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")


@pytest.fixture
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tasks for jobs wait; the tests do them."""
    monkeypatch.setattr(tasks, "request_job", mock.Mock())


def vendor(*rights: str, permissions: tuple[str, ...] = ("MANAGE_PRODUCTS",)) -> tuple[Any, int]:
    """A member of a vendor group, and the group."""
    group = people.make_group()
    VendorGroup.objects.create(group_id=group.pk, rights=list(rights))
    return people.make_vendor(*permissions, groups=[group]), group.pk


def pack_id(pack: Pack) -> str:
    return gid("SerialPack", pack.pk)


def look(job: Any, *, by: Any) -> Any:
    return ask(LOOK, {"id": job["id"]}, by=by)["serialJob"]


def upload(query: str, given: dict[str, Any], content: bytes, name: str, *, by: Any) -> Any:
    """Send a file as a client does: a multipart request."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    response = Client().post(
        "/graphql/",
        {
            "operations": json.dumps(
                {"query": query, "variables": {"input": {**given, "file": None}}}
            ),
            "map": json.dumps({"0": ["variables.input.file"]}),
            "0": SimpleUploadedFile(name, content),
        },
        HTTP_AUTHORIZATION=people.authorization(by),
    )
    answer = response.json()
    assert "errors" not in answer, answer
    [made] = answer["data"].values()
    return made


def test_few_are_generated_at_once(owner: Any) -> None:
    pack = making.make_pack(name="Space", generator="uuid")

    job = do(GENERATE, {"pack": pack_id(pack), "quantity": 7, "name": "May"}, by=owner)["serialJob"]

    assert {name: job[name] for name in ("kind", "status", "done", "total", "pack", "batch")} == {
        "kind": "GENERATE",
        "status": "DONE",
        "done": 7,
        "total": 7,
        "pack": {"slug": "space"},
        "batch": {"name": "May", "quantity": 7},
    }
    assert job["finishedAt"] is not None
    assert making.statuses(pack) == {"free": 7}


@pytest.mark.usefixtures("no_workers")
def test_many_are_generated_by_a_worker_and_everybody_sees_how_far_it_is(
    owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation_job, "_CHUNK", 500)
    pack = making.make_pack(generator="uuid")

    job = do(GENERATE, {"pack": pack_id(pack), "quantity": 1_001}, by=owner)["serialJob"]
    assert (job["status"], job["done"], job["total"]) == ("WAITING", 0, 1_001)
    [call] = tasks.request_job.call_args_list  # type: ignore[attr-defined]
    seen = []
    for _ in run_job(call.args[0]):
        now = look(job, by=owner)
        seen.append((now["status"], now["done"], now["batch"]["quantity"]))

    assert seen == [
        *(("RUNNING", 500, 500), ("RUNNING", 1_000, 1_000), ("RUNNING", 1_001, 1_001)),
        ("DONE", 1_001, 1_001),
    ]


def test_without_workers_a_task_is_done_inline(owner: Any) -> None:
    pack = making.make_pack(generator="uuid")

    job = do(GENERATE, {"pack": pack_id(pack), "quantity": 1_001}, by=owner)["serialJob"]

    assert (job["status"], job["done"]) == ("DONE", 1_001)


def test_what_cannot_be_generated_is_refused(owner: Any) -> None:
    without, small = making.make_pack(), making.make_pack(generator="uuid", size_limit=3)
    few = making.make_pack(generator="random", generator_settings={"pattern": "9"})

    def refusals(query: str, pack: Pack, quantity: int) -> Any:
        return refused(query, {"pack": pack_id(pack), "quantity": quantity}, by=owner)

    assert refusals(GENERATE, without, 1) == [("generator", "INVALID", None)]
    assert refusals(GENERATE, small, 4) == [("quantity", "LIMIT_REACHED", None)]
    assert refusals(GENERATE, few, 11) == [("quantity", "NOT_ENOUGH", None)]
    assert refusals(GENERATE, small, 0) == [("quantity", "OUT_OF_RANGE", None)]
    assert refusals(BATCH, small, 1) == [("pack", "INVALID", None)]
    assert refused(GENERATE, {"pack": gid("SerialPack", 10**9), "quantity": 1}, by=owner) == [
        ("pack", "NOT_FOUND", None)
    ]
    assert not Job.objects.exists()
    assert not Serial.objects.exists()


def test_a_batch_is_made_up_to_its_limit(owner: Any) -> None:
    pack = making.make_pack(generator="uuid", type="batch")
    given = {"pack": pack_id(pack), "quantity": 501}

    assert refused(BATCH, given, by=owner) == [("quantity", "LIMIT_REACHED", None)]
    job = do(BATCH, {**given, "quantity": 500, "name": "May"}, by=owner)["serialJob"]

    assert job["batch"] == {"name": "May", "quantity": 500}


def test_pasted_text_is_imported_at_once(owner: Any) -> None:
    link = making.make_link(making.make_pack())
    order_id = making.paid_order(link)
    given = {"pack": pack_id(link.pack), "text": "A-1\nA-2\n", "batchName": "Pasted"}

    job = do(IMPORT, {"input": given}, by=owner)["serialJob"]

    assert (job["kind"], job["status"], job["done"], job["total"]) == ("IMPORT", "DONE", 2, 2)
    assert (job["checked"], job["batch"]) == (2, {"name": "Pasted", "quantity": 2})
    assert making.held(order_id) == ["A-1"]


def test_a_file_is_uploaded_in_any_encoding(owner: Any) -> None:
    pack = making.make_pack()
    given = {"pack": pack_id(pack), "columns": [{"name": "Schlüssel", "column": "DATA"}]}

    content = "Schlüssel\nÄ-1\n".encode("utf-16")
    made = upload(IMPORT, given, content, "keys.csv", by=owner)

    assert made["errors"] == []
    job = made["serialJob"]
    assert (job["status"], job["fileName"], job["encoding"]) == ("DONE", "keys.csv", "utf-16")
    assert pack.serials.get().data == "Ä-1"


def test_a_workbook_is_uploaded(owner: Any) -> None:
    pack = making.make_pack()

    content = import_files.xlsx([["data", "status"], ["A", "free"], ["B", None]])
    made = upload(IMPORT, {"pack": pack_id(pack)}, content, "keys.xlsx", by=owner)

    assert (made["errors"], made["serialJob"]["done"]) == ([], 2)


@pytest.mark.usefixtures("no_workers")
def test_a_large_file_is_imported_by_a_worker(owner: Any) -> None:
    pack = making.make_pack()
    content = "data\n" + "".join(f"S-{number:030}\n" for number in range(9_000))

    made = upload(IMPORT, {"pack": pack_id(pack)}, content.encode(), "large.csv", by=owner)
    job = made["serialJob"]

    assert (job["status"], job["done"], job["total"]) == ("WAITING", 0, None)
    assert job["parts"] == 0
    tasks.run_job(Job.objects.get().pk)
    job = look(job, by=owner)
    assert (job["status"], job["done"], job["total"]) == ("DONE", 9_000, 9_000)


def test_wrong_rows_are_named_in_the_job(owner: Any) -> None:
    pack = making.make_pack()
    given = {"pack": pack_id(pack), "text": "data,status\nA,\nA,\nB,sold\n", "dryRun": True}

    dry = do(IMPORT, {"input": given}, by=owner)["serialJob"]
    real = do(IMPORT, {"input": {**given, "dryRun": False}}, by=owner)["serialJob"]

    assert (dry["status"], dry["isDryRun"], real["status"], real["isDryRun"]) == (
        *("DONE", True, "FAILED", False),
    )
    for job in (dry, real):
        assert (job["done"], job["problemCount"]) == (0, 2)
        assert job["problems"] == [
            {
                "row": 3,
                "code": "DUPLICATE",
                "message": "This serial stands in the file twice; first in row 2.",
            },
            {
                "row": 4,
                "code": "INVALID",
                "message": "Its status is none of: free, reserved, assigned, used, unassigned, "
                "deleted.",
            },
        ]
    assert not Serial.objects.exists()


def test_what_is_wrong_with_the_call_is_refused(owner: Any) -> None:
    pack = making.make_pack()

    def refusals(**given: Any) -> Any:
        return refused(IMPORT, {"input": {"pack": pack_id(pack), **given}}, by=owner)

    assert refusals() == [("file", "REQUIRED", None)]
    assert refusals(text="") == [("file", "REQUIRED", None)]
    assert refusals(text="data,colour\nA,red\n") == [("columns", "INVALID", None)]
    assert refusals(text="status\nfree\n") == [("columns", "REQUIRED", None)]
    assert refusals(text="data\nA\n", pack=None) == [("pack", "REQUIRED", None)]
    assert refusals(text="data\nA\n", batchName="x" * 251) == [("batchName", "TOO_LONG", None)]
    assert refusals(text="data\nA\n", pack=gid("SerialPack", 10**9)) == [
        ("pack", "NOT_FOUND", None)
    ]
    assert not Job.objects.exists()


@pytest.mark.parametrize("text", people.UNENCODABLE)
def test_text_that_is_no_unicode_is_named_by_its_row(owner: Any, text: str) -> None:
    given = {"pack": pack_id(making.make_pack()), "text": f"data\nA\n{text}\n"}

    job = do(IMPORT, {"input": given}, by=owner)["serialJob"]

    assert [(each["row"], each["code"]) for each in job["problems"]] == [(3, "UNREADABLE")]


def test_links_are_imported(owner: Any) -> None:
    variant, pack = shop.make_variant(), making.make_pack(name="Pack")
    given = {"text": f"Artikel;pack;quantity\n{variant.sku};pack;2\n"}
    columns = [{"name": "artikel", "column": "SKU"}]

    made = upload(LINKS, {"columns": columns}, given["text"].encode(), "links.csv", by=owner)

    assert (made["errors"], made["serialJob"]["kind"]) == ([], "IMPORT_LINKS")
    assert pack.links.get().quantity == 2
    assert refused(LINKS, {"input": {"text": "sku\nx\n"}}, by=owner) == [("pack", "REQUIRED", None)]


def fetched(job: Any, *, by: Any) -> str:
    """The file that a job has made, part by part."""
    parts = [
        ask(PART, {"id": job["id"], "number": number}, by=by)["serialJob"]["part"]
        for number in range(1, job["parts"] + 1)
    ]
    return b"".join(map(base64.b64decode, parts)).decode("utf-8-sig")


def test_a_list_is_exported_fetched_and_removed(owner: Any) -> None:
    pack, other = making.make_pack(), making.make_pack()
    add.add_serials(pack, ["A", "B"], actor="user:1")
    add.add_serials(other, ["C"], actor="user:1")

    given = {"filter": {"packs": [pack_id(pack)]}, "format": "CSV"}
    job = do(EXPORT, given, by=owner)["serialJob"]

    assert (job["kind"], job["status"], job["done"], job["parts"]) == ("EXPORT", "DONE", 2, 1)
    assert job["fileName"] == "serials.csv"
    header, *rows = fetched(job, by=owner).splitlines()
    assert header.startswith("data,status,extra,customer,order")
    assert [row.split(",")[0] for row in rows] == ["A", "B"]
    for number in (0, -1, 2, 10**6):
        assert ask(PART, {"id": job["id"], "number": number}, by=owner)["serialJob"] == {
            "part": None
        }
    assert do(DELETE, {"id": job["id"]}, by=owner)["serialJob"]["parts"] == 0
    assert ask(PART, {"id": job["id"], "number": 1}, by=owner)["serialJob"] == {"part": None}


def test_a_workbook_is_exported(owner: Any) -> None:
    making.make_serials(making.make_pack(), 2)

    job = do(EXPORT, {"format": "XLSX"}, by=owner)["serialJob"]

    assert job["fileName"] == "serials.xlsx"
    content = ask(PART, {"id": job["id"], "number": 1}, by=owner)["serialJob"]["part"]
    assert len(import_files.cells_of(base64.b64decode(content))) == 3


@pytest.mark.usefixtures("no_workers")
def test_a_long_list_is_exported_by_a_worker(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 5)
    making.make_serials(making.make_pack(), 6)

    # Whether the list is long is counted: a serial's data may be 64 KB.
    with mock.patch.object(search, "find", side_effect=AssertionError("rows were read")):
        job = do(EXPORT, by=owner)["serialJob"]

    assert (job["status"], job["parts"]) == ("WAITING", 0)
    # What is searched for lies where its file will: nobody gets it.
    assert ask(PART, {"id": job["id"], "number": 0}, by=owner)["serialJob"] == {"part": None}
    tasks.run_job(Job.objects.get().pk)
    assert look(job, by=owner)["parts"] == 1


def test_a_file_that_is_read_is_given_to_nobody(owner: Any) -> None:
    pack = making.make_pack()
    with mock.patch.object(import_upload, "AT_ONCE", 0), mock.patch.object(tasks, "request_job"):
        given = {"pack": pack_id(pack), "text": "SECRET"}
        job = do(IMPORT, {"input": given}, by=owner)["serialJob"]

    assert Job.objects.get().parts.count() == 1
    assert job["parts"] == 0
    assert ask(PART, {"id": job["id"], "number": 0}, by=owner)["serialJob"] == {"part": None}


MUTATIONS: dict[str, dict[str, Any]] = {
    GENERATE: {"pack": "x", "quantity": 1},
    BATCH: {"pack": "x", "quantity": 1},
    IMPORT: {"input": {"text": "A"}},
    LINKS: {"input": {"text": "A"}},
    EXPORT: {},
    DELETE: {"id": "x"},
    LOOK: {"id": gid("SerialJob", 1)},
    "{ serialJobs(first: 1) { totalCount } }": {},
}


@pytest.mark.parametrize("query", MUTATIONS)
@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        shop.make_user,
        lambda: people.make_staff("MANAGE_ORDERS"),
        lambda: people.make_app("MANAGE_ORDERS"),
    ],
)
def test_jobs_are_for_those_who_manage_products(query: str, make: Callable[[], Any]) -> None:
    assert is_denied(query, MUTATIONS[query], by=make())


def test_who_holds_serials_is_for_those_who_manage_orders_as_well(owner: Any) -> None:
    order_id = making.paid_order(making.make_link(making.make_pack()))
    clerk = people.make_staff("MANAGE_PRODUCTS")
    pack = making.make_pack()
    given = {"pack": pack_id(pack), "text": "data,status,customer\nA,used,a@example.com\n"}
    by_order = {"filter": {"order": gid("Order", order_id)}}

    assert refused(IMPORT, {"input": given}, by=clerk) == [("columns", "NOT_ALLOWED", None)]
    assert refused(EXPORT, by_order, by=clerk) == [("filter", "NOT_ALLOWED", None)]
    do(IMPORT, {"input": given}, by=owner)
    with_holders = do(EXPORT, by=owner)["serialJob"]
    without = do(EXPORT, by=clerk)["serialJob"]

    assert "customer" in fetched(with_holders, by=owner)
    assert "customer" not in fetched(without, by=clerk)
    answer = post(PART, {"id": with_holders["id"], "number": 1}, by=clerk)
    assert answer["data"] == {"serialJob": {"part": None}}
    [error] = answer["errors"]
    assert error["extensions"]["exception"]["code"] == "PermissionDenied"


def test_vendors_do_what_their_rights_say_with_their_own_packs() -> None:
    user, group = vendor("import")
    mine = making.make_pack(vendor_group_id=group, generator="uuid")
    theirs = making.make_pack(generator="uuid")
    add.add_serials(mine, ["M"], actor="user:1")
    add.add_serials(theirs, ["T"], actor="user:1")

    def into(pack: Pack, text: str = "A") -> dict[str, Any]:
        return {"input": {"pack": pack_id(pack), "text": text}}

    assert refused(IMPORT, into(theirs), by=user) == [("pack", "NOT_FOUND", None)]
    assert refused(GENERATE, {"pack": pack_id(mine), "quantity": 1}, by=user) == [
        ("pack", "NOT_ALLOWED", None)
    ]
    assert refused(LINKS, into(mine, "sku\nx\n"), by=user) == [("pack", "NOT_ALLOWED", None)]
    rows = {"input": {"text": f"data,pack\nB,{mine.slug}\nC,{theirs.slug}\n"}}
    job = do(IMPORT, rows, by=user)["serialJob"]
    assert [(each["row"], each["code"]) for each in job["problems"]] == [(3, "NOT_FOUND")]
    assert do(IMPORT, into(mine), by=user)["serialJob"]["status"] == "DONE"
    lines = fetched(do(EXPORT, by=user)["serialJob"], by=user).splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["M", "A"]
    VendorGroup.objects.update(rights=["generate", "link", "import", "assign"])
    assert do(GENERATE, {"pack": pack_id(mine), "quantity": 1}, by=user)["serialJob"]


def test_a_vendor_who_may_not_assign_imports_no_holders() -> None:
    user, group = vendor("import", permissions=("MANAGE_PRODUCTS", "MANAGE_ORDERS"))
    mine = making.make_pack(vendor_group_id=group)
    text = "data,status,customer\nA,used,a@example.com\n"

    assert refused(IMPORT, {"input": {"pack": pack_id(mine), "text": text}}, by=user) == [
        ("pack", "NOT_ALLOWED", None)
    ]


def test_an_app_reaches_the_packs_that_allow_it() -> None:
    app = people.make_app("MANAGE_PRODUCTS")
    open_, closed = making.make_pack(webservice_access=True), making.make_pack()
    rows = {"input": {"text": f"data,pack\nA,{open_.slug}\n"}}

    assert do(IMPORT, rows, by=app)["serialJob"]["status"] == "DONE"
    given = {"pack": pack_id(closed), "text": "A"}
    assert refused(IMPORT, {"input": given}, by=app) == [("pack", "NOT_FOUND", None)]
    assert refused(
        IMPORT, {"input": {"text": "data,pack\nA,new\n", "createPacks": True}}, by=app
    ) == [("createPacks", "NOT_ALLOWED", None)]


def test_only_jobs_of_visible_packs_are_seen(owner: Any) -> None:
    user, group = vendor("see", "import")
    mine, theirs = making.make_pack(vendor_group_id=group), making.make_pack()

    def begin(text: str, *, by: Any) -> str:
        job_id: str = do(IMPORT, {"input": {"text": text}}, by=by)["serialJob"]["id"]
        return job_id

    by_vendor = begin(f"data,pack\nA,{mine.slug}\n", by=user)
    by_owner = begin(f"data,pack\nB,{mine.slug}\n", by=owner)
    hidden = begin(f"data,pack\nC,{mine.slug}\nD,{theirs.slug}\n", by=owner)
    exported = do(EXPORT, by=owner)["serialJob"]["id"]

    def listed(by: Any) -> list[str]:
        found = ask(LIST, {"first": 10}, by=by)["serialJobs"]
        assert found["totalCount"] == len(nodes(found))
        return [node["id"] for node in nodes(found)]

    assert listed(owner) == [exported, hidden, by_owner, by_vendor]
    assert listed(user) == [by_owner, by_vendor]
    for job_id in (hidden, exported, gid("SerialJob", 10**9)):
        assert ask(LOOK, {"id": job_id}, by=user)["serialJob"] is None
        assert ask(PART, {"id": job_id, "number": 1}, by=user)["serialJob"] is None
        assert refused(DELETE, {"id": job_id}, by=user) == [("id", "NOT_FOUND", None)]
    assert look({"id": by_owner}, by=user)["status"] == "DONE"


def test_jobs_are_listed_in_pages(owner: Any) -> None:
    ids = [gid("SerialJob", Job.objects.create(kind="export").pk) for _ in range(5)]

    first = ask(LIST, {"first": 3}, by=owner)["serialJobs"]
    after = first["pageInfo"]["endCursor"]
    second = ask(LIST, {"first": 3, "after": after}, by=owner)["serialJobs"]

    assert [node["id"] for node in nodes(first) + nodes(second)] == ids[::-1]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


def test_no_serial_stands_in_a_job(owner: Any) -> None:
    pack = making.make_pack()
    given = {"pack": pack_id(pack), "text": "data,extra\nSECRET-1,\nSECRET-1,\nx,SECRET-2\n"}
    do(IMPORT, {"input": given}, by=owner)
    add.add_serials(pack, ["SECRET-3"], actor="user:1")
    do(EXPORT, {"filter": {"search": "SECRET-3"}}, by=owner)

    stored = [
        getattr(job, field.name) for job in Job.objects.all() for field in Job._meta.concrete_fields
    ]

    assert "SECRET" not in repr(stored)
