"""A customer's whole checkout over HTTP, when all is well and when the mail server is gone."""

from typing import Any

from django.core import mail

from demo.services.processes import free_port
from saleor_serials.models import Delivery
from tests import making
from tests.graphql.api import ask, people
from tests.hosts import shop
from tests.queues import Queue

ORDER = """
  number isPaid serials(first: 10) { edges { node { data } } } lines { serialShortfall }
"""


def check_out(variant: Any, *, quantity: int) -> Any:
    """Buy as a storefront does; return the order as the customer sees it."""
    people.show(variant)
    return people.check_out(ask, variant, quantity=quantity, by=shop.make_user(), order=ORDER)


def test_a_completed_checkout_shows_its_serials_at_once() -> None:
    pack = making.make_pack()
    serials = making.make_serials(pack, 5)
    link = making.make_link(pack, quantity=2, variant=shop.make_digital_variant())

    order = check_out(link.variant, quantity=3)

    assert order["isPaid"]
    assert [edge["node"]["data"] for edge in order["serials"]["edges"]] == [
        serial.data for serial in serials
    ]
    assert [line["serialShortfall"] for line in order["lines"]] == [1]
    assert len(mail.outbox) == 1


def test_the_checkout_succeeds_while_the_mail_server_is_down(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack, variant=shop.make_digital_variant())

    order = check_out(link.variant, quantity=1)

    assert order["isPaid"]
    assert len(order["serials"]["edges"]) == 1
    assert Delivery.objects.get().status == "pending"


def test_the_checkout_succeeds_while_our_own_work_fails(queue: Queue) -> None:
    queue.is_broken = True
    pack = making.make_pack()
    making.make_serials(pack, 5)
    link = making.make_link(pack, variant=shop.make_digital_variant())

    order = check_out(link.variant, quantity=1)

    assert order["isPaid"]
    assert order["serials"]["edges"] == []
