"""The same delivery, sent by several at once."""

from datetime import timedelta
from functools import partial
from unittest import mock

from django.core import mail

from saleor_serials import mail as our_mail
from saleor_serials.delivery import outbox
from saleor_serials.models import Delivery
from saleor_serials.orders.reconcile import reconcile
from tests import making
from tests.hosts import shop
from tests.races.threads import Crossing


def send_at_once() -> list[str | None]:
    """Let two send one delivery; whoever nothing turns away is at it before a mail is out."""
    pack = making.make_pack()
    making.make_serials(pack, 1)
    with shop.nothing_heard():
        reconcile(making.paid_order(making.make_link(pack)))
    [delivery] = Delivery.objects.all()
    mail.outbox.clear()
    are_at_it = Crossing()
    with are_at_it.before(our_mail, "send"):
        return are_at_it.together([partial(outbox.deliver, delivery.pk)] * 2)


def test_of_two_who_send_the_same_delivery_one_does() -> None:
    sent = send_at_once()

    assert sorted(sent, key=str) == [None, "sent"]
    assert len(mail.outbox) == 1


def test_negative_control_with_a_lease_that_is_over_before_it_is_taken_both_do() -> None:
    # Not at once: a rival may have read the clock before, and waited for the row.
    with mock.patch.object(outbox, "LEASE", -timedelta(minutes=1)):
        sent = send_at_once()

    assert sent == ["sent", "sent"]
    assert len(mail.outbox) == 2
