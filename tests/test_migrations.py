"""The migration is what the models say, and valid on every Django that a host brings."""

import ast
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from saleor_serials.models import Assignment, Delivery, PackLink, Serial, SweepState
from tests import database, making

MIGRATIONS = Path(__file__).parent.parent / "saleor_serials" / "migrations"
# Newer than Django 3.2, or gone before 5.2.
NOT_IN_BOTH = (
    *("GeneratedField", "db_default", "nulls_distinct", "violation_error", "NullBooleanField"),
    *("index_together", "condition=models.Q(check", "db_comment", "include="),
)


def test_no_model_change_lacks_its_migration() -> None:
    output = StringIO()
    try:
        call_command("makemigrations", "saleor_serials", check=True, dry_run=True, stdout=output)
    except SystemExit:
        pytest.fail(
            "A model changed without its migration. Run `python -m demo.manage makemigrations "
            f"saleor_serials` and check the file by hand:\n{output.getvalue()}"
        )


def test_the_migration_uses_only_what_django_3_2_and_5_2_have_in_common() -> None:
    for path in MIGRATIONS.glob("0*.py"):
        source = path.read_text()
        assert not [word for word in NOT_IN_BOTH if word in source]
        assert "BigAutoField" in source or "CreateModel" not in source


def test_every_model_names_its_own_primary_key() -> None:
    for model in apps.get_app_config("saleor_serials").get_models():
        assert model._meta.pk.get_internal_type() == "BigAutoField"


def test_no_constraint_points_into_saleors_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
            WHERE contype = 'f' AND conrelid::regclass::text LIKE 'saleor_serials_%'
            """
        )
        foreign = cursor.fetchall()

    assert foreign
    assert [pair for pair in foreign if not pair[1].startswith("saleor_serials_")] == []


def test_they_run_back_to_nothing_and_forwards_to_the_same(database_url: str) -> None:
    with database.cloned(database_url):  # the other tests need theirs whole
        before = our_tables()
        call_command("migrate", "saleor_serials", "zero", verbosity=0)
        without = our_tables()
        call_command("migrate", "saleor_serials", verbosity=0)
        after = our_tables()

    assert {table for table, _ in before} == {
        model._meta.db_table for model in apps.get_app_config("saleor_serials").get_models()
    }
    assert without == set()
    assert after == before


def our_tables() -> set[tuple[str, str]]:
    """The table, and each column with its type, each constraint and each index by name.

    Not their expressions, which PostgreSQL writes in another way after a dump was restored.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT attrelid::regclass::text, concat_ws(
                ' ', attname, format_type(atttypid, atttypmod), attnotnull, attidentity
            )
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r'
            WHERE attnum > 0 AND NOT attisdropped
                AND attrelid::regclass::text LIKE 'saleor_serials_%'
            UNION ALL
            SELECT conrelid::regclass::text, concat_ws(' ', contype, conname)
            FROM pg_constraint WHERE conrelid::regclass::text LIKE 'saleor_serials_%'
            UNION ALL
            SELECT tablename, 'index ' || indexname
            FROM pg_indexes WHERE tablename LIKE 'saleor_serials_%'
            """
        )
        return set(cursor.fetchall())


@pytest.mark.parametrize("model", [Assignment, PackLink, Serial])
def test_constraints_have_names_of_our_own(model: type) -> None:
    options = model._meta  # type: ignore[attr-defined]
    names = [item.name for item in (*options.constraints, *options.indexes)]

    assert names
    assert all(name.startswith("serials_") for name in names)


def test_the_migration_depends_on_nothing_that_another_host_lacks() -> None:
    [first] = MIGRATIONS.glob("0001_*.py")
    [dependencies] = [
        ast.literal_eval(node.value)
        for node in ast.walk(ast.parse(first.read_text()))
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "dependencies"
    ]

    # 2.10.1's last of its app; every later version has it by this name.
    assert dependencies == [("product", "0117_auto_20200423_0737")]


def test_rows_made_under_the_first_migration_come_through_the_second(
    database_url: str,
) -> None:
    with database.cloned(database_url):
        pack = making.make_pack()
        making.make_serials(pack, 1)
        making.paid_order(making.make_link(pack))
        call_command("migrate", "saleor_serials", "0001", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO saleor_serials_sweepstate (cursor, retry)
                VALUES ('{"event": 5}', '["7", "8"]')"""
            )
        call_command("migrate", "saleor_serials", verbosity=0)
        state = SweepState.objects.get()

        assert (state.cursor, state.waiting) == ({"event": 5}, ["7", "8"])
        assert (state.failures, state.places, state.busy_until) == ({}, {}, None)
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.refused_address) == ("sent", "")
