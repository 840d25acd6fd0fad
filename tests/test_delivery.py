"""What the customer is told: what is theirs, what is new, and nothing else."""

import re
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from django.conf import settings as django_settings
from django.core import mail

from saleor_serials.delivery.outbox import deliver
from saleor_serials.mail import LANGUAGES, language_for
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Delivery, Event, EventType, Serial
from saleor_serials.orders.reconcile import reconcile
from saleor_serials.serials import add
from tests import making, servers
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
    assert second.body.startswith("Here is 1 more serial\nOrder ")


class Page(HTMLParser):
    """An HTML mail as a customer sees it: its language, its texts, and each serial in its box."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root: dict[str, str | None] = {}
        self.texts: list[str] = []
        self.serials: list[str] = []
        self.pictures: list[str | None] = []
        self._is_serial = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.root = dict(attrs)
        if tag == "img":
            self.pictures.append(dict(attrs)["src"])
        self._is_serial = "pre-wrap" in (dict(attrs).get("style") or "")
        if self._is_serial:
            self.serials.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_serial = False

    def handle_data(self, data: str) -> None:
        if self._is_serial:
            self.serials[-1] += data
        elif data.strip():
            self.texts.append(data)


def received(mailbox: servers.Mailbox) -> tuple[EmailMessage, str, Page]:
    """The one message that arrived, its text and its HTML."""
    [message] = mailbox.messages
    text, html = (
        str(message.get_body((kind,)).get_content()).replace("\r\n", "\n")
        for kind in ("plain", "html")
    )
    return message, text, Page(html)


@pytest.mark.parametrize(
    "data",
    [
        "<b>A&B</b> \"double\" 'single' `back`",
        "{{ shop_name }} {% now 'Y' %} {# gone #} %(number)s %s &amp; =3D =?utf-8?q?x?=",
        "-----BEGIN-----\n  indented, then two spaces  \n\n\ta tab\n.\n..\nFrom me\n-----END-----",
        "A" * 20_000,
        "é" * 600 + "\u2028" + "ü" * 600,
        "control \x0b and \x0c and \x1f and \x85 characters",
        "עברית ABC-1 ١٢٣",
        "q\u0307\u0323 👩‍👩‍👧 🎟️",
    ],
)
def test_a_serial_arrives_as_it_is_in_text_and_html(smtp_port: int, data: str) -> None:
    pack = making.make_pack()
    add.add_serials(pack, [data], actor="user:1")

    with servers.mail_server(smtp_port) as mailbox:
        order_id = making.paid_order(making.make_link(pack))

    _, text, page = received(mailbox)
    [stored] = held(order_id)
    before, after = text.split(stored)
    assert before.endswith(" (Download)\n\n")
    assert after.startswith("\n\n")
    assert page.serials == [stored]


def pictures_in(message: EmailMessage) -> dict[str, EmailMessage]:
    """The pictures that came with a message, by what its HTML calls them."""
    return {
        f"cid:{part['Content-ID'].strip('<>')}": part
        for part in message.walk()
        if part.get_content_maintype() == "image"
    }


def test_a_serial_looks_as_the_pack_s_renderer_says(smtp_port: int) -> None:
    pack = making.make_pack(renderer="text", renderer_settings={"text": "<PIN>\n$data"})
    making.make_serials(pack, 2)

    with servers.mail_server(smtp_port) as mailbox:
        order_id = making.paid_order(making.make_link(pack), units=2)

    message, text, page = received(mailbox)
    looks = [f"<PIN>\n{data}" for data in held(order_id)]
    assert page.serials == looks
    assert "\n\n".join(looks) in text
    assert pictures_in(message) == {}


def test_the_pictures_of_serials_stand_in_the_mail_and_not_beside_it(smtp_port: int) -> None:
    codes, plain = making.make_pack(renderer="qr"), making.make_pack()
    making.make_serials(codes, 2)
    making.make_serials(plain, 1)
    links = [making.make_link(pack) for pack in (codes, plain)]

    with servers.mail_server(smtp_port) as mailbox:
        order_id = shop.place_order([(links[0].variant, 2), (links[1].variant, 1)])
        shop.pay(order_id)

    message, text, page = received(mailbox)
    pictures = pictures_in(message)
    assert message.get_content_type() == "multipart/related"
    assert page.pictures == list(pictures) == ["cid:serial-1", "cid:serial-2"]
    assert all(data in text and data in page.serials for data in held(order_id))
    for part in pictures.values():
        assert part.get_content_type() == "image/png"
        assert part.get_content_disposition() == "inline"
        assert part.get_content().startswith(b"\x89PNG")


def test_a_mail_that_would_be_too_large_has_its_last_serials_as_text(
    smtp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saleor_serials.delivery.message.MAX_PICTURES", 1_000)
    pack = making.make_pack(renderer="qr")
    making.make_serials(pack, 20)

    with servers.mail_server(smtp_port) as mailbox:
        order_id = making.paid_order(making.make_link(pack), units=20)

    message, _, page = received(mailbox)
    pictures = pictures_in(message)
    assert 0 < len(pictures) < 20
    assert sum(len(part.get_content()) for part in pictures.values()) <= 1_000
    assert page.pictures == list(pictures)
    assert page.serials == held(order_id)


def test_serials_of_several_lines_stand_apart(smtp_port: int) -> None:
    pack = making.make_pack()
    add.add_serials(pack, ["one\ntwo", "three\nfour"], actor="user:1")

    with servers.mail_server(smtp_port) as mailbox:
        making.paid_order(making.make_link(pack), units=2)

    _, text, page = received(mailbox)
    assert "\n\none\ntwo\n\nthree\nfour\n\n" in text
    assert page.serials == ["one\ntwo", "three\nfour"]


def test_names_are_escaped_in_html_and_nowhere_else(smtp_port: int) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    link = making.make_link(pack)
    product = link.variant.product
    product.name = "<i>Trees & Bees</i> 100%"
    product.save()
    shop.rename("O'Neil & Sons <100%>")

    with servers.mail_server(smtp_port) as mailbox:
        order_id = making.paid_order(link)

    message, text, page = received(mailbox)
    assert message["Subject"] == (
        f"Your serial for order {shop.number(order_id)} at O'Neil & Sons <100%>"
    )
    assert text.endswith("\n\nO'Neil & Sons <100%>\n")
    assert "\n<i>Trees & Bees</i> 100% (Download)\n" in text
    assert "O'Neil & Sons <100%>" in page.texts
    assert "<i>Trees & Bees</i> 100%" in page.texts


INJECTION = "Games\r\nBcc: thief@example.com\r\n\r\nHello"


def test_no_name_can_add_a_header(smtp_port: int) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    link = making.make_link(pack)
    product = link.variant.product
    product.name = INJECTION
    product.save()
    shop.rename(INJECTION)

    with servers.mail_server(smtp_port) as mailbox:
        making.paid_order(link, email="buyer@example.com")

    message, _, _ = received(mailbox)
    assert message["Subject"].endswith("at Games Bcc: thief@example.com Hello")
    assert (message["Bcc"], mailbox.recipients) == (None, ["buyer@example.com"])
    assert Delivery.objects.get().status == "sent"


def test_an_address_with_a_stray_line_break_is_written_to(smtp_port: int) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)

    with servers.mail_server(smtp_port) as mailbox:
        making.paid_order(making.make_link(pack), email=" buyer@example.com\n")

    assert mailbox.recipients == ["buyer@example.com"]


@pytest.mark.parametrize(
    "email",
    ["buyer@example.com\nBcc: thief@example.com", "a@example.com,thief@example.com", "nobody"],
)
def test_what_is_no_address_is_not_written_to_and_staff_see_it_at_once(
    smtp_port: int, email: str
) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)

    with servers.mail_server(smtp_port) as mailbox:
        order_id = making.paid_order(making.make_link(pack), email=email)

    [event] = Event.objects.filter(type=EventType.DELIVERY_FAILED)
    assert (event.order.order_id, event.reason) == (
        order_id,
        "The order's e-mail address is not valid",
    )
    assert Delivery.objects.get().attempts == 1
    assert mailbox.messages == []


FOR_GOOD = {
    "RCPT": "The mail server refuses the order's e-mail address for good (550)",
    "DATA": "The mail server refuses the e-mail for good (552)",
}


@pytest.mark.parametrize("command", FOR_GOOD)
@pytest.mark.parametrize("is_for_good", [True, False])
def test_what_the_mail_server_refuses_for_good_is_told_to_staff_at_once(
    smtp_port: int, command: str, is_for_good: bool
) -> None:
    code = {"RCPT": "550", "DATA": "552"}[command] if is_for_good else "451"
    pack = making.make_pack()
    making.make_serials(pack, 1)

    with servers.mail_server(smtp_port, refusals={command: f"{code} SECRET"}):
        making.paid_order(making.make_link(pack))

    delivery = Delivery.objects.get()
    told = Event.objects.filter(type=EventType.DELIVERY_FAILED).values_list("reason", flat=True)
    assert list(told) == ([FOR_GOOD[command]] if is_for_good else [])
    assert (delivery.status, delivery.attempts) == ("failed" if is_for_good else "pending", 1)
    assert "SECRET" not in delivery.problem


@pytest.mark.parametrize("first", ["nobody", "", "refused@example.com"])
def test_once_the_order_has_another_address_it_is_sent_there(smtp_port: int, first: str) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    with servers.mail_server(smtp_port, refusals={"RCPT": "550 who?"}):
        order_id = making.paid_order(making.make_link(pack), email=first)
    failed = Delivery.objects.get()

    with servers.mail_server(smtp_port) as mailbox:
        sweep()
        still = list(mailbox.messages)
        shop.set_email(order_id, "buyer@example.com")
        sweep()

    assert (failed.status, still) == ("failed", [])
    assert mailbox.recipients == ["buyer@example.com"]
    assert Delivery.objects.get().status == "sent"


@pytest.mark.parametrize(
    ("order_says", "language"),
    [
        *[("de", "de"), ("de-AT", "de"), ("de_at", "de"), ("DE", "de"), ("fr-ca", "fr")],
        *[("pt", "pt"), ("pt-br", "pt-br"), ("pt-ao", "pt"), ("es-419", "es"), ("ar-eg", "ar")],
        *[
            ("en", "en"),
            ("en-gb", "en"),
            ("zh-hans", "en"),
            ("zh-hant-tw", "en"),
            ("sr-latn", "en"),
        ],
        *[("", "en"), (None, "en"), ("xx", "en"), ("../../de", "en"), ("de\0", "en"), ("-", "en")],
    ],
)
def test_the_mail_is_in_the_orders_language_or_its_base_or_english(
    order_says: str | None, language: str
) -> None:
    assert language_for(order_says) == language


def test_every_language_that_an_order_can_have_gets_its_mail() -> None:
    codes = [code for code, _ in django_settings.LANGUAGES]

    assert len(codes) > 40
    assert {language_for(code) for code in codes} == LANGUAGES


HEADINGS = {
    "ar": "إليكم رقميكم التسلسليين",
    "de": "Hier sind Ihre 2 Seriennummern",
    "en": "Here are your 2 serials",
    "es": "Aquí tiene sus 2 números de serie",
    "fr": "Voici vos 2 numéros de série",
    "it": "Ecco i Suoi 2 numeri di serie",
    "nl": "Hier zijn uw 2 serienummers",
    "pl": "Oto Państwa 2 numery seryjne",
    "pt": "Aqui estão os seus 2 números de série",
    "pt-br": "Aqui estão os seus 2 números de série",
}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_text_and_html_speak_the_orders_language(smtp_port: int, language: str) -> None:
    pack = making.make_pack()
    making.make_serials(pack, 2)

    with servers.mail_server(smtp_port) as mailbox:
        making.paid_order(making.make_link(pack), units=2, language=language)

    message, text, page = received(mailbox)
    assert text.startswith(f"{HEADINGS[language]}\n")
    assert HEADINGS[language] in page.texts
    assert page.root == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
    assert ("serials" in message["Subject"]) == (language == "en")
    assert not re.search(r"\b(the|order|more)\b", text) or language == "en"


def test_a_language_that_nobody_knows_is_answered_in_english() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 3)
    link = making.make_link(pack)

    for language in ("", "xx", "zh-hans"):
        making.paid_order(link, language=language)

    assert [message.subject[:22] for message in mail.outbox] == ["Your serial for order "] * 3
    assert {Page(html_of(message)).root["lang"] for message in mail.outbox} == {"en"}


def test_a_shortfall_is_told_in_the_orders_language_too() -> None:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    order_id = making.paid_order(making.make_link(pack), units=3, language="de")

    making.make_serials(pack, 2)
    making.settle(pack)

    first, second = mail.outbox
    folgen = "2 weitere Seriennummern folgen: Wir senden sie Ihnen, sobald sie verfügbar sind."
    assert folgen in first.body
    assert folgen in Page(html_of(first)).texts
    number = shop.number(order_id)
    assert second.subject == (
        f"2 weitere Seriennummern zur Bestellung {number} bei Saleor e-commerce"
    )


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
    Delivery.objects.update(due_at=shop.now())  # the lease is over

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
    add.add_serials(pack, ["TOP-SECRET"], actor="user:1")

    def refuse(message: mail.EmailMultiAlternatives) -> None:
        raise OSError(f"554 rejected: {message.body}")

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", refuse)
    making.paid_order(making.make_link(pack))

    assert "was not sent" in caplog.text
    assert "TOP-SECRET" not in caplog.text
    assert Delivery.objects.get().problem == "OSError"
