"""A small HTTP service in this process, paged as the demo's shop and desk are."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], bytes]
START = datetime(2026, 3, 1, tzinfo=UTC)


class Shop:
    """A small HTTP service in this process: rows in memory, asked over a socket."""

    def __init__(self) -> None:
        self.customers: list[dict[str, Any]] = []
        self.contacts: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.failure: Answer | None = None
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {k: v[0] for k, v in parse_qs(url.query).items()}
                query["key"] = self.headers.get("Authorization", "")
                shop.asked.append(query)
                status, headers, body = shop.failure or shop.answer(url.path, query)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        """Answer as the demo's shop and desk do."""
        limit = int(query["limit"])
        if path == "/export/contacts":
            since = int(query["since_seq"])
            found = [row for row in self.contacts if row["seq"] > since][:limit]
            last = found[-1]["seq"] if found else since
            return answer_json({"rows": found, "last_seq": last})
        since_text, after = query.get("updated_since", ""), query.get("after_id", "")
        rows = sorted(self.customers, key=lambda row: (row["updated_at"], row["id"]))
        rows = [r for r in rows if (r["updated_at"], r["id"]) > (since_text, after)]
        last_row = rows[limit - 1] if len(rows) > limit else None
        follow = last_row and {
            "updated_since": last_row["updated_at"],
            "after_id": last_row["id"],
        }
        return answer_json({"items": rows[:limit], "next": follow})

    def put(self, name: str, *, at: float, version: int = 1) -> None:
        """Write a customer as of so many seconds after the start."""
        moment = (START + timedelta(seconds=at)).isoformat(timespec="microseconds")
        self.customers = [row for row in self.customers if row["id"] != name]
        self.customers.append({"id": name, "updated_at": moment, "version": version})

    def close(self) -> None:
        """Let go of the port."""
        self._server.shutdown()
        self._server.server_close()


def answer_json(document: object) -> Answer:
    """Return an answer of status 200."""
    return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()
