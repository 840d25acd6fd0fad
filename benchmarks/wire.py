"""Count the statements that reach PostgreSQL, whoever sends them: a proxy that reads along."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_SSL_REQUEST = 80877103
_CHUNK = 65536


class Wire:
    """What has passed; ``statements`` counts simple queries and executed prepared ones.

    Message formats: PostgreSQL's manual, "Frontend/Backend Protocol".
    """

    def __init__(self, url: str) -> None:
        self.statements = 0
        self._parts = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        """The database's URL by way of here."""
        user = self._parts.netloc.rpartition("@")[0]
        port = self._listener.getsockname()[1]
        return self._parts._replace(netloc=f"{user}@127.0.0.1:{port}").geturl()

    def run(self) -> None:
        """Connect whoever comes, until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(
                    (self._parts.hostname or "127.0.0.1", self._parts.port or 5432)
                )
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for pump in (self._listen_to, self._answer):
                    threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen_to(self, client: socket.socket, server: socket.socket) -> None:
        buffer, greeted = b"", False
        while chunk := _received(client):
            buffer += chunk
            # A greeting has no type: its length, then what it asks for.
            while len(buffer) >= 8:
                head = 0 if not greeted else 1
                size = head + int.from_bytes(buffer[head : head + 4])
                if len(buffer) < size:
                    break
                if greeted:
                    self.statements += buffer[:1] in (b"Q", b"E")
                elif int.from_bytes(buffer[4:8]) != _SSL_REQUEST:
                    greeted = True
                buffer = buffer[size:]
            server.sendall(chunk)
        server.close()

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        while chunk := _received(server):
            client.sendall(chunk)
        client.close()


def _received(peer: socket.socket) -> bytes:
    try:
        return peer.recv(_CHUNK)
    except OSError:
        return b""


@contextmanager
def wire(url: str) -> Iterator[Wire]:
    """Listen in between a database and whoever uses ``Wire.url``."""
    between = Wire(url)
    thread = threading.Thread(target=between.run, daemon=True)
    thread.start()
    try:
        yield between
    finally:
        between.close()
        thread.join()
