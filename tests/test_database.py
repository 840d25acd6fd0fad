import threading
from unittest import mock

import pytest
from django.contrib.sites.models import Site
from django.core import mail
from django.db import connection, transaction
from saleor.account.models import User
from saleor.menu.models import Menu

from tests import database
from tests.hosts import shop


def test_emptying_leaves_what_the_migrations_left():
    site = Site.objects.get_current()
    site.settings.default_weight_unit = "lb"
    site.settings.save()
    Menu.objects.all().delete()
    shop.make_user(email="buyer@example.com")
    mail.send_mail("subject", "body", None, ["buyer@example.com"])

    database.empty_tables()

    assert not User.objects.exists()
    assert list(Menu.objects.values_list("name", flat=True).order_by("pk")) == ["navbar", "footer"]
    assert Site.objects.get_current().settings.default_weight_unit == "kg"
    assert mail.outbox == []


def test_a_thread_sees_what_the_test_wrote_and_commits_for_it():
    shop.make_user(email="buyer@example.com")
    seen = []

    def look():
        seen.extend(User.objects.values_list("email", flat=True))
        transaction.on_commit(lambda: seen.append("committed"))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == ["buyer@example.com", "committed"]


@pytest.fixture
def impatience():
    """Empty tables without waiting for long; what empties them after the test waits as ever."""
    with mock.patch.object(database, "_LOCK_TIMEOUT", "50ms"):
        database._emptying.cache_clear()
        yield
    database._emptying.cache_clear()


@pytest.mark.usefixtures("impatience")
def test_a_transaction_left_open_is_named_and_ended():
    user = shop.make_user(email="buyer@example.com")
    locked, finish = threading.Event(), threading.Event()

    def keep_locked():
        transaction.set_autocommit(False)
        User.objects.select_for_update().get(pk=user.pk)
        locked.set()
        finish.wait()
        connection.close()

    thread = threading.Thread(target=keep_locked)
    thread.start()
    locked.wait()

    with pytest.raises(database.OpenTransactionError, match=r"account_user.* FOR UPDATE"):
        database.empty_tables()

    assert not User.objects.exists()
    finish.set()
    thread.join()


def test_emptying_waits_for_a_transaction_that_is_about_to_end():
    """Four times as long as the impatient one above does."""
    user = shop.make_user(email="buyer@example.com")
    locked = threading.Event()

    def end_when_waited_for():
        with transaction.atomic(), connection.cursor() as cursor:
            User.objects.select_for_update().get(pk=user.pk)
            locked.set()
            cursor.execute("""DO $$ BEGIN
                WHILE NOT EXISTS (
                    SELECT FROM pg_locks
                    WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
                ) LOOP PERFORM pg_sleep(0.01); END LOOP;
                PERFORM pg_sleep(0.2);
            END $$""")
        connection.close()

    thread = threading.Thread(target=end_when_waited_for)
    thread.start()
    locked.wait()
    database.empty_tables()
    thread.join()

    assert not User.objects.exists()
