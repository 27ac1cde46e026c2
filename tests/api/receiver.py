"""A channel's own server; it verifies every call with the library of the standard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PATIENCE_S = 60.0


class Receiver:
    """Takes calls, refuses the next few if told to, and remembers them in order."""

    def __init__(self) -> None:
        self.secret = ""
        self.taken: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.answers: list[int] = []
        self.url = ""
        self._changed = threading.Condition()

    def answer(self, headers: dict[str, str], body: bytes) -> int:
        """Return the status of the answer to a call."""
        with self._changed:
            status = self.answers.pop(0) if self.answers else 204
            try:
                event = Webhook(self.secret).verify(body, headers)
            except WebhookVerificationError:
                status = 401
            if status < 300:
                assert event["id"] == headers["webhook-id"]
                self.taken.append(event)
            else:
                self.refused.append(headers["webhook-id"])
            self._changed.notify_all()
            return status

    def wait(self, *, taken: int = 0, refused: int = 0) -> None:
        """Wait until so many calls were taken and so many refused."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: len(self.taken) >= taken and len(self.refused) >= refused,
                timeout=PATIENCE_S,
            ), (len(self.taken), len(self.refused))

    @property
    def versions(self) -> list[int]:
        """The versions that were taken, in order."""
        return [event["data"]["version"] for event in self.taken]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free port until the block ends."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.answer(
                {k.lower(): v for k, v in self.headers.items()}, body
            )
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield receiver
        server.shutdown()
        thread.join()
