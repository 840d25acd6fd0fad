"""A payment app's own server, which Saleor asks over HTTP: the only part that is played."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from saleor.app.models import App
from saleor.webhook.event_types import WebhookEventSyncType
from saleor.webhook.models import Webhook

_ASKED = (
    WebhookEventSyncType.TRANSACTION_INITIALIZE_SESSION,
    WebhookEventSyncType.TRANSACTION_PROCESS_SESSION,
    WebhookEventSyncType.TRANSACTION_CHARGE_REQUESTED,
    WebhookEventSyncType.TRANSACTION_REFUND_REQUESTED,
)


@contextmanager
def answering(app: App, *answers: dict[str, Any]) -> Iterator[None]:
    """Have an app answer what Saleor asks of it, in this order."""
    waiting = list(answers)

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(waiting.pop(0)).encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    webhook = Webhook.objects.create(
        app=app, name="Payments", target_url=f"http://127.0.0.1:{server.server_port}/"
    )
    webhook.events.bulk_create(webhook.events.model(webhook=webhook, event_type=e) for e in _ASKED)
    try:
        yield
    finally:
        webhook.delete()
        server.shutdown()
        thread.join()
        server.server_close()
    assert waiting == [], "Saleor did not ask"
