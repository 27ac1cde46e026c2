"""Answers made of several reads that must see one moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from flask import Response
from pydantic import BaseModel

from service.api.http.context import Answer, read
from service.api.http.pagination import json_answer
from service.database.connection.session import Connection
from service.database.connection.snapshot_read import snapshot_read
from service.database.sources import system_freshness


def read_at_once(query: Callable[[Connection], Answer]) -> tuple[Answer, bytes]:
    """Return what the query's reads find at one moment, and how fresh that is."""

    def at_once(connection: Connection) -> tuple[Answer, bytes]:
        with snapshot_read(connection):
            return query(connection), system_freshness.freshness(connection)

    return read(at_once)


def fresh_answer(told: BaseModel, freshness: bytes) -> Response:
    """Return the JSON answer that tells this, with its freshness."""
    body: dict[str, Any] = told.model_dump(mode="json")
    return json_answer({**body, "freshness": orjson.Fragment(freshness)})
