"""Why, why not, how: stored numbers, the order of clustering, the true reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from matching.clustering.cluster import Verdict
from schemas.source_key import SourceKey
from service.database.connection.session import snapshot_read
from service.explanation.customer import explain_customer
from service.explanation.models import CustomerExplanation, PairTold, WhyExplanation
from service.explanation.why import Subject, UnknownSubject, customer_of, why
from service.stewardship.decisions import decide
from tests.explanation.resolved_database import ResolvedDatabase
from tests.resolver.deliveries import customer

ANNE: dict[str, Any] = {
    "given_name": "Anne",
    "family_name": "Keromnes",
    "birth_date": "1971-04-23",
    "emails": ["anne.keromnes@poste.fr"],
    "phones": ["0647129830"],
}
LATER: dict[str, Any] = {**ANNE, "phones": ["0688776655"]}


def ask(stage: ResolvedDatabase, left: str | UUID, right: str | UUID) -> WhyExplanation:
    """Return why two are one customer or not."""
    sides: list[Subject] = [
        side if isinstance(side, UUID) else SourceKey.parse(side)
        for side in (left, right)
    ]
    with snapshot_read(stage.connection):
        return why(stage.connection, *sides, judges=stage.judges)


def built(stage: ResolvedDatabase, of: str) -> CustomerExplanation:
    """Return how the customer of a record was built."""
    with snapshot_read(stage.connection):
        customer_id = customer_of(stage.connection, SourceKey.parse(of))
        told = explain_customer(stage.connection, customer_id, judges=stage.judges)
    assert told is not None
    return told


def settle(stage: ResolvedDatabase) -> None:
    """Let what decisions marked be resolved."""
    stage.deliver()


def test_a_link_is_told_with_the_stored_numbers_which_are_the_scorers(
    stage: ResolvedDatabase,
) -> None:
    links = stage.rows(
        "SELECT a.system || ':' || a.id, b.system || ':' || b.id, l.weight,"
        " l.probability, l.evidence, a.record_id, b.record_id, a.features, b.features"
        " FROM link l JOIN source_record a ON a.record_id = l.a"
        " JOIN source_record b ON b.record_id = l.b ORDER BY md5(l.a::text) LIMIT 12"
    )
    assert len(links) == 12
    for left, right, weight, probability, evidence, a, b, here, there in links:
        told = ask(stage, str(right), str(left)).pair
        (scored,) = stage.judge.scorer.score_all({a: here, b: there}, [(a, b)])

        assert told is not None
        assert told.stored
        assert (told.weight, told.probability) == (weight, probability)
        assert (scored.weight, scored.probability) == (weight, probability)
        assert scored.evidence == evidence
        assert {s.comparison: (s.level, s.weight) for s in told.steps} == {
            name: (part["level"], part["mw"] + part.get("tf", 0.0))
            for name, part in scored.evidence.items()
        }
        assert told.steps[-1].total == pytest.approx(weight)
        assert told.rules


def test_every_customer_is_told_as_the_unions_that_make_it(
    stage: ResolvedDatabase,
) -> None:
    customers = stage.rows(
        "SELECT array_agg(system || ':' || id) FROM label JOIN source_record"
        " USING (record_id) GROUP BY customer_id HAVING count(*) > 1"
    )
    several = 0
    for (keys,) in customers[:60]:
        told = built(stage, keys[0])
        assert {str(key) for key in told.source_keys} == set(keys)
        assert len(told.unions) == len(keys) - 1
        assert told.complete
        _follows_clustering(told)
        several += len(keys) > 2
    assert several > 10


def _follows_clustering(told: CustomerExplanation) -> None:
    """Check weights, their order, parts and the weakest link by making the unions."""
    weights = [union.pair.weight for union in told.unions if union.pair]
    assert weights == sorted(weights, reverse=True)
    assert [union.weakest for union in told.unions].count(True) == 1
    (weakest,) = (union for union in told.unions if union.weakest)
    last = told.unions[-1]
    assert (weakest.pair and weakest.pair.weight) == (last.pair and last.pair.weight)
    parts = {str(key): {str(key)} for key in told.source_keys}
    for union in told.unions:
        left, right = parts[str(union.left)], parts[str(union.right)]
        assert left.isdisjoint(right)
        assert (len(left), len(right)) == (union.left_records, union.right_records)
        for key in left | right:
            parts[key] = left | right
    assert told.links >= len(told.unions)


def test_two_strangers_were_never_compared(empty_stage: ResolvedDatabase) -> None:
    empty_stage.deliver(
        customer("pos:1", 1, **ANNE),
        customer("shop:1", 1, given_name="Zoltan", family_name="Nagy"),
    )
    told = ask(empty_stage, "pos:1", "shop:1")

    assert told.verdict == "never_compared"
    assert told.because.startswith("no shared key: never compared")
    assert told.pair is not None
    assert (told.pair.rules, told.pair.stored, told.compared) == ([], False, 0)


def test_two_below_the_threshold_say_what_would_be_enough(
    empty_stage: ResolvedDatabase,
) -> None:
    name_only = {name: ANNE[name] for name in ("given_name", "family_name")}
    empty_stage.deliver(
        customer("pos:1", 1, **ANNE), customer("shop:1", 1, **name_only)
    )
    told = ask(empty_stage, "pos:1", "shop:1")

    assert told.verdict == "below_threshold"
    assert told.pair is not None
    assert f"{told.pair.weight:.2f}, needed {told.pair.needed:.2f}" in told.because
    enough = {cost.comparison for cost in told.pair.costs if cost.enough}
    assert enough == {"birth_date", "email", "phone"} | _cards(told.pair)
    empty_stage.deliver(
        customer("shop:1", 2, **name_only, birth_date=ANNE["birth_date"])
    )
    assert ask(empty_stage, "pos:1", "shop:1").verdict == "one_customer"


def _cards(pair: PairTold) -> set[str]:
    """Return what would be enough too, if both had it."""
    return {c.comparison for c in pair.costs if c.enough} & {
        *("card", "national_id", "address"),
    }


def test_a_chain_is_told_record_by_record(empty_stage: ResolvedDatabase) -> None:
    empty_stage.deliver(
        customer("pos:1", 1, given_name="Anne", family_name="Keromnes",
                 phones=ANNE["phones"]),
        customer("shop:1", 1, **ANNE),
        customer("desk:1", 1, given_name="Anne", family_name="Keromnes",
                 birth_date="1971-04-23"),
    )  # fmt: skip
    told = ask(empty_stage, "desk:1", "pos:1")

    assert told.verdict == "one_customer"
    ends = [{str(union.left), str(union.right)} for union in told.chain]
    assert ends == [{"desk:1", "shop:1"}, {"shop:1", "pos:1"}]
    assert told.because == "joined through 1 other record"
    assert [union.weakest for union in told.chain].count(True) == 1


def test_decisions_are_told_and_stand_first(empty_stage: ResolvedDatabase) -> None:
    stranger = {"given_name": "Nina", "family_name": "Keromnes-Roy"}
    empty_stage.deliver(
        customer("pos:1", 1, **ANNE),
        customer("shop:1", 1, **LATER),
        customer("desk:1", 1, **stranger, phones=["0611223344"]),
    )
    for other, verdict in (("shop:1", Verdict.DIFFERENT), ("desk:1", Verdict.SAME)):
        left, right = SourceKey.parse("pos:1"), SourceKey.parse(other)
        decide(empty_stage.connection, left, right, verdict, steward="s")
    settle(empty_stage)

    apart = ask(empty_stage, "pos:1", "shop:1")
    assert apart.verdict == "decided_different"
    assert apart.pair is not None
    assert apart.pair.band == "match"
    assert [one.verdict for one in apart.decisions] == ["different"]
    whole = built(empty_stage, "pos:1")
    assert [union.by for union in whole.unions] == ["decision"]
    assert whole.unions[0].decided_at is not None
    assert [(str(r.right), r.why) for r in whole.refused] == [
        ("shop:1", "decided different")
    ]
    assert ask(empty_stage, "pos:1", "desk:1").because == "decided same"


def test_a_rule_that_refuses_is_named(empty_stage: ResolvedDatabase) -> None:
    born = {"birth_date": "1948-09-02"}
    empty_stage.deliver(
        customer("pos:1", 1, **ANNE),
        customer("loyalty:1", 1, **ANNE),
        customer("shop:1", 1, **{**ANNE, **born}),
        customer("desk:1", 1, **{**ANNE, **born}),
        customer("web:1", 1, **{n: v for n, v in ANNE.items() if n != "birth_date"}),
    )
    told = ask(empty_stage, "pos:1", "shop:1")
    assert told.verdict in ("refused_by_rule", "below_threshold")
    sides = {
        str(key): customer_of(empty_stage.connection, SourceKey.parse(key))
        for key in ("pos:1", "shop:1", "web:1")
    }
    apart = "shop:1" if sides["web:1"] == sides["pos:1"] else "pos:1"
    told = ask(empty_stage, "web:1", apart)

    assert told.verdict == "refused_by_rule"
    assert told.because == "refused by a rule: two birth dates"
    refused = built(empty_stage, "web:1").refused
    assert {one.why for one in refused} == {"two birth dates"}
    assert {one.customer_id for one in refused} == {sides[apart]}


def test_two_customers_are_told_by_their_best_pair(stage: ResolvedDatabase) -> None:
    rows = stage.rows(
        "SELECT least(a.customer_id, b.customer_id),"
        " greatest(a.customer_id, b.customer_id), max(weight) FROM link l"
        " JOIN label a ON a.record_id = l.a JOIN label b ON b.record_id = l.b"
        " WHERE a.customer_id <> b.customer_id GROUP BY 1, 2 LIMIT 5"
    )
    assert rows
    for left, right, best in rows:
        told = ask(stage, UUID(str(left)), UUID(str(right)))
        assert told.pair is not None
        assert told.pair.weight == best
        assert told.verdict != "one_customer"
        assert (told.left.customer_id, told.right.customer_id) == (left, right)


def test_a_record_is_one_with_itself_and_with_its_customer(
    stage: ResolvedDatabase,
) -> None:
    ((key, customer_id),) = stage.rows(
        "SELECT system || ':' || id, customer_id FROM label JOIN source_record"
        " USING (record_id) LIMIT 1"
    )
    assert ask(stage, str(key), str(key)).because == "one and the same record"
    assert ask(stage, str(key), UUID(str(customer_id))).verdict == "one_customer"


def test_a_deleted_record_is_unknown(empty_stage: ResolvedDatabase) -> None:
    empty_stage.deliver(customer("pos:1", 1, **ANNE), customer("pos:2", 1, **LATER))
    empty_stage.deliver(customer("pos:1", 2))

    with pytest.raises(UnknownSubject, match="pos:1"):
        ask(empty_stage, "pos:1", "pos:2")
