"""The web shop: an HTTP server with a paged `updated_since` API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, abort, jsonify, request

from service.demo.systems import http_server
from service.demo.systems.sqlite_store import Shelf, stamp

RESOURCES = ("customers", "orders")


def create_shop(shelf: Shelf, key: str) -> Flask:
    """Return the shop on this shelf; callers need the key."""
    app = http_server.new_app("shop", key=key)
    for resource in RESOURCES:
        url = f"/api/{resource}"
        http_server.accept_rows(app, shelf, url=url, resource=resource)
        _page_by_time(app, shelf, url=url, resource=resource)
    return app


def _page_by_time(app: Flask, shelf: Shelf, *, url: str, resource: str) -> None:
    def page() -> Response:
        limit = http_server.asked_limit()
        rows = shelf.updated(
            resource,
            since=_asked_time(),
            after_id=request.args.get("after_id", ""),
            limit=limit + 1,
        )
        items = [_item(row) for row in rows[:limit]]
        last = items[-1] if len(rows) > limit else None
        follow = last and {"updated_since": last["updated_at"], "after_id": last["id"]}
        return jsonify(items=items, next=follow)

    app.add_url_rule(url, f"page_{resource}", page)


def _item(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("seq")
    return {"deleted": False, "created_at": row["updated_at"], **row}


def _asked_time() -> str:
    said = request.args.get("updated_since")
    if said is None:
        return ""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        abort(400, "updated_since is an ISO 8601 time")
    return stamp(at if at.tzinfo else at.replace(tzinfo=UTC))


if __name__ == "__main__":
    http_server.serve(create_shop)
