"""Learn a model from records without answers: one recipe for every deployment.

1. Values shared by too many names are stopped; term frequencies are counted.
2. u: how random pairs compare (fixed seed).
3. m: by EM over pairs that agree on two of first name, family name and birth date, or
   on an identifier. Never on a home: pairs of one home are a family as often as one
   person, and EM would learn that a match may have any first name.
4. The share of matches among all pairs, and from it the thresholds.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from matching.errors import UntrainableRecords
from matching.features.normalise import Features, normalise
from matching.model.bands import Bands
from matching.model.comparisons import settings
from matching.model.model_version import Model, Statement
from matching.scoring.arrow_tables import arrow_table
from matching.scoring.reference_pairs import PAIRS, PEOPLE
from matching.scoring.scorer import LEFT, RIGHT
from matching.scoring.splink_predict import find_pairs, predict
from matching.scoring.splink_sql import quiet, statement
from matching.training.comparison_vectors import Agreements, Floats, Ints, agreements
from matching.training.default_parameters import DEFAULTS, fixed_bits, with_shares
from matching.training.expectation_maximisation import (
    Fixed,
    Shares,
    adjusted_levels,
    counted_shares,
    match_shares,
    probabilities,
    random_shares,
    weights_of,
)
from matching.training.thresholds import among_families, chosen_bands, has_households
from matching.training.value_frequencies import (
    LARGEST_BLOCK,
    over_shared_values,
    oversized_keys,
    term_frequencies,
)
from schemas.source_record import CustomerRecord

log = logging.getLogger(__name__)

SEED = 20260101
RANDOM_PAIRS = 400_000
ROUNDS = 3
# The comparisons a session learns nothing about, and the columns its pairs agree on.
SESSIONS = {
    ("given_name", "family_name"): ("given", "family"),
    ("given_name", "birth_date"): ("given", "birth_date"),
    ("family_name", "birth_date"): ("family", "birth_date"),
    ("national_id", "household"): ("national_id",),
    ("card", "household"): ("cards[1]",),
}
FEWEST_RECORDS = 50
FEWEST_DIFFERENT = 20


def train(
    records: Sequence[CustomerRecord], *, name: str = "trained", description: str = ""
) -> Model:
    """Return a model learnt from these records; raises UntrainableRecords."""
    return train_features(
        [normalise(record) for record in records], name=name, description=description
    )


def train_features(
    normalised: Sequence[Features], *, name: str = "trained", description: str = ""
) -> Model:
    """Return a model learnt from records that were normalised before."""
    _check_records(normalised)
    model = Model(
        name=name,
        description=description,
        settings=settings(),
        bands=Bands(review=0.5, match=0.95),
        term_frequencies=term_frequencies(normalised),
        stop_values=over_shared_values(normalised),
    )
    features = {i: model.freeze(record) for i, record in enumerate(normalised)}
    model = replace(model, stop_keys=oversized_keys(model, features))
    return with_golden_pairs(_estimated(model, features))


def _check_records(normalised: Sequence[Features]) -> None:
    if len(normalised) < FEWEST_RECORDS:
        raise UntrainableRecords(
            f"{len(normalised)} records are too few to learn from "
            f"(at least {FEWEST_RECORDS}); use the shipped model"
        )
    different = {repr(record) for record in normalised}
    if len(different) < FEWEST_DIFFERENT:
        raise UntrainableRecords(
            f"the {len(normalised)} records say only {len(different)} different "
            f"things (at least {FEWEST_DIFFERENT}), so two people never differ in "
            "them; check which column is which field, or use the shipped model"
        )
    named = sum(1 for record in normalised if record["names"])
    if named < FEWEST_RECORDS:
        raise UntrainableRecords(
            f"only {named} of {len(normalised)} records hold a name that can be read "
            f"(at least {FEWEST_RECORDS}); check the columns mapped to given_name, "
            "family_name or full_name"
        )


def with_golden_pairs(model: Model) -> Model:
    """Return the model with the weights it gives to people who do not exist, and with
    the statement by which it gives them."""
    people = dict(enumerate(model.standardise(PEOPLE)))
    sql = statement(model.settings, LEFT, RIGHT)
    return replace(
        model,
        statement=Statement(model.settings_digest, sql),
        golden=[
            {
                "left": people[pair.a],
                "right": people[pair.b],
                "weight": pair.weight,
                "probability": pair.probability,
            }
            for pair in predict(model, people, PAIRS)
        ],
    )


def _estimated(model: Model, features: Mapping[int, Features]) -> Model:
    """Return the model with the settings, bands and guards that these records teach."""
    with quiet(), duckdb.connect() as connection:
        connection.register("incoming", arrow_table(features))
        connection.execute("create table record as from incoming")
        _random_pairs(connection, len(features))
        find_pairs(connection, model)
        anyone, likely = agreements(
            connection, model.settings, "random_pair", "candidate"
        )
        chosen = [_agreeing(connection, columns) for columns in SESSIONS.values()]
    log.info("agreements", extra={"random": len(anyone), "candidates": len(likely)})
    if not len(likely):
        raise UntrainableRecords(
            f"no two of {len(features)} records share a name, a birth date or a "
            f"contact that fewer than {LARGEST_BLOCK} share, so no pair can be "
            "learnt from; check which column is which field, or use the shipped model"
        )
    households = has_households(likely, anyone, len(features))
    fixed = Fixed(adjusted_levels(model.settings), fixed_bits(households))
    rows = [np.flatnonzero(_in(likely, pairs)) for pairs in chosen]
    learnt = _learnt(anyone, likely, rows, fixed, len(features))
    return replace(
        model,
        settings=with_shares(learnt.m, learnt.u, learnt.prior, households=households),
        bands=chosen_bands(learnt.chance, len(features), households=households),
        guards=among_families(model.guards) if households else model.guards,
    )


class _Learnt(NamedTuple):
    m: Shares
    u: Shares
    prior: float
    chance: Floats


def _learnt(
    anyone: Agreements,
    likely: Agreements,
    sessions: Sequence[Ints],
    fixed: Fixed,
    records: int,
) -> _Learnt:
    """Return m, u and prior: u leaves out what m takes for matches, so in rounds."""
    total, every, names = records * (records - 1) / 2, slice(None), list(DEFAULTS)
    two_people, apart = np.ones(len(anyone)), np.zeros(len(likely))
    prior = 1 / records
    for _ in range(ROUNDS):
        u = counted_shares(random_shares(anyone, two_people), likely, apart, total)
        m = match_shares(likely, u, list(SESSIONS), sessions, fixed)
        evidence = weights_of(likely, every, m, u, names, fixed)
        for _ in range(5):
            chance = probabilities(evidence, prior)
            prior = max(float(chance.sum()), 1.0) / total
        apart = 1 - chance
        random = weights_of(anyone, every, m, u, names, fixed)
        two_people = 1 - probabilities(random, prior)
    return _Learnt(m, u, prior, chance)


def _random_pairs(connection: duckdb.DuckDBPyConnection, records: int) -> None:
    """Fill table `random_pair` (a, b) with pairs drawn by a fixed seed."""
    drawn = np.random.default_rng(SEED).integers(0, records, (RANDOM_PAIRS, 2))
    drawn = drawn[drawn[:, 0] != drawn[:, 1]]
    drawn = np.unique(np.sort(drawn, axis=1), axis=0)
    table = pa.table({"a": drawn[:, 0], "b": drawn[:, 1]})
    connection.register("drawn", table)
    connection.execute("create temp table random_pair as from drawn")


def _agreeing(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> Ints:
    """Return the candidates that agree on all columns, as one number a pair."""
    same = " and ".join(f"l.{c} = r.{c}" for c in columns)
    found = connection.execute(
        "select a, b from candidate join record l on l.unique_id = a "
        f"join record r on r.unique_id = b where {same}"
    ).fetchnumpy()
    return _number(found["a"], found["b"])


def _in(pairs: Agreements, chosen: Ints) -> Any:
    return np.isin(_number(pairs.a, pairs.b), chosen)


def _number(a: Ints, b: Ints) -> Ints:
    return np.asarray(a * 2**32 + b)
