"""Learn a model from records without answers: one recipe for every deployment.

1. Values shared by too many names are stopped; term frequencies are counted.
2. u: how random pairs compare (fixed seed).
3. m: by EM over pairs that agree on two of first name, family name and birth date, or
   on an identifier. Never on a home: pairs of one home are a family as often as one
   person, and EM would learn that a match may have any first name.
4. The share of matches among all pairs, and from it the thresholds.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker

from matching.bands import Bands
from matching.batch import predict, resolve_batch
from matching.comparisons import settings
from matching.errors import UntrainableRecords
from matching.frequencies import (
    over_shared_values,
    oversized_keys,
    term_frequencies,
)
from matching.golden import PAIRS, PEOPLE
from matching.model import Model
from matching.normalise import Features, normalise
from matching.parameters import filled, with_prior
from matching.splink_statement import quiet
from matching.tables import arrow_table
from schemas.source_record import CustomerRecord

log = logging.getLogger(__name__)

SEED = 20260101
RANDOM_PAIRS = 1e6
SESSIONS = (
    ("given", "family"),
    ("given", "birth_date"),
    ("family", "birth_date"),
    ("national_id",),
)
FEWEST_RECORDS = 50


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
    if len(normalised) < FEWEST_RECORDS:
        raise UntrainableRecords(
            f"{len(normalised)} records are too few to learn from "
            f"(at least {FEWEST_RECORDS}); use the shipped model"
        )
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
    model = replace(model, settings=filled(_estimated(features)))
    model = _with_prior_and_bands(model, features)
    return with_golden_pairs(model)


def with_golden_pairs(model: Model) -> Model:
    """Return the model with the weights it gives to people who do not exist."""
    people = dict(enumerate(model.standardise(PEOPLE)))
    return replace(
        model,
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


def _estimated(features: Mapping[int, Features]) -> dict[str, Any]:
    with quiet(), duckdb.connect() as connection:
        connection.register("incoming", arrow_table(features))
        connection.execute("create table record as from incoming")
        api = DuckDBAPI(connection)
        linker = Linker(api.register("record"), copy.deepcopy(settings()))
        linker.training.estimate_u_using_random_sampling(
            max_pairs=RANDOM_PAIRS, seed=SEED, min_count_per_level=None
        )
        for columns in SESSIONS:
            _session(linker, connection, columns)
        return dict(linker.misc.save_model_to_json())


def _session(
    linker: Linker, connection: duckdb.DuckDBPyConnection, columns: Sequence[str]
) -> None:
    """Run one EM session, unless there is too little to learn from."""
    joined = " and ".join(f"l.{c} = r.{c}" for c in columns)
    count = connection.execute(
        f"select count(*) from record l join record r "
        f"on {joined} and l.unique_id < r.unique_id"
    ).fetchall()[0][0]
    if count < FEWEST_RECORDS:
        log.info("EM session left out", extra={"columns": columns, "pairs": count})
        return
    linker.training.estimate_parameters_using_expectation_maximisation(
        joined, max_pairs=2e6, estimate_without_term_frequencies=False
    )


def _with_prior_and_bands(model: Model, features: Mapping[int, Features]) -> Model:
    """Count the matches the model expects, until the count stands."""
    total = len(features) * (len(features) - 1) / 2
    prior = 1 / len(features)
    for _ in range(3):
        model = replace(model, settings=with_prior(model.settings, prior))
        low = replace(model, bands=Bands(review=0.01, match=0.95))
        found = resolve_batch(low, features).pairs
        prior = max(sum(p.probability for p in found), 1.0) / total
    return model
