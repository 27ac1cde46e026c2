"""Search before create: the stream's weights, honest verdicts, nothing written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.source_key import SourceKey
from schemas.source_record import CustomerRecord
from service.database.clusters import model_versions
from service.database.connection.session import Connection, connect, snapshot_read
from service.explanation.why import why
from service.model_versions.scorer_pool import ScorerPool
from service.search.query import SearchQuery
from service.search.result import SearchResult, SearchVerdict
from service.search.search import QUERY_ID, compare, search
from tests.explanation.resolved_database import ResolvedDatabase, simulated
from tests.resolver.deliveries import customer

_numbers = count(1)
ANNE: dict[str, Any] = {
    "given_name": "Anne",
    "family_name": "Keromnes",
    "birth_date": "1971-04-23",
    "emails": ["anne.keromnes@poste.fr"],
    "phones": ["0647129830"],
    "addresses": [
        {"street": "4 rue des Lices", "postal_code": "35000", "city": "Rennes"}
    ],
}


def find(stage: ResolvedDatabase, **known: Any) -> SearchResult:
    """Return what a search finds on the stage."""
    with snapshot_read(stage.connection):
        query = SearchQuery.model_validate(known)
        return search(stage.connection, query, judges=stage.judges)


@st.composite
def described(draw: st.DrawFn) -> CustomerRecord:
    """Return somebody of the retailer as another clerk would type them."""
    known = draw(st.sampled_from(_SIMULATED))
    other = draw(st.sampled_from(_SIMULATED))
    fields = {name: value for name, value in known if value}
    for name in draw(st.sets(st.sampled_from(sorted(fields)))):
        del fields[name]
    if draw(st.booleans()) and other.phones:
        fields["phones"] = [*fields.get("phones", []), *other.phones][:50]
    if draw(st.booleans()) and "family_name" in fields:
        fields["family_name"] = fields["family_name"][:-1] + draw(st.sampled_from("ez"))
    return CustomerRecord(**fields)


_SIMULATED = [event.after for event in simulated() if event.after]


@given(record=described())
@settings(
    max_examples=25,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_search_weighs_as_the_stream_would_store(
    stage: ResolvedDatabase, record: CustomerRecord
) -> None:
    with snapshot_read(stage.connection):
        found = compare(stage.connection, record, judges=stage.judges)
    floor = stage.judge.model.bands.review
    searched = {
        pair.a: (pair.weight, pair.probability, pair.evidence)
        for pair in found.pairs
        if pair.probability >= floor
    }
    key = f"clerk:{next(_numbers)}"
    fields = record.model_dump(exclude_defaults=True)
    stage.deliver(customer(key, 1, **(fields or {"language": "fr"})))
    stored = stage.rows(
        "SELECT a, weight, probability, evidence FROM link WHERE b = %s",
        stage.record_id(key),
    )
    stage.deliver(customer(key, 2))

    assert searched == {a: (w, p, e) for a, w, p, e in stored}
    assert all(pair.b == QUERY_ID for pair in found.pairs)


def test_the_property_above_sees_links(stage: ResolvedDatabase) -> None:
    found = sum(
        bool(find(stage, **_typed(record)).candidates) for record in _SIMULATED[:20]
    )
    assert found >= 15


def _typed(record: CustomerRecord) -> dict[str, Any]:
    """Return a record in the fields of a search."""
    names = ("given_name", "family_name", "full_name", "birth_date")
    return {
        **{name: getattr(record, name) for name in names if getattr(record, name)},
        **({"email": record.emails[0]} if record.emails else {}),
        **({"phone": record.phones[0]} if record.phones else {}),
    }


def test_a_clear_case_is_found_with_evidence_and_profile(
    empty_stage: ResolvedDatabase,
) -> None:
    empty_stage.deliver(customer("pos:1", 1, **ANNE))

    found = find(
        empty_stage, given_name="ANNE", family_name="Kéromnès", phone="+33 6 47129830"
    )

    assert found.verdict is SearchVerdict.FOUND
    (candidate,) = found.candidates
    assert candidate.profile is not None
    assert (candidate.profile.city, candidate.profile.phones) == (
        "Rennes",
        ["0647129830"],
    )
    told = found.prior + sum(one.weight for one in candidate.evidence)
    assert told == pytest.approx(candidate.weight)
    assert {e.comparison: e.level for e in candidate.evidence}["phone"] == "same"


def test_two_customers_that_fit_are_several(empty_stage: ResolvedDatabase) -> None:
    empty_stage.deliver(
        customer("pos:1", 1, **{**ANNE, "phones": [], "emails": []}),
        customer("shop:1", 1, given_name="Anne", family_name="Keromnes",
                 emails=["ak@poste.fr"]),
    )  # fmt: skip

    found = find(
        empty_stage,
        given_name="Anne",
        family_name="Keromnes",
        birth_date="1971-04-23",
        email="ak@poste.fr",
    )

    assert found.verdict is SearchVerdict.SEVERAL
    assert len({candidate.customer_id for candidate in found.candidates}) == 2


def test_nobody_is_new(empty_stage: ResolvedDatabase) -> None:
    empty_stage.deliver(customer("pos:1", 1, **ANNE))

    stranger = find(
        empty_stage, given_name="Zoltan", family_name="Nagy", birth_date="1990-01-02"
    )
    namesake = find(
        empty_stage, given_name="Anne", family_name="Keromnes", birth_date="1939-11-30"
    )

    assert stranger.verdict is SearchVerdict.NEW
    assert namesake.verdict is SearchVerdict.NEW
    assert namesake.compared == 1


@pytest.mark.parametrize(
    "known",
    [
        {"phone": "0647129830"},
        {"email": "anne.keromnes@poste.fr"},
        {"given_name": "Anne", "family_name": "Keromnes"},
    ],
    ids=["phone", "e-mail", "name"],
)
def test_too_little_is_unsure_and_the_answer_to_its_question_settles_it(
    empty_stage: ResolvedDatabase, known: dict[str, str]
) -> None:
    empty_stage.deliver(customer("pos:1", 1, **ANNE))
    found = find(empty_stage, **known)

    assert found.verdict is SearchVerdict.UNSURE
    assert found.candidates[0].profile is not None
    answers = {
        "given_name": {"given_name": "Anne", "family_name": "Keromnes"},
        "birth_date": {"birth_date": "1971-04-23"},
        "phone": {"phone": "0647129830"},
        "email": {"email": "anne.keromnes@poste.fr"},
    }
    asked = next(name for name in found.ask_for if name in answers)
    settled = find(empty_stage, **{**known, **answers[asked]})

    assert settled.candidates[0].weight > found.candidates[0].weight


def test_what_gives_no_key_is_said_and_never_called_new(
    stage: ResolvedDatabase,
) -> None:
    for known in (
        {"given_name": "Anne"},
        {"city": "Lyon"},
        {"birth_date": "1971-04-23"},
    ):
        found = find(stage, **known)
        assert found.verdict is SearchVerdict.UNSURE
        assert (found.compared, found.candidates) == (0, [])
        assert "phone" in found.ask_for
        assert not set(known) & set(found.ask_for)


def test_a_placeholder_is_told_as_such(stage: ResolvedDatabase) -> None:
    found = find(stage, given_name="Anne", email="aaa@aaa.fr", phone="0000000000")

    assert found.not_used == ["email", "phone"]


def test_nothing_is_written(stage: ResolvedDatabase) -> None:
    tables = "source_record blocking_key link label dirty customer outbox".split()

    def state() -> list[object]:
        return [
            stage.rows(f"SELECT count(*), max(xmin::text::bigint) FROM {table}")
            for table in tables
        ]

    before = state()
    assert find(stage, given_name="Anne", family_name="Martin").compared >= 0
    assert state() == before


def test_threads_share_the_judges_and_find_the_same(stage: ResolvedDatabase) -> None:
    queries = [_typed(record) for record in _SIMULATED[:6]]
    alone = [find(stage, **query) for query in queries]

    def asked(query: dict[str, Any]) -> SearchResult:
        with connect(stage.url, autocommit=True) as connection:
            return _found(connection, query, stage.judges)

    with ThreadPoolExecutor(6) as threads:
        together = list(threads.map(asked, queries * 2))

    assert together == alone * 2


def _found(
    connection: Connection, query: dict[str, Any], judges: ScorerPool
) -> SearchResult:
    with snapshot_read(connection):
        return search(connection, SearchQuery.model_validate(query), judges=judges)


def test_a_promoted_model_judges_the_next_search(empty_stage: ResolvedDatabase) -> None:
    empty_stage.deliver(customer("pos:1", 1, **ANNE))
    judges, query = ScorerPool(scorers=1), {"phone": "0647129830"}
    first = _found(empty_stage.connection, query, judges)
    other = replace(empty_stage.judge.model, name="another")
    model_versions.activate(empty_stage.connection, other)

    second = _found(empty_stage.connection, query, judges)

    assert first.model == empty_stage.judge.model.digest
    assert second.model == other.digest


def test_a_block_that_the_person_would_overfill_finds_nobody_as_in_the_stream(
    empty_stage: ResolvedDatabase,
) -> None:
    # one e-mail of five people, where a block may have five records
    model = empty_stage.judge.model
    few = replace(model, guards=replace(model.guards, largest_block=5))
    model_versions.activate(empty_stage.connection, few)
    judges, judge = ScorerPool(scorers=1), replace(empty_stage.judge, model=few)
    empty_stage.deliver.judge = judge
    family = "Abel Bruno Carla Denis Elise".split()
    shared = {"emails": ["boutique@enseigne.fr"]}
    events = [
        customer(f"pos:{place}", 1, given_name=name, family_name=f"N{name}", **shared)
        for place, name in enumerate(family)
    ]
    known = {"given_name": "Zoltan", "email": "boutique@enseigne.fr"}
    empty_stage.deliver(*events[:4])
    assert _found(empty_stage.connection, known, judges).compared == 4

    empty_stage.deliver(events[4])
    full = _found(empty_stage.connection, known, judges)
    empty_stage.deliver(customer("clerk:1", 1, given_name="Zoltan", **shared))

    assert full.compared == 0
    assert empty_stage.rows("SELECT count(*) FROM suspended_key") == [(1,)]
    with snapshot_read(empty_stage.connection):
        told = why(
            empty_stage.connection,
            SourceKey("pos", "0"),
            SourceKey("clerk", "1"),
            judges=judges,
        )
    assert told.because.startswith("only suspended keys shared: never compared")
