"""Everybody's letter box: a real SMTP server that keeps what the shop sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from aiosmtpd.controller import Controller

from demo.services.processes import free_port


@dataclass(frozen=True, kw_only=True)
class Mail:
    """An e-mail as it was received; ``text`` and ``html`` are its two parts."""

    sender: str
    to: str
    subject: str
    text: str
    html: str


class Inbox:
    """Mails in the order they arrive, each handed out once; files in ``folder`` stay."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.smtp_url = f"smtp://127.0.0.1:{port}"
        self._arrived: Queue[Mail] = Queue()

    def next(self, *, seconds: float) -> Mail | None:
        """Wait for the next mail; None if none arrives in time."""
        try:
            return self._arrived.get(timeout=seconds)
        except Empty:
            return None

    def put(self, content: bytes) -> None:
        number = len(list(self.folder.glob("*.eml"))) + 1
        (self.folder / f"{number:04}.eml").write_bytes(content)
        self._arrived.put(_read(content))


@contextmanager
def open_inbox(folder: Path) -> Iterator[Inbox]:
    """Receive mail on a free loopback port."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    inbox = Inbox(folder, port)
    controller = Controller(_Handler(inbox), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


class _Handler:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self._inbox.put(envelope.content)
        return "250 OK"


def _read(content: bytes) -> Mail:
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    return Mail(
        sender=str(message["From"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
