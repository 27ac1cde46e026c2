"""A steward answers a case: what is checked, what is written, what came of it."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import NamedTuple

import orjson

from matching.clustering.cluster import Verdict
from schemas.source_key import SourceKey
from service.database.connection.session import Connection
from service.database.stewardship import (
    accounts,
    decided_cases,
    review_pair,
    review_queue,
)
from service.database.stewardship.review_pair import Facts, SideRecord
from service.database.stewardship.review_queue import UNSURE_S, Claim, Proposal
from service.database.stewardship.reviews import OpenCase
from service.stewardship import decisions
from service.stewardship.accounts import SignedInUser

UNSURE = "unsure"
ANSWERS = (*Verdict, UNSURE)
RECORDS_LIMIT = 10
"""Records of both customers from which a second person must say the same."""


class Sides(NamedTuple):
    """All that a steward sees of a case before deciding."""

    case: OpenCase
    left: SideRecord
    right: SideRecord
    left_facts: Facts
    right_facts: Facts
    proposal: Proposal | None

    @property
    def state(self) -> str:
        """A short name of what is seen: another one means that something changed."""
        seen = [self.left.record, self.right.record]
        ids = [str(self.case.left_id), str(self.case.right_id), self.case.kind]
        written = orjson.dumps([seen, ids], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(written).hexdigest()[:16]

    def needs_two(self, points_limit: int) -> bool:
        """Whether so much is at stake that a second person must say the same."""
        records = self.left_facts.records + self.right_facts.records
        return self.case.points > points_limit or records > RECORDS_LIMIT


class AnswerOutcome(StrEnum):
    """What came of an answer."""

    DECIDED = "decided"
    PROPOSED = "proposed"
    UNSURE = "unsure"
    VANISHED = "vanished"
    CHANGED = "changed"
    CLAIMED = "claimed"
    NEEDS_ANOTHER = "needs_another"
    UNDONE = "undone"


class Outcome(NamedTuple):
    """What came of an answer, and the decision or the claim that it met."""

    came: AnswerOutcome
    decision_id: int | None = None
    claim: Claim | None = None


class SubmittedAnswer(NamedTuple):
    """What a steward answered, and of which state of the case."""

    answer: str
    reason: str | None
    state: str


def sides(connection: Connection, review_id: int, name: str) -> Sides | None:
    """Return a case with both its sides; None if it is no longer open."""
    found = review_queue.page(connection, name, review_id=review_id, limit=1)
    if not found:
        return None
    case = found[0]
    left, right = (
        review_pair.record(connection, SourceKey.parse(key))
        for key in (case.left_key, case.right_key)
    )
    if left is None or right is None:
        return None
    return Sides(
        case,
        left,
        right,
        review_pair.facts(connection, case.left_id),
        review_pair.facts(connection, case.right_id),
        review_queue.proposal(connection, review_id),
    )


def answer(
    connection: Connection,
    review_id: int,
    given: SubmittedAnswer,
    *,
    present: SignedInUser,
    points_limit: int,
) -> Outcome:
    """Write what a steward answered, if the case still is what they saw.

    Raises stewardship.Undecidable, such as Contradiction with its chain.
    """
    found = sides(connection, review_id, present.name)
    if found is None:
        return Outcome(AnswerOutcome.VANISHED)
    if found.state != given.state:
        return Outcome(AnswerOutcome.CHANGED)
    claim = review_queue.claim(connection, review_id, present.name)
    if claim.name != present.name:
        return Outcome(AnswerOutcome.CLAIMED, claim=claim)
    if given.answer == UNSURE:
        return _unsure(connection, review_id, present.name)
    if found.needs_two(points_limit) and not _seconded(found, given, present):
        return _propose(connection, found, given, present)
    made = decisions.decide(
        connection,
        found.left.key,
        found.right.key,
        Verdict(given.answer),
        steward=present.name,
        reason=given.reason,
    )
    first = found.proposal.name if found.proposal else None
    decided_cases.add(
        connection,
        review_id,
        made.decision_id,
        proposed_by=first if found.needs_two(points_limit) else None,
    )
    review_queue.settle_proposal(connection, review_id)
    review_queue.release(connection, review_id, present.name)
    accounts.note(connection, present.name, "decide", decision_id=made.decision_id)
    return Outcome(AnswerOutcome.DECIDED, decision_id=made.decision_id)


def undo(
    connection: Connection, decision_id: int, present: SignedInUser
) -> AnswerOutcome:
    """Take a decision back; what two people decided, two people take back.

    Raises stewardship.UnknownDecision.
    """
    known = decided_cases.find(connection, [decision_id]).get(decision_id)
    if known is not None and known.proposed_by is not None:
        first = known.undo_proposed_by
        if first is None or first == present.name:
            decided_cases.propose_undo(connection, decision_id, present.name)
            accounts.note(
                connection, present.name, "propose_undo", decision_id=decision_id
            )
            return AnswerOutcome.PROPOSED
        if "supervisor" not in present.roles:
            return AnswerOutcome.NEEDS_ANOTHER
    decisions.revoke(connection, decision_id, steward=present.name)
    accounts.note(connection, present.name, "undo", decision_id=decision_id)
    return AnswerOutcome.UNDONE


def _seconded(found: Sides, given: SubmittedAnswer, present: SignedInUser) -> bool:
    first = found.proposal
    other = first is not None and first.name != present.name
    agrees = first is not None and first.verdict == given.answer
    return other and agrees and "supervisor" in present.roles


def _propose(
    connection: Connection, found: Sides, given: SubmittedAnswer, present: SignedInUser
) -> Outcome:
    review_id = found.case.review_id
    first = found.proposal
    if first and first.name != present.name and first.verdict == given.answer:
        review_queue.release(connection, review_id, present.name)
        return Outcome(AnswerOutcome.NEEDS_ANOTHER)
    proposed = Proposal(given.answer, given.reason, present.name)
    review_queue.propose(connection, review_id, proposed)
    review_queue.release(connection, review_id, present.name)
    accounts.note(
        connection, present.name, "propose", review_id=review_id, verdict=given.answer
    )
    return Outcome(AnswerOutcome.PROPOSED)


def _unsure(connection: Connection, review_id: int, name: str) -> Outcome:
    review_queue.claim(connection, review_id, name, seconds=UNSURE_S, unsure=True)
    accounts.note(connection, name, "unsure", review_id=review_id)
    return Outcome(AnswerOutcome.UNSURE)
