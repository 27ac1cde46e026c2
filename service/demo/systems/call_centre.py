"""The call centre's desk: an HTTP server with an incremental export."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify

from service.demo.systems import http_server
from service.demo.systems.sqlite_store import Shelf

RESOURCES = ("contacts", "tickets")


def create_desk(shelf: Shelf, key: str) -> Flask:
    """Return the desk on this shelf; callers need the key."""
    app = http_server.new_app("desk", key=key)
    for resource in RESOURCES:
        url = f"/export/{resource}"
        http_server.accept_rows(app, shelf, url=url, resource=resource)
        _export(app, shelf, url=url, resource=resource)
    return app


def _export(app: Flask, shelf: Shelf, *, url: str, resource: str) -> None:
    def export() -> Response:
        since = http_server.asked_number("since_seq", 0)
        limit = http_server.asked_limit()
        rows = shelf.exported(resource, since_seq=since, limit=limit)
        last = rows[-1]["seq"] if rows else since
        return jsonify(rows=[_row(row) for row in rows], last_seq=last)

    app.add_url_rule(url, f"export_{resource}", export)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("version")
    changed = row.pop("updated_at")
    # A contact says when it changed, a ticket when it happened.
    return {
        "deleted": False,
        **({"updated": changed} if "at" not in row else {}),
        **row,
    }


if __name__ == "__main__":
    http_server.serve(create_desk)
