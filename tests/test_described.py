"""Enums describe themselves, and a status has the word that people use for it."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection

from saleor_serials import models
from saleor_serials.described import Described
from saleor_serials.models import Pack, Serial, SerialStatus


class Colour(Described):
    """The colour of a ticket."""

    RED = "red", "For the stalls."


def test_a_described_member_is_its_text_and_knows_its_sentence() -> None:
    assert str(Colour.RED) == "red" == f"{Colour.RED}" == Colour.RED.value
    assert {"red": 1}[Colour.RED] == 1
    assert json.dumps([Colour.RED]) == '["red"]'
    assert Colour("red") is Colour.RED
    assert Colour.RED.description == "For the stalls."
    assert (list(Colour), Colour.__doc__) == ([Colour.RED], "The colour of a ticket.")


@pytest.mark.parametrize(
    "enum", [each for each in vars(models).values() if isinstance(each, type(Colour))]
)
def test_every_enum_of_the_tables_describes_each_of_its_values(enum: type[Described]) -> None:
    assert enum.__doc__
    assert all(each.description.endswith(".") for each in enum)


def test_the_database_takes_a_described_member_for_its_text() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s = ANY(%s)", ["free", [SerialStatus.FREE, SerialStatus.USED]])
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize(
    ("status", "is_consumable", "consumed", "label"),
    [
        ("used", False, False, "sold"),
        ("used", True, False, "used"),
        ("used", False, True, "used"),
        ("used", True, True, "used"),
        ("assigned", True, False, "assigned"),
        ("free", False, False, "free"),
    ],
)
def test_a_used_serial_of_a_pack_that_is_not_consumable_is_sold(
    status: str, is_consumable: bool, consumed: bool, label: str
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) if consumed else None
    serial = Serial(pack=Pack(is_consumable=is_consumable), status=status, consumed_at=at)

    assert serial.status_label == label
