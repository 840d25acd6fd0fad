"""What the log may say of an error."""

import pytest

from saleor_serials.errors import StorageFailed
from saleor_serials.failures import described
from saleor_serials.serials import text


def test_an_error_is_named_by_its_kind_and_its_place_in_our_code() -> None:
    with pytest.raises(AttributeError) as raised:
        text.normalised(None)  # type: ignore[arg-type]

    assert described(raised.value).startswith("AttributeError at serials/text.py:")


def test_an_error_that_never_came_through_our_code_has_no_place() -> None:
    assert described(StorageFailed()) == "StorageFailed"
