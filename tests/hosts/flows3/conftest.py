"""These flows are Saleor 3's own."""

import pytest

from saleor_serials.host import installed_modules

collect_ignore_glob = [] if installed_modules()[0] == "saleor3" else ["*.py"]
pytest.register_assert_rewrite("tests.hosts.flows3.walking")
