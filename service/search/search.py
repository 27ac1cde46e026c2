"""Search before create: who is already known, by what a clerk knows of a person.

The query is standardised, keyed and scored like a record that a source would publish,
so each weight is the one the stream would give. Nothing is written, nothing is logged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import orjson

from matching.explanation.search_hints import (
    fields_for_first_key,
    fields_to_ask,
    fill_missing,
    gain_by_field,
    possible_match,
)
from matching.features.normalise import Features
from matching.model.bands import Band
from matching.model.model_version import Model
from matching.scoring.scored_pair import ScoredPair
from schemas.source_record import CustomerRecord
from service.database.clusters import search as search_reads
from service.database.clusters.search import Known
from service.database.connection.session import Connection
from service.model_versions.scorer_pool import ScorerPool
from service.search.query import SearchQuery
from service.search.result import (
    Candidate,
    Evidence,
    SearchResult,
    SearchVerdict,
    summary,
)

COMPARED_AT_MOST = 2_000
"""Records compared in one search: those that share most keys, if there are more."""

QUERY_ID = 2**63 - 1
"""A record published now would get an id above all others, so it is always b."""


class Compared(NamedTuple):
    """A query among the records that share a key with it, scored.

    `at_best` holds, by record, the pair if all that the query lacks agreed.
    """

    model: Model
    features: Features
    keyed: bool
    known: Mapping[int, Known]
    pairs: Sequence[ScoredPair]
    at_best: Mapping[int, ScoredPair]
    left_out: int


class _Fit(NamedTuple):
    """A customer by its best record: how it fits, and what each answer could add."""

    pair: ScoredPair
    band: Band
    gains: Mapping[str, float]
    records: int


def search(
    connection: Connection, query: SearchQuery, *, judges: ScorerPool, limit: int = 10
) -> SearchResult:
    """Return the customers that the person may be, as the stream would judge it.

    The caller's transaction sees one moment.
    """
    found = compare(connection, query.record(), judges=judges)
    fits = _fits(found)
    candidates = _candidates(connection, found, fits[:limit])
    verdict, because = _verdict(found, [fit.band for fit in fits])
    ask_for: list[str] = []
    if not found.keyed:
        ask_for = fields_for_first_key(found.model, found.features)
    elif verdict is not SearchVerdict.FOUND:
        ask_for = fields_to_ask(fit.gains for fit in fits[:limit])
    return SearchResult(
        verdict=verdict,
        because=because,
        candidates=candidates,
        ask_for=ask_for,
        not_used=query.not_used(found.features),
        prior=found.model.prior_weight,
        compared=len(found.pairs),
        left_out=found.left_out,
        model=found.model.digest,
    )


def compare(
    connection: Connection, record: CustomerRecord, *, judges: ScorerPool
) -> Compared:
    """Return how a record would be scored against all that are stored."""
    with judges.judge(connection) as judge:
        model = judge.model
        features = model.standardise([record])[0]
        keys = model.keys(features)
        sharing = search_reads.sharing(
            connection,
            model.blocking_keys(features),
            at_most=COMPARED_AT_MOST,
            block=model.guards.largest_block,
        )
        # hashes collide: the values must agree too
        known = {
            one.record_id: one
            for one in sharing.records
            if not keys.isdisjoint(model.keys(one.features))
        }
        scored = judge.scorer.score_all(*_with_filled(features, known))
    pairs = [pair for pair in scored if pair.b == QUERY_ID]
    at_best = {pair.a: pair for pair in scored if pair.b != QUERY_ID}
    left_out = sharing.left_out
    return Compared(model, features, bool(keys), known, pairs, at_best, left_out)


def _with_filled(
    query: Features, known: Mapping[int, Known]
) -> tuple[dict[int, Features], list[tuple[int, int]]]:
    """Return each record paired with the query, and with the query filled up by it."""
    everyone = {QUERY_ID: query}
    pairs = []
    for place, (record_id, one) in enumerate(known.items(), start=1):
        everyone[record_id] = one.features
        everyone[QUERY_ID - place] = fill_missing(query, one.features)
        pairs += [(record_id, QUERY_ID), (record_id, QUERY_ID - place)]
    return everyone, pairs


def _fits(found: Compared) -> list[_Fit]:
    """Return the customers that may be the person, the heaviest pair first."""
    of_customer: dict[UUID | int, list[ScoredPair]] = {}
    for pair in sorted(found.pairs, key=lambda pair: (-pair.weight, pair.a)):
        owner = found.known[pair.a].customer_id or pair.a
        of_customer.setdefault(owner, []).append(pair)
    fits = []
    for pairs in of_customer.values():
        best, model = pairs[0], found.model
        band = model.bands.of(best.probability)
        at_best = found.at_best[best.a]
        if band is not Band.NO_MATCH or possible_match(model, best, at_best):
            fits.append(_Fit(best, band, gain_by_field(best, at_best), len(pairs)))
    return fits


def _candidates(
    connection: Connection, found: Compared, fits: Sequence[_Fit]
) -> list[Candidate]:
    ids = [found.known[fit.pair.a].customer_id for fit in fits]
    documents = search_reads.documents(connection, [id_ for id_ in ids if id_])
    return [
        Candidate(
            customer_id=customer_id,
            source_key=found.known[fit.pair.a].key,
            band=fit.band,
            weight=fit.pair.weight,
            probability=fit.pair.probability,
            evidence=_evidence(fit.pair),
            records=fit.records,
            profile=summary(orjson.loads(documents[customer_id]))
            if customer_id in documents
            else None,
        )
        for customer_id, fit in zip(ids, fits, strict=True)
    ]


def _evidence(pair: ScoredPair) -> list[Evidence]:
    return [
        Evidence(
            comparison=comparison,
            level=part["level"],
            weight=part["mw"] + part.get("tf", 0.0),
        )
        for comparison, part in pair.evidence.items()
    ]


def _verdict(found: Compared, bands: Sequence[Band]) -> tuple[SearchVerdict, str]:
    matches = bands.count(Band.MATCH)
    if not found.keyed:
        return SearchVerdict.UNSURE, "too little to look anybody up by: no blocking key"
    if matches == 1:
        return SearchVerdict.FOUND, "one customer fits well enough to be linked alone"
    if matches:
        return SearchVerdict.SEVERAL, f"{matches} customers fit well enough"
    if Band.REVIEW in bands:
        return SearchVerdict.UNSURE, "a steward would be asked: ask for more"
    if bands:
        return SearchVerdict.UNSURE, "somebody known is not excluded: ask for more"
    if found.left_out:
        return SearchVerdict.UNSURE, "too many share what is given: ask for more"
    if found.pairs:
        return SearchVerdict.NEW, "none of those who share a key can be the person"
    return SearchVerdict.NEW, "nobody known shares a key with the person"
