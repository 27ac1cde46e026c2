"""Why two records or customers are one, or why they are not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product
from typing import NamedTuple
from uuid import UUID

from matching.clustering.merge_order import path
from matching.model.bands import Band
from matching.scoring.scored_pair import ScoredPair
from schemas.source_key import SourceKey
from service.database.clusters import explanations
from service.database.clusters.explanations import Member
from service.database.connection.session import Connection
from service.database.customers import profiles
from service.errors import ServiceError
from service.explanation.component import Group, group_of
from service.explanation.models import (
    PairTold,
    SideTold,
    UnionTold,
    WhyExplanation,
    WhyVerdict,
)
from service.model_versions.scorer_pool import ScorerPool

PAIRS_AT_MOST = 2_500
"""Pairs of records compared between two customers; a customer has 100 at most."""

Subject = SourceKey | UUID


class UnknownSubject(ServiceError):
    """No live record or customer is of that name: check it."""

    remedy = "Name a source key (system:id) or a customer id that is held now."

    def __init__(self, asked: Subject) -> None:
        super().__init__(f"Nothing is held now under {asked}.")
        self.asked = asked


class Unnameable(ServiceError):
    """A text is neither a customer id nor a source key: write one of them."""

    remedy = "Write a source key like pos:C-1042, or a customer id."


class _Pair(NamedTuple):
    told: PairTold
    a: int
    b: int


def subject(text: str) -> Subject:
    """Return the customer id or source key written; raise ValueError for neither."""
    try:
        return UUID(text)
    except ValueError:
        return SourceKey.parse(text)


def named(text: str) -> Subject:
    """Return the customer id or source key written; raise Unnameable for neither."""
    try:
        return subject(text)
    except ValueError as error:
        raise Unnameable(f"{text!r} names no record or customer.") from error


def customer_of(connection: Connection, asked: Subject) -> UUID:
    """Return the live customer that a record, or an id, belongs to now.

    Raises UnknownSubject if there is none.
    """
    customer_id = _members(connection, asked)[0].customer_id
    if customer_id is None:
        raise UnknownSubject(asked)
    return customer_id


def why(
    connection: Connection, left: Subject, right: Subject, *, judges: ScorerPool
) -> WhyExplanation:
    """Return why the two are one customer or not; raise UnknownSubject.

    The caller's transaction sees one moment.
    """
    sides = _members(connection, left), _members(connection, right)
    ids = {one.record_id for side in sides for one in side}
    group = group_of(connection, ids, model=judges.model(connection))
    pairs = _pairs(connection, group, sides, judges)
    best = max(pairs, key=lambda p: (p.told.weight, -p.a, -p.b), default=None)
    verdict, because = _verdict(group, sides, best)
    here, there = (_same_customer(group, side) for side in sides)
    return WhyExplanation(
        verdict=verdict,
        because=because,
        left=_side(left, sides[0]),
        right=_side(right, sides[1]),
        pair=best.told if best else None,
        compared=sum(bool(pair.told.rules) for pair in pairs),
        chain=_chain(group, best) if verdict is WhyVerdict.ONE_CUSTOMER else [],
        decisions=group.decisions_between(here, there),
    )


def _members(connection: Connection, asked: Subject) -> list[Member]:
    if isinstance(asked, SourceKey):
        found = explanations.by_key(connection, asked)
    else:
        live = profiles.survivor(connection, asked) or asked
        found = explanations.of_customer(connection, live)
    if not found:
        raise UnknownSubject(asked)
    return found


def _side(asked: Subject, members: Sequence[Member]) -> SideTold:
    return SideTold(
        asked=str(asked),
        customer_id=members[0].customer_id,
        source_keys=[one.key for one in members],
    )


def _same_customer(group: Group, side: Sequence[Member]) -> set[int]:
    """Return the records of a side, with those of their customer."""
    alone = {one.record_id for one in side}
    return alone | group.of_customer(side[0].customer_id)


def _pairs(
    connection: Connection,
    group: Group,
    sides: tuple[list[Member], list[Member]],
    judges: ScorerPool,
) -> list[_Pair]:
    """Return the pairs between two sides: as stored, else as the model scores them."""
    ends = {
        (min(a.record_id, b.record_id), max(a.record_id, b.record_id))
        for a, b in islice(product(*sides), PAIRS_AT_MOST)
        if a.record_id != b.record_id
    }
    stored = ends & group.links.keys()
    told = [(group.links[pair].pair, group.links[pair].model) for pair in stored]
    scored: list[ScoredPair] = []
    if unknown := ends - stored:
        features = {id_: group.members[id_].features for p in unknown for id_ in p}
        with judges.judge(connection) as judge:
            scored = judge.scorer.score_all(features, unknown)
    return [
        _Pair(group.pair_told(pair, model=model), pair.a, pair.b)
        for pair, model in [*told, *((pair, None) for pair in scored)]
    ]


def _verdict(
    group: Group, sides: tuple[list[Member], list[Member]], best: _Pair | None
) -> tuple[WhyVerdict, str]:
    left, right = sides
    customer_id = left[0].customer_id
    if best is None:
        return WhyVerdict.ONE_CUSTOMER, "one and the same record"
    if customer_id is not None and customer_id == right[0].customer_id:
        return WhyVerdict.ONE_CUSTOMER, _how_joined(_chain(group, best))
    here, there = _same_customer(group, left), _same_customer(group, right)
    for told in group.decisions_between(here, there):
        if told.verdict == "different":
            when = told.decided_at.date().isoformat()
            said = f"decided different on {when}: {told.left} and {told.right}"
            return WhyVerdict.DECIDED_DIFFERENT, said
    if why_refused := _refused(group, here, there):
        return WhyVerdict.REFUSED_BY_RULE, f"refused by a rule: {why_refused}"
    if any(one.waits for side in sides for one in side):
        return WhyVerdict.NOT_YET_RESOLVED, "a change of one of them is being resolved"
    return _by_weight(best.told)


def _by_weight(pair: PairTold) -> tuple[WhyVerdict, str]:
    told = f"{pair.weight:.2f}, needed {pair.needed:.2f}"
    if not pair.rules:
        shared = "only suspended keys shared" if pair.suspended else "no shared key"
        said = f"{shared}: never compared; would have weighed {told}"
        return WhyVerdict.NEVER_COMPARED, said
    if pair.band is Band.MATCH:
        said = f"linked, {told}, and not yet one customer"
        return WhyVerdict.NOT_YET_RESOLVED, said
    return WhyVerdict.BELOW_THRESHOLD, f"below the threshold: {told}"


def _refused(group: Group, here: set[int], there: set[int]) -> str | None:
    for refusal in group.clustering.refused:
        ends = {refusal.a, refusal.b}
        if ends & here and ends & there and ends <= here | there:
            return refusal.why
    return None


def _how_joined(chain: Sequence[UnionTold]) -> str:
    if len(chain) == 1 and chain[0].by == "decision":
        return "decided same"
    if len(chain) == 1:
        return "linked to each other"
    if not chain:
        return "one customer until a change of its records is resolved"
    others = len(chain) - 1
    return f"joined through {others} other record{'s' if others > 1 else ''}"


def _chain(group: Group, best: _Pair | None) -> list[UnionTold]:
    if best is None:
        return []
    customer_id = group.members[best.a].customer_id
    if customer_id is None:
        return []
    return group.unions_told(path(group.unions_of(customer_id), best.a, best.b))
