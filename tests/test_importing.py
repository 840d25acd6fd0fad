"""Serials out of files: what is read, what is refused, and what it says of who holds them."""

from tests import making
from tests.sheets import complaints, imported


def test_x() -> None:
    pack = making.make_pack()
    job = imported("data\nA\nB\n", pack)
    assert (job.done, job.total) == (2, 2)
    assert making.statuses(pack) == {"free": 2}
    assert complaints("data\nA\nC\nC\n", pack) == [(2, "DUPLICATE"), (4, "DUPLICATE")]
