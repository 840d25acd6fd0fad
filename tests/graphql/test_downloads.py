"""The file of an export at its own address: unguessable, and no longer there than the file."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from saleor_serials.jobs import downloads, files
from saleor_serials.models import Job
from tests import making
from tests.graphql.api import ask, do, gid, people

EXPORT = (
    "mutation { serialsExport(input: {format: CSV}) { serialJob { id fileUrl } errors { code } } }"
)
LOOK = "query ($id: ID!) { serialJob(id: $id) { fileUrl } }"


@pytest.fixture
def owner() -> Any:
    return people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")


@pytest.fixture
def exported(owner: Any) -> dict[str, str]:
    making.make_serials(making.make_pack(), 2)
    job: dict[str, str] = do(EXPORT, by=owner)["serialJob"]
    return job


def path_of(url: str) -> str:
    assert url.startswith("http://testserver/")
    return url.removeprefix("http://testserver")


def status(path: str) -> int:
    return int(Client().get(path).status_code)


def test_who_has_the_address_downloads_the_file_without_logging_in(
    exported: dict[str, str],
) -> None:
    response = Client().get(path_of(exported["fileUrl"]))
    content = b"".join(response.streaming_content)

    job = Job.objects.get()
    assert response.status_code == 200
    assert content == b"".join(bytes(part.content) for part in job.parts.order_by("number"))
    assert content.decode("utf-8-sig").startswith("data,")
    assert response["Content-Disposition"] == 'attachment; filename="serials.csv"'
    assert response["Content-Type"] == "text/csv"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "no-referrer"


def test_every_other_address_is_not_found(exported: dict[str, str]) -> None:
    path, job = path_of(exported["fileUrl"]), Job.objects.get()
    folder = path.rpartition("/")[0]
    other = Job.objects.create(kind="import", status="done", finished_at=timezone.now())
    files.store(other, [b"SECRET"])
    empty = Job.objects.create(kind="export", status="done", finished_at=timezone.now())

    for token in (
        "x",
        str(job.pk),
        signing.dumps(job.pk),
        signing.dumps(job.pk, salt="other"),
        f"{path.rpartition('/')[2]}x",
        downloads.token_of(other),
        downloads.token_of(empty),
        "a/b",
    ):
        response = Client().get(f"{folder}/{token}")
        assert (response.status_code, response.content) == (404, b"")
        assert response["Cache-Control"] == "no-store"
    assert Client().post(path).status_code == 405
    assert status(path) == 200


def test_the_address_ends_with_the_file(
    exported: dict[str, str], owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, look = path_of(exported["fileUrl"]), {"id": exported["id"]}
    job = Job.objects.get()
    finished = job.finished_at
    late = timezone.now() - files.KEEP_FILES

    Job.objects.update(finished_at=late - timedelta(seconds=1))
    assert status(path) == 404
    Job.objects.update(finished_at=finished)
    assert status(path) == 200
    with monkeypatch.context() as patch:
        patch.setattr(downloads, "KEEP_FILES", timedelta(seconds=-1))
        assert status(path) == 404
    job.parts.all().delete()
    assert status(path) == 404
    assert ask(LOOK, look, by=owner)["serialJob"]["fileUrl"] is None


def test_the_address_of_a_file_that_names_holders_is_for_who_may_see_them(
    exported: dict[str, str],
) -> None:
    keeper = people.make_staff("MANAGE_PRODUCTS")

    assert ask(LOOK, {"id": exported["id"]}, by=keeper)["serialJob"]["fileUrl"] is None
    own = do(EXPORT, by=keeper)["serialJob"]
    assert own["fileUrl"]
    waiting = Job.objects.create(kind="export")
    assert (
        ask(LOOK, {"id": gid("SerialJob", waiting.pk)}, by=keeper)["serialJob"]["fileUrl"] is None
    )
