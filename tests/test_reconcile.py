"""The story of an order: paid, short, settled, refunded, cancelled, edited."""

from django.core import mail

from saleor_serials.models import Assignment, OrderRecord
from tests import making


def test_a_paid_order_gets_its_serials_and_an_email() -> None:
    pack = making.make_pack()
    serials = making.make_serials(pack, 5)
    link = making.make_link(pack, quantity=2)

    order_id = making.paid_order(link, units=2, email="buyer@example.com")

    assert making.held(order_id) == [serial.data for serial in serials[:4]]
    assert making.shortfall(order_id) == 0
    assert making.statuses(pack) == {"used": 4, "free": 1}
    [message] = [m for m in mail.outbox if "serials" in m.subject]
    assert message.to == ["buyer@example.com"]
    assert all(serial.data in message.body for serial in serials[:4])
    assert serials[4].data not in message.body


def test_an_unpaid_order_gets_nothing() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack)

    order_id = making.placed_order(link)

    assert making.held(order_id) == []
    assert making.shortfall(order_id) == 0
    assert making.statuses(pack) == {"free": 5}
    assert OrderRecord.objects.get().order_id == order_id
    assert Assignment.objects.get().per_unit == 1
