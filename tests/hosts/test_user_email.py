"""E-mail on Saleor 3: through the server of its own plugin for user e-mails, channel by channel."""

import logging
import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from demo.services.processes import free_port
from saleor_serials.host import installed_modules
from saleor_serials.maintenance.sweep import sweep
from saleor_serials.models import Delivery
from tests import making, servers
from tests.hosts import shop

pytestmark = pytest.mark.skipif(
    installed_modules()[0] != "saleor3", reason="another host, without that plugin"
)

LOGIN = ("shop", "s3cret & more")


@pytest.fixture
def port() -> int:
    return free_port()


def set_server(port: int, *, active: bool = True, **values: Any) -> None:
    shop.set_user_email(
        active=active,
        **{
            "host": "127.0.0.1",
            "port": str(port),
            "sender_name": "Müller, O'Neil & Sons",
            "sender_address": "sales@example.com",
            **values,
        },
    )


def buy() -> str:
    pack = making.make_pack()
    making.make_serials(pack, 1)
    return making.paid_order(making.make_link(pack), email="buyer@example.com")


def ours(mailbox: servers.Mailbox) -> list[EmailMessage]:
    """What we sent: the plugin sends mails of its own."""
    return [message for message in mailbox.messages if "serial" in message["Subject"]]


def ours_by_the_environment() -> list[mail.EmailMultiAlternatives]:
    return [message for message in mail.outbox if "serial" in message.subject]


def test_where_the_plugin_is_active_its_server_and_its_sender_are_used(port: int) -> None:
    set_server(port)

    with servers.mail_server(port) as mailbox:
        order_id = buy()

    [message] = ours(mailbox)
    assert message["From"] == '"Müller, O\'Neil & Sons" <sales@example.com>'
    assert (
        message["Subject"] == f"Your serial for order {shop.number(order_id)} at Saleor e-commerce"
    )
    assert set(mailbox.recipients) == {"buyer@example.com"}
    assert mailbox.logins == []
    assert ours_by_the_environment() == []


def test_where_it_is_inactive_mail_goes_the_environments_way(port: int) -> None:
    set_server(port, active=False)

    with servers.mail_server(port) as mailbox:
        buy()

    [message] = ours_by_the_environment()
    assert message.from_email == "shop@example.com"
    assert mailbox.messages == []


def test_another_channels_server_is_not_used(port: int) -> None:
    set_server(port, channel="elsewhere")

    with servers.mail_server(port) as mailbox:
        buy()

    assert mailbox.messages == []
    assert len(ours_by_the_environment()) == 1


def test_what_the_plugin_leaves_out_is_taken_from_the_environment(port: int, settings: Any) -> None:
    settings.USER_EMAIL_HOST, settings.USER_EMAIL_PORT = "127.0.0.1", str(port)
    settings.USER_EMAIL_HOST_USER, settings.USER_EMAIL_HOST_PASSWORD = LOGIN
    shop.set_user_email(active=True, sender_name="Sales")

    with servers.mail_server(port, login=LOGIN) as mailbox:
        buy()

    assert [message["From"] for message in ours(mailbox)] == ["shop@example.com"]
    assert set(mailbox.logins) == {LOGIN}


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_its_name_and_password_are_used(port: int, mechanism: str) -> None:
    set_server(port, username=LOGIN[0], password=LOGIN[1])
    other = {"PLAIN", "LOGIN"} - {mechanism}

    with servers.mail_server(port, login=LOGIN, auth_exclude_mechanism=other) as mailbox:
        buy()

    assert len(ours(mailbox)) == 1
    assert set(mailbox.logins) == {LOGIN}


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate, which clients in this process trust."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("kind", ["use_tls", "use_ssl"])
def test_its_encryption_is_used(port: int, kind: str, certificate: ssl.SSLContext) -> None:
    set_server(port, username=LOGIN[0], password=LOGIN[1], **{kind: True})
    encrypted: dict[str, dict[str, Any]] = {
        "use_tls": {"tls_context": certificate, "require_starttls": True},
        "use_ssl": {"ssl_context": certificate},
    }

    with servers.mail_server(port, login=LOGIN, **encrypted[kind]) as mailbox:
        buy()

    assert len(ours(mailbox)) == 1
    assert set(mailbox.logins) == {LOGIN}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"password": "wrong"}, "SMTPAuthenticationError"),
        ({"use_tls": True}, "SMTPNotSupportedError"),
        ({"use_tls": True, "use_ssl": True}, "ValueError"),
        ({"host": "127.0.0.2"}, "ConnectionRefusedError"),
        ({"sender_address": "not an address"}, "InvalidHeaderDefect"),
    ],
)
def test_a_wrong_setting_loses_no_mail_and_no_secret(
    port: int, wrong: dict[str, Any], problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    right: dict[str, Any] = {"username": LOGIN[0], "password": LOGIN[1]}
    set_server(port, **{**right, **wrong})

    with servers.mail_server(port, login=LOGIN) as mailbox, caplog.at_level(logging.DEBUG):
        order_id = buy()
        delivery = Delivery.objects.get()
        set_server(port, **right)
        Delivery.objects.update(due_at=timezone.now())
        sweep()

    assert (delivery.status, delivery.attempts, delivery.problem) == ("pending", 1, problem)
    assert len(ours(mailbox)) == 1
    assert Delivery.objects.get().status == "sent"
    secrets = [LOGIN[1], "wrong", *making.held(order_id)]
    logged = " ".join(record.getMessage() for record in caplog.records if "serials" in record.name)
    assert "was not sent" in logged
    assert not [secret for secret in secrets if secret in logged]


def test_a_line_break_in_the_senders_name_adds_no_header(port: int) -> None:
    set_server(port, sender_name="Sales\r\nBcc: thief@example.com")

    with servers.mail_server(port) as mailbox:
        buy()

    [message] = ours(mailbox)
    assert message["From"].addresses[0].display_name == "Sales Bcc: thief@example.com"
    assert set(mailbox.recipients) == {"buyer@example.com"}
    assert message["Bcc"] is None
