"""The queue: what waits, the most harmful first."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from matching.clustering.reviews import Kind
from service.access import signed_in
from service.database.connection.session import Connection
from service.database.stewardship import review_queue
from service.database.stewardship.review_queue import Filter
from service.steward_ui.base import (
    back_to,
    current_user,
    load_scorer,
    page,
    pages,
    read,
)

_AT_MOST = 50


def filter_of_url() -> Filter:
    """Return the filter that the URL names; what it cannot mean is left out."""
    kind, system = request.args.get("kind", ""), request.args.get("system", "")
    return Filter(
        kind if kind in set(Kind) else None,
        system[:200] if system and system.isprintable() else None,
        request.args.get("all") == "1",
    )


def query_of(wanted: Filter) -> str:
    """Return the query string that names a filter, with its question mark."""
    named = {
        "kind": wanted.kind,
        "system": wanted.system,
        "all": "1" if wanted.all_too else None,
    }
    query = urlencode({name: value for name, value in named.items() if value})
    return f"?{query}" if query else ""


@pages.get("/queue")
@signed_in
def queue() -> Response:
    """List the cases that wait, with the reason of their order."""
    load_scorer()
    wanted, name = filter_of_url(), current_user().name
    found = read(
        lambda c: (
            review_queue.page(c, name, wanted=wanted, limit=_AT_MOST),
            review_queue.facets(c),
            review_queue.progress(c, name),
        )
    )
    cases, facets, progress = found
    return page(
        "queue",
        cases=cases,
        facets=facets,
        progress=progress,
        wanted=wanted,
        query=query_of(wanted),
        query_of=query_of,
        at_most=_AT_MOST,
        done=request.args.get("done", ""),
        curl=f"/v1/reviews?kind={wanted.kind}" if wanted.kind else "/v1/reviews",
    )


@pages.get("/next")
@signed_in
def next_case() -> BaseResponse:
    """Go to the first case of the filter that is free, past the one named."""
    wanted, name = filter_of_url(), current_user().name
    past = request.args.get("past", 0, type=int)
    undo = request.args.get("undo", 0, type=int)
    done = request.args.get("done", "")

    def first(connection: Connection) -> int | None:
        cases = review_queue.page(connection, name, wanted=wanted)
        ids = [case.review_id for case in cases]
        after = ids[ids.index(past) + 1 :] if past in ids else ids
        others = [one for one in ids if one != past]
        return next(iter(after or others), None)

    review_id = read(first)
    said = {"undo": undo or None, "done": done or None}
    told = urlencode({key: value for key, value in said.items() if value})
    query = query_of(wanted)
    joint = ("&" if query else "?") if told else ""
    where = f"cases/{review_id}" if review_id else "queue"
    return back_to(f"/steward/{where}{query}{joint}{told}")
