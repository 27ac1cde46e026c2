"""A channel that asks the API, with its key."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse, create_environ, run_wsgi_app


class Channel:
    """Asks by GET or POST and hands back the answer."""

    def __init__(self, app: Flask, key: str) -> None:
        self.key = key
        self._client = app.test_client(use_cookies=False)

    def get(self, path: str, /, **headers: str) -> TestResponse:
        """Return the answer to one request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.get(
            path, headers={"Authorization": f"Bearer {self.key}", **named}
        )

    def post(self, path: str, body: Any, /, **headers: str) -> TestResponse:
        """Return the answer to a JSON body; `key` is its Idempotency-Key."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if "key" in named:
            named["Idempotency-Key"] = named.pop("key")
        return self._client.post(
            path, json=body, headers={"Authorization": f"Bearer {self.key}", **named}
        )

    def put(self, path: str, body: Any, /) -> TestResponse:
        """Return the answer to a JSON body that is put there."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self._client.put(path, json=body, headers=headers)

    def delete(self, path: str, /) -> TestResponse:
        """Return the answer to a wish that something be no more."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self._client.delete(path, headers=headers)

    def post_bytes(self, path: str, body: bytes, /) -> TestResponse:
        """Return the answer to any bytes that say they are JSON."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self._client.post(
            path, data=body, content_type="application/json", headers=headers
        )

    def status_of(self, path: bytes, query: bytes) -> int:
        """Return the status of the answer to any bytes as path and query."""
        environ = create_environ(headers={"Authorization": f"Bearer {self.key}"})
        environ["PATH_INFO"] = path.decode("latin-1")
        environ["QUERY_STRING"] = query.decode("latin-1")
        _, status, _ = run_wsgi_app(self._client.application, environ)
        return int(status.split()[0])

    def pages(self, path: str, name: str, *, limit: int) -> list[list[Any]]:
        """Return every page of a listing, following its cursors."""
        pages: list[list[Any]] = []
        joint = "&" if "?" in path else "?"
        address = f"{path}{joint}limit={limit}"
        cursor: str | None = ""
        while cursor is not None:
            answer = self.get(f"{address}&cursor={cursor}" if cursor else address)
            assert answer.status_code == 200, answer.text
            pages.append(answer.json[name])
            cursor = answer.json["next"]
        return pages
