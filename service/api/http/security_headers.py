"""How OpenAPI says that a key is needed, and the headers that guard every answer."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response

KEY: list[dict[str, list[Any]]] = [{"key": []}]
SCHEMES: dict[str, Any] = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "a channel's key: `couture key create`",
    }
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def set_security_headers(app: Flask) -> None:
    """Put the guarding headers on every answer that does not set its own."""

    @app.after_request
    def guard(answer: Response) -> Response:
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer
