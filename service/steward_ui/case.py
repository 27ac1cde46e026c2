"""One case: everything needed to decide it, and the answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import abort, request
from werkzeug.wrappers import Response as BaseResponse

from schemas.text import storable
from service.access import signed_in
from service.database.connection.session import Connection, snapshot_read
from service.database.stewardship import decided_cases, review_queue
from service.database.stewardship.review_queue import Claim
from service.explanation.customer import explain_customer
from service.explanation.models import UnionTold, WhyExplanation
from service.explanation.why import UnknownSubject, why
from service.steward_ui import charts, comparison
from service.steward_ui.base import (
    back_to,
    current_user,
    page,
    page_context,
    pages,
    read,
    require_decider,
    write,
)
from service.steward_ui.queue import filter_of_url, query_of
from service.stewardship import clerical_review
from service.stewardship.clerical_review import (
    ANSWERS,
    AnswerOutcome,
    Outcome,
    Sides,
    SubmittedAnswer,
)
from service.stewardship.decisions import Contradiction, Undecidable

_LONGEST_REASON = 500
_GREATEST_ID = 2**63 - 1


@pages.get("/cases/<int:review_id>")
@signed_in
def case(review_id: int) -> BaseResponse:
    """Show a case, and take it for whoever may decide it."""
    return _shown(_known(review_id))


def _known(review_id: int) -> int:
    if review_id > _GREATEST_ID:
        abort(404)
    return review_id


def _shown(review_id: int, *, status: int = 200, **more: Any) -> BaseResponse:
    name = current_user().name
    found = read(lambda c: clerical_review.sides(c, review_id, name))
    if found is None:
        return _vanished(review_id)
    # who may not second a proposal leaves the case to whoever may
    takes = current_user().decides and more.get("came") != AnswerOutcome.NEEDS_ANOTHER
    claim = _claim(review_id, name) if takes else None
    told, unions = read(lambda c: _explained(c, found))
    both = (told.left.source_keys, told.right.source_keys) if told else ([], [])
    keys = found.left.key, found.right.key
    return page(
        "case",
        status=status,
        sides=found,
        case=found.case,
        rows=comparison.rows(found.left.record, found.right.record),
        told=told,
        waterfall=charts.waterfall(told.pair) if told and told.pair else None,
        graph=charts.graph(both, unions, keys),
        claim=claim,
        held=claim is not None and claim.name != name,
        needs_two=found.needs_two(page_context().points_limit),
        query=query_of(filter_of_url()),
        undo=request.args.get("undo", 0, type=int),
        done=request.args.get("done", ""),
        curl="/v1/explanations?"
        + urlencode({"left": str(keys[0]), "right": str(keys[1])}),
        **more,
    )


def _claim(review_id: int, name: str) -> Claim:
    return write(lambda c: review_queue.claim(c, review_id, name))


def _explained(
    connection: Connection, found: Sides
) -> tuple[WhyExplanation | None, list[UnionTold]]:
    judges, case = page_context().judges, found.case
    with snapshot_read(connection):
        try:
            left, right = case.left_id or found.left.key, case.right_id
            told = why(connection, left, right or found.right.key, judges=judges)
            pair = why(connection, found.left.key, found.right.key, judges=judges)
        except UnknownSubject:
            return None, []
        ids = {one for one in (case.left_id, case.right_id) if one}
        customers = [explain_customer(connection, i, judges=judges) for i in ids]
    unions = [union for one in customers if one for union in one.unions]
    return told.model_copy(update={"pair": pair.pair}), unions


def _vanished(review_id: int) -> BaseResponse:
    """Say that the case is no longer open; what it was about is in the history.

    One whose decision was taken back is open again under another number: go there.
    """
    query = query_of(filter_of_url())
    again = read(lambda c: decided_cases.reopened_as(c, review_id))
    if again is not None:
        return back_to(f"/steward/cases/{again}{query}")
    return page("vanished", status=409, review_id=review_id, query=query)


@pages.post("/cases/<int:review_id>/answer")
@signed_in
def answer(review_id: int) -> BaseResponse:
    """Write an answer, and go on to the next case."""
    require_decider()
    given, present = _given(), current_user()
    if given is None:
        return _shown(_known(review_id), status=400, unfit=True)
    limit = page_context().points_limit
    try:
        outcome = write(
            lambda c: clerical_review.answer(
                c, _known(review_id), given, present=present, points_limit=limit
            )
        )
    except Contradiction as error:
        return _shown(review_id, status=409, chain=error.chain)
    except Undecidable:
        return _vanished(review_id)
    return _after(review_id, outcome)


def _given() -> SubmittedAnswer | None:
    reason = request.form.get("reason", "").strip() or None
    verdict = request.form.get("answer", "")
    if verdict not in ANSWERS or len(reason or "") > _LONGEST_REASON:
        return None
    try:
        storable(reason or "")
    except ValueError:
        return None
    return SubmittedAnswer(verdict, reason, request.form.get("state", ""))


def _after(review_id: int, outcome: Outcome) -> BaseResponse:
    if outcome.came is AnswerOutcome.VANISHED:
        return _vanished(review_id)
    if outcome.came in (
        AnswerOutcome.CHANGED,
        AnswerOutcome.CLAIMED,
        AnswerOutcome.NEEDS_ANOTHER,
    ):
        return _shown(review_id, status=409, came=outcome.came.value)
    query = query_of(filter_of_url())
    joint = "&" if query else "?"
    undo = f"&undo={outcome.decision_id}" if outcome.decision_id else ""
    told = f"{joint}past={review_id}&done={outcome.came}{undo}"
    return back_to(f"/steward/next{query}{told}")
