"""What the shop's and the desk's servers share: a key at the door, and the door."""

from __future__ import annotations

import hmac
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from service.demo.systems.sqlite_store import Shelf
from service.runtime.ports import LOCALHOST

KEY_VARIABLE = "COUTURE_DEMO_KEY"
LARGEST_PAGE = 1_000


def new_app(name: str, *, key: str) -> Flask:
    """Return an app that answers nobody without the key."""
    app = Flask(name)

    @app.before_request
    def check_key() -> None:
        said = request.headers.get("Authorization", "")
        if not hmac.compare_digest(said.encode(), f"Bearer {key}".encode()):
            abort(401)

    return app


def accept_rows(app: Flask, shelf: Shelf, *, url: str, resource: str) -> None:
    """Let the retailer's own screens write rows: `POST url` with a list of rows."""

    def write() -> tuple[Response, int]:
        bodies: list[dict[str, Any]] = request.get_json()
        shelf.put(resource, bodies)
        return jsonify(written=len(bodies)), 201

    app.add_url_rule(url, f"write_{resource}", write, methods=["POST"])


def asked_number(name: str, default: int) -> int:
    """Return a whole number of the query; answer 400 for anything else."""
    text = request.args.get(name, str(default))
    if not text.isdecimal():
        abort(400, f"{name} is a whole number")
    return int(text)


def asked_limit() -> int:
    """Return the size of the page asked for, within bounds."""
    return max(1, min(asked_number("limit", 100), LARGEST_PAGE))


def serve(create: Callable[[Shelf, str], Flask]) -> None:
    """Serve an app: `python -m MODULE PORT FILE`, the key in the environment."""
    port, file = int(sys.argv[1]), Path(sys.argv[2])
    app = create(Shelf(file), os.environ[KEY_VARIABLE])
    make_server(
        LOCALHOST, port, app, threaded=True, request_handler=_Quiet
    ).serve_forever()


class _Quiet(WSGIRequestHandler):
    # A line per request would be the largest file of the demo.
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
