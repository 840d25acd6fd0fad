"""Customer keys, put together and taken apart in one place."""

import re
from pathlib import Path

import pytest

import saleor_serials
from saleor_serials import customers


@pytest.mark.parametrize(
    ("key", "text", "user_id", "email"),
    [
        (customers.of_user(7), "user:7", 7, None),
        (customers.of_email(" Ann@Example.com "), "email:ann@example.com", None, "ann@example.com"),
        (customers.of_order("4711"), "order:4711", None, None),
        ("", "", None, None),
    ],
)
def test_a_key_names_an_account_or_an_address_or_an_order(
    key: str, text: str, user_id: int | None, email: str | None
) -> None:
    assert key == text
    assert (customers.user_id_of(key), customers.email_of(key)) == (user_id, email)


def test_no_other_module_writes_or_reads_a_key_by_its_prefix() -> None:
    package = Path(saleor_serials.__file__).parent
    # The history names its actors by keys of their own: users and apps.
    of_actors = {"host/actors.py", "host/shapes.py"}
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"""["'](user|email|order):["'{]""", path.read_text())
    }

    assert found - of_actors == {"customers.py"}
