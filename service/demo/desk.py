"""The call centre's desk: an HTTP server with an incremental export."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify

from service.demo import counter
from service.demo.shelf import Shelf

RESOURCES = ("contacts", "tickets")


def create_desk(shelf: Shelf, key: str) -> Flask:
    """Return the desk on this shelf; callers need the key."""
    app = counter.new_app("desk", key=key)
    for resource in RESOURCES:
        url = f"/export/{resource}"
        counter.accept_rows(app, shelf, url=url, resource=resource)
        _export(app, shelf, url=url, resource=resource)
    return app


def _export(app: Flask, shelf: Shelf, *, url: str, resource: str) -> None:
    def export() -> Response:
        since = counter.asked_number("since_seq", 0)
        limit = counter.asked_limit()
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
    counter.serve(create_desk)
