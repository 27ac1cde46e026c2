"""The history: what was decided, and taking it back."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from service import stewardship
from service.access import signed_in
from service.database import decisions, people
from service.database.session import Connection
from service.steward_ui.room import back_to, here, page, pages, read, require_decider
from service.steward_ui.room import write as written
from service.stewardship import UnknownDecision

_AT_MOST = 200


@pages.get("/history")
@signed_in
def history() -> Response:
    """List the decisions, newest first, those taken back too."""
    found = read(lambda c: decisions.newest(c, limit=_AT_MOST))
    return page(
        "history", decisions=found, at_most=_AT_MOST, done=request.args.get("done", "")
    )


@pages.post("/decisions/<int:decision_id>/undo")
@signed_in
def undo(decision_id: int) -> BaseResponse:
    """Take a decision back, with all that followed from it."""
    require_decider()
    name = here().name

    def work(connection: Connection) -> None:
        stewardship.revoke(connection, decision_id, steward=name)
        people.note(connection, name, "undo", decision_id=decision_id)

    try:
        if decision_id >= 2**63:
            raise UnknownDecision("There is no such decision.")
        written(work)
    except UnknownDecision:
        return page("problem", status=409, what="undone")
    return back_to("/steward/history?done=undone")
