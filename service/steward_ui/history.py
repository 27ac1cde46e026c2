"""The history: what was decided, and taking it back."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from service.access import signed_in
from service.database.connection.session import Connection
from service.database.stewardship import decided_cases, decisions
from service.database.stewardship.decided_cases import DecidedCase
from service.database.stewardship.decisions import Decided
from service.steward_ui.base import (
    back_to,
    current_user,
    page,
    pages,
    read,
    require_decider,
)
from service.steward_ui.base import write as written
from service.stewardship import clerical_review
from service.stewardship.clerical_review import AnswerOutcome
from service.stewardship.decisions import UnknownDecision

_AT_MOST = 200


@pages.get("/history")
@signed_in
def history() -> Response:
    """List the decisions, newest first, those taken back too."""
    found, by_two = read(_decisions)
    return page(
        "history",
        decisions=found,
        by_two=by_two,
        at_most=_AT_MOST,
        done=request.args.get("done", ""),
    )


def _decisions(
    connection: Connection,
) -> tuple[list[Decided], dict[int, DecidedCase]]:
    found = decisions.newest(connection, limit=_AT_MOST)
    cases = decided_cases.find(connection, [one.decision_id for one in found])
    return found, {key: case for key, case in cases.items() if case.proposed_by}


@pages.post("/decisions/<int:decision_id>/undo")
@signed_in
def undo(decision_id: int) -> BaseResponse:
    """Take a decision back, with all that followed from it; or propose to."""
    require_decider()
    present = current_user()
    try:
        if decision_id >= 2**63:
            raise UnknownDecision("There is no such decision.")
        came = written(lambda c: clerical_review.undo(c, decision_id, present))
    except UnknownDecision:
        return page("problem", status=409, what="undone")
    done = {
        AnswerOutcome.PROPOSED: "undo_proposed",
        AnswerOutcome.NEEDS_ANOTHER: "undo_needs_another",
    }
    return back_to(f"/steward/history?done={done.get(came, 'undone')}")
