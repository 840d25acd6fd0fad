"""System checks name what is wrong with a shop's set-up, and say what to do about it."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.core.checks import Tags, run_checks
from django.core.checks.registry import registry
from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.utils import timezone

from saleor_serials import checks
from saleor_serials.host import host
from saleor_serials.host.shapes import PluginState
from saleor_serials.models import Pack, SweepState
from tests import making
from tests.hosts import shop


def stored(**values: Any) -> Any:
    """Have Saleor answer with settings that were not checked when they were saved."""
    state = PluginState(active=True, configuration=values)
    return mock.patch.object(host, "plugin_state", return_value=state)


def swept(ago: timedelta | None) -> None:
    SweepState.objects.update_or_create(
        pk=1, defaults={"swept_at": None if ago is None else timezone.now() - ago}
    )


def found() -> list[str]:
    """The ids of all warnings, each of which must have a hint."""
    warnings = checks.check_shop(databases=["default"])
    assert all(warning.hint and warning.msg for warning in warnings)
    return [str(warning.id).removeprefix("saleor_serials.") for warning in warnings]


@pytest.fixture(autouse=True)
def in_order() -> None:
    """A shop that no check complains of."""
    swept(timedelta(minutes=1))


def with_stock_link(warehouse: str) -> list[str]:
    with stored(stock_link=True, stock_warehouse=warehouse):
        return found()


def with_sender(failure: Exception | None) -> list[str]:
    with mock.patch.object(host, "sender", side_effect=failure):
        return found()


def with_sweep(ago: timedelta | None) -> list[str]:
    swept(ago)
    return found()


def with_pack(**values: Any) -> list[str]:
    """Read a pack that was saved when its extensions were installed."""
    pack = making.make_pack()
    Pack.objects.filter(pk=pack.pk).update(**values)
    return found()


def with_settings(**values: Any) -> list[str]:
    with stored(**values):
        return found()


def warehouse() -> str:
    """Make the tests' warehouse; return its slug."""
    shop.stock(shop.make_variant(), 1)
    return "main"


GONE = [{"name": "gone", "settings": {}}]
HERE = [{"name": "points", "settings": {"points": 1}}]

# Each warning, what brings it, and the same but for one thing, which does not.
CASES: dict[str, tuple[str, Callable[[], list[str]], Callable[[], list[str]]]] = {
    "the warehouse is missing": (
        "W001",
        lambda: with_stock_link("nowhere"),
        lambda: with_stock_link(warehouse()),
    ),
    "the sender cannot be read": (
        "W002",
        lambda: with_sender(ValueError("a password")),
        lambda: with_sender(None),
    ),
    "beat has stopped": (
        "W003",
        lambda: with_sweep(timedelta(minutes=11)),
        lambda: with_sweep(timedelta(minutes=9)),
    ),
    "beat never ran": (
        "W003",
        lambda: with_sweep(None),
        lambda: with_sweep(timedelta(0)),
    ),
    "the stock follows into no warehouse": (
        "W004",
        lambda: with_settings(stock_link=True, stock_warehouse=""),
        lambda: with_settings(stock_link=False, stock_warehouse=""),
    ),
    "a generator is gone": (
        "W005",
        lambda: with_pack(generator="gone"),
        lambda: with_pack(generator="uuid"),
    ),
    "a renderer is gone": (
        "W005",
        lambda: with_pack(renderer="gone"),
        lambda: with_pack(renderer="text"),
    ),
    "a consumer is gone": (
        "W005",
        lambda: with_pack(consumers=GONE),
        lambda: with_pack(consumers=HERE),
    ),
    "the pack with it is archived": (
        "W005",
        lambda: with_pack(generator="gone", is_published=False),
        lambda: with_pack(generator="gone", is_published=False, archived_at=timezone.now()),
    ),
    "the settings cannot be read": (
        "W006",
        lambda: with_settings(assign_on="shipped"),
        lambda: with_settings(assign_on="paid"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_named_and_what_is_not_is_left_alone(case: str) -> None:
    warning, wrong, right = CASES[case]

    assert right() == []
    assert wrong() == [warning]


def test_a_warning_does_not_quote_the_mail_servers_answer() -> None:
    with mock.patch.object(host, "sender", side_effect=ValueError("a password")):
        [warning] = checks.check_shop(databases=["default"])

    assert "ValueError" in warning.msg
    assert "password" not in f"{warning.msg}{warning.hint}"


def test_an_inactive_plugin_has_nothing_to_complain_of() -> None:
    swept(None)
    assert found() == ["W003"]

    shop.set_plugin(active=False)

    assert found() == []


def test_django_runs_the_checks_when_it_is_asked_about_the_database() -> None:
    swept(None)

    of_database = run_checks(tags=[Tags.database], databases=["default"])
    of_all_else = run_checks()

    assert [each.id for each in of_database if "serials" in each.id] == ["saleor_serials.W003"]
    assert not [each for each in of_all_else if each.id.startswith("saleor_serials")]
    assert checks.check_shop in registry.get_checks()


def test_migrate_is_not_broken_by_tables_that_are_missing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE saleor_serials_sweepstate RENAME TO hidden")
    try:
        with pytest.raises(ProgrammingError):
            SweepState.objects.first()
        assert found() == []
        call_command("migrate", "saleor_serials", plan=True, stdout=io.StringIO())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE hidden RENAME TO saleor_serials_sweepstate")
