"""A time is stored as it is, or refused by name, at every door alike."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest import mock

import pytest

from saleor_serials.errors import OutOfRange
from saleor_serials.extensions.generators import GeneratedSerial
from saleor_serials.extensions.generators.uuids import Uuids
from saleor_serials.models import Event, Serial
from saleor_serials.moments import EARLIEST, LATEST, moment
from saleor_serials.serials import generation
from tests import import_files, making
from tests.graphql import test_staff_actions
from tests.graphql.api import gid, people, post

# Each as it is written, and in UTC; None: it cannot be stored.
MOMENTS: dict[str, datetime | None] = {
    "2026-12-31T23:59:59+01:00": datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC),
    "2026-12-31T23:59:59.123456+00:00": datetime(2026, 12, 31, 23, 59, 59, 123456, tzinfo=UTC),
    "2026-12-31T23:59:59+14:00": datetime(2026, 12, 31, 9, 59, 59, tzinfo=UTC),
    "1900-01-01T00:00:00+00:00": EARLIEST,
    "1900-01-01T00:00:00+00:01": None,
    "8999-12-31T23:59:59+00:00": LATEST - timedelta(seconds=1),
    "8999-12-31T23:59:59-00:01": None,
    "9999-12-31T23:59:59-14:00": None,
    "0001-01-01T00:00:00+14:00": None,
}


def outcome(document: str, variables: dict[str, Any], *, field: str) -> str:
    """Call a mutation: "refused", or empty where it was carried out."""
    by = people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")
    answer = post(document, variables, by=by)
    if "errors" in answer:  # Saleor 3 reads no time that it cannot bring into UTC
        assert f'"{field}": "9999' in answer["errors"][0]["message"] or '"0001' in str(answer)
        return "refused"
    [payload] = answer["data"].values()
    errors = [(error["field"], error["code"]) for error in payload["errors"]]
    assert errors in ([], [(field, "OUT_OF_RANGE")])
    return "refused" if errors else ""


def an_edit(text: str) -> Any:
    [serial] = making.make_serials(making.make_pack(), 1)
    variables = {"id": gid("Serial", serial.pk), "input": {"expiresAt": text, "reason": "Why"}}
    refused = outcome(test_staff_actions.UPDATE, variables, field="expiresAt")
    return refused or Serial.objects.get(pk=serial.pk).expires_at


def an_event(text: str) -> Any:
    [serial] = making.make_serials(making.make_pack(), 1)
    variables = {"id": gid("Serial", serial.pk), "input": {"title": "Made", "happenedAt": text}}
    refused = outcome(test_staff_actions.NOTE, variables, field="happenedAt")
    return refused or Event.objects.latest("pk").happened_at


def an_import(text: str) -> Any:
    job = import_files.start(f"data,expires_at\nA,{text}\n", making.make_pack())
    job = import_files.finished(job)
    if job.status == "done":
        return Serial.objects.latest("pk").expires_at
    assert [(each["row"], each["code"]) for each in job.problems] == [(2, "OUT_OF_RANGE")]
    return "refused"


def a_generator(text: str) -> Any:
    made = [GeneratedSerial(data="A", expires_at=datetime.fromisoformat(text))]
    pack = making.make_pack(generator="uuid")
    with mock.patch.object(Uuids, "make", return_value=made):
        try:
            [draft] = generation.draw(pack, 1, now=pack.created_at)
        except OutOfRange as refusal:
            return "refused" if refusal.field == "generator" else refusal.field
    return draft.expires_at


@pytest.mark.parametrize("door", [an_edit, an_event, an_import, a_generator])
def test_a_time_is_stored_as_it_is_or_refused_by_name(door: Callable[[str], Any]) -> None:
    for text, stored in MOMENTS.items():
        assert door(text) == (stored or "refused"), text


@pytest.mark.parametrize("period", ["createdAt", "assignedAt"])
@pytest.mark.parametrize("end", ["gte", "lte"])
def test_a_list_of_a_period_that_cannot_be_is_refused_by_name(period: str, end: str) -> None:
    document = """query ($filter: SerialFilterInput) {
      serials(first: 1, filter: $filter) { edges { node { id } } }
    }"""
    by = people.make_staff("MANAGE_PRODUCTS", "MANAGE_ORDERS")

    for text, stored in MOMENTS.items():
        answer = post(document, {"filter": {period: {end: text}}}, by=by)
        if stored:
            assert answer["data"] == {"serials": {"edges": []}}
        else:
            [error] = answer["errors"]
            if "got invalid value" not in error["message"]:  # as Saleor 3 says it, see above
                assert error["extensions"]["code"] == "OUT_OF_RANGE"
                assert error["extensions"]["field"] == period


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-07-01T12:00", "2026-07-01T17:00"),
        # The clocks go through this hour twice, and over the other one.
        ("2026-11-01T01:30", "2026-11-01T06:30"),
        ("2026-03-08T02:30", "2026-03-08T08:30"),
    ],
)
def test_a_time_without_a_zone_is_the_shops(local: str, utc: str, settings: Any) -> None:
    settings.TIME_ZONE = "America/Chicago"

    stored = moment(datetime.fromisoformat(local), field="file")

    assert stored == datetime.fromisoformat(f"{utc}+00:00")
    assert an_import(local) == stored


@pytest.mark.parametrize("minutes", [1439, -1439])
def test_a_zone_may_be_as_far_away_as_python_knows(minutes: int) -> None:
    far = datetime(2026, 1, 1, tzinfo=timezone(timedelta(minutes=minutes)))

    assert moment(far, field="file") == far
