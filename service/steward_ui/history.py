"""The history: what was decided, and taking it back."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from service import case_decision
from service.access import signed_in
from service.case_decision import Came
from service.database import decided_cases, decisions
from service.database.decided_cases import DecidedCase
from service.database.decisions import Decided
from service.database.session import Connection
from service.steward_ui.room import back_to, here, page, pages, read, require_decider
from service.steward_ui.room import write as written
from service.stewardship import UnknownDecision

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
    present = here()
    try:
        if decision_id >= 2**63:
            raise UnknownDecision("There is no such decision.")
        came = written(lambda c: case_decision.undo(c, decision_id, present))
    except UnknownDecision:
        return page("problem", status=409, what="undone")
    done = {Came.PROPOSED: "undo_proposed", Came.NEEDS_ANOTHER: "undo_needs_another"}
    return back_to(f"/steward/history?done={done.get(came, 'undone')}")
