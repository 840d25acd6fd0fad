"""What the customer is told: what is theirs, what is new, and nothing else."""

import pytest
from django.core import mail

from saleor_serials import packs
from saleor_serials.delivery import deliver
from saleor_serials.models import Delivery, Serial
from saleor_serials.reconcile import reconcile
from tests import making
from tests.hosts import shop
from tests.making import held


def html_of(message: mail.EmailMultiAlternatives) -> str:
    [(content, kind)] = message.alternatives
    assert kind == "text/html"
    return str(content)


def test_the_mail_names_shop_order_product_and_serials_in_text_and_html() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    link = making.make_link(pack, quantity=2)

    order_id = making.paid_order(link, email="buyer@example.com")

    [message] = mail.outbox
    assert message.to == ["buyer@example.com"]
    assert message.from_email == "shop@example.com"
    assert (
        message.subject == f"Your 2 serials for order {shop.number(order_id)} at Saleor e-commerce"
    )
    for content in (message.body, html_of(message)):
        assert link.variant.product.name in content
        assert all(data in content for data in held(order_id))
        assert "<< MISSING" not in content
    assert pack.name not in message.body


def test_one_serial_is_spoken_of_in_the_singular() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)

    making.paid_order(making.make_link(pack))

    assert mail.outbox[0].subject.startswith("Your serial for order")


def test_a_shortfall_is_told_and_a_top_up_sends_only_what_is_new() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 2)
    order_id = making.paid_order(making.make_link(pack), units=3)
    before = held(order_id)

    making.make_serials(pack, 5)
    making.settle(pack)

    first, second = mail.outbox
    [new] = [data for data in held(order_id) if data not in before]
    assert "1 more is on its way" in first.body
    assert new in second.body
    assert not [data for data in before if data in second.body + html_of(second)]
    assert "on its way" not in second.body
    assert second.subject.startswith("1 more serial for order")
    assert "here is more of what you bought" in second.body


def test_text_is_sent_as_it_is_and_html_is_escaped() -> None:
    pack = making.make_pack()
    packs.add_serials(pack, ["<b>A&B</b>\n  line two"], actor="user:1")

    making.paid_order(making.make_link(pack))

    [message] = mail.outbox
    assert "<b>A&B</b>\n  line two" in message.body
    assert "&lt;b&gt;A&amp;B&lt;/b&gt;\n  line two" in html_of(message)


def test_serials_that_went_back_before_the_mail_are_not_sent() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    with shop.nothing_heard():
        order_id = making.paid_order(making.make_link(pack))
    reconcile(order_id)  # and nobody is told of the delivery
    shop.cancel(order_id)

    outcome = deliver(Delivery.objects.get().pk)

    assert outcome == "needless"
    assert mail.outbox == []


def test_a_delivery_is_sent_once_however_often_it_is_asked_for() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    making.paid_order(making.make_link(pack))

    again = deliver(Delivery.objects.get().pk)

    assert again is None
    assert len(mail.outbox) == 1
    assert Serial.objects.get(status="used").delivered_at is not None


def test_an_order_without_an_address_keeps_its_serials_and_staff_see_why() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)

    order_id = making.paid_order(making.make_link(pack), email="")

    row = Delivery.objects.get()
    assert (row.status, row.problem) == ("failed", "The order has no e-mail address")
    assert len(held(order_id)) == 1
    assert mail.outbox == []


def test_a_shop_that_sends_its_own_mail_can_switch_ours_off() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    shop.set_plugin(send_email="false")

    order_id = making.paid_order(making.make_link(pack))

    assert len(held(order_id)) == 1
    assert (Delivery.objects.count(), mail.outbox) == (0, [])


def test_a_shop_name_cannot_break_the_subject_line() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    shop.rename("Bits &\nPieces")

    making.paid_order(making.make_link(pack))

    assert mail.outbox[0].subject.endswith("at Bits & Pieces")
    assert "Bits &amp;" in html_of(mail.outbox[0])


def test_the_log_of_a_failure_holds_no_serial(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = making.make_pack()
    packs.add_serials(pack, ["TOP-SECRET"], actor="user:1")

    def refuse(message: mail.EmailMultiAlternatives) -> None:
        raise OSError(f"554 rejected: {message.body}")

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", refuse)
    making.paid_order(making.make_link(pack))

    assert "was not sent" in caplog.text
    assert "TOP-SECRET" not in caplog.text
    assert Delivery.objects.get().problem == "OSError"
