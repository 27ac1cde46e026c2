"""How a list answers: one page, where the next begins, and where a customer moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request, url_for
from pydantic import BaseModel

from service.api.http.context import Answer, context, read
from service.api.http.problems import ProblemError
from service.database.connection.session import Connection, snapshot_read
from service.database.customers import profiles
from service.database.customers.pages import StoredPage
from service.database.sources import system_freshness

JSON = "application/json"


def json_answer(body: Any, *, status: int = 200) -> Response:
    """Return a JSON answer that no cache may keep."""
    answer = Response(orjson.dumps(body), status=status, content_type=JSON)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def unknown_customer() -> ProblemError:
    """Return the refusal for a customer id that names nobody."""
    return ProblemError("not-found", "No customer has this id.")


def redirect_to_survivor(retired_id: UUID) -> Response:
    """Return the way to the survivor of a retired id, for the same question."""
    survivor = read(lambda connection: profiles.survivor(connection, retired_id))
    if survivor is None:
        raise unknown_customer()
    body = {
        "retired_id": retired_id,
        "customer_id": survivor,
        "freshness": orjson.Fragment(read(system_freshness.freshness)),
    }
    answer = json_answer(body, status=307)
    address = url_for(request.endpoint or "", customer_id=survivor)
    question = request.query_string.decode("latin-1")
    answer.headers["Location"] = f"{address}?{question}" if question else address
    return answer


def page_answer(
    stored: StoredPage | None,
    *,
    listing: str,
    customer_id: UUID,
    limit: int,
    row: Callable[[dict[str, Any]], dict[str, Any]],
    place: Callable[[dict[str, Any]], list[Any]],
) -> Response:
    """Return one page of a customer's rows under the listing's name."""
    if stored is None:
        raise unknown_customer()
    if stored.retired_into is not None:
        return redirect_to_survivor(customer_id)
    if not stored.exists:
        raise unknown_customer()
    shown = stored.rows[:limit]
    next_cursor = None
    if len(stored.rows) > limit:
        sealed_for = f"{listing}:{customer_id}"
        next_cursor = context().cursors.seal(sealed_for, place(shown[-1]))
    return json_answer(
        {
            "customer_id": customer_id,
            listing: [row(one) for one in shown],
            "next": next_cursor,
            "freshness": orjson.Fragment(stored.freshness),
        }
    )


def after(listing: str, customer_id: UUID, cursor: str | None) -> list[Any] | None:
    """Return the place a cursor names in this listing of this customer."""
    return context().cursors.open(f"{listing}:{customer_id}", cursor)


def time_place(row: dict[str, Any]) -> list[Any]:
    """Return the place of a row in a listing by time."""
    return [row["at"], row["system"], row["id"]]


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
