"""Links of records that hold nothing but a contact: by that contact, and no other way.

Such a record can speak neither for nor against a person, so no model weighs it: a pair
that one of them is part of is linked at the match threshold itself, the weakest link
there is. Which customer it then belongs to is decided in `clustering.contact_holders`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import orjson

from matching.features.normalise import CONTACT_ONLY, Features
from matching.model.bands import weight_of
from matching.model.model_version import Model
from matching.scoring.scored_pair import ScoredPair

COMPARISON = "contact"
LEVEL = "one of them holds nothing but a contact"

_ALONE = f"select unique_id from record where {CONTACT_ONLY}"
OF_A_CONTACT = f"(a in ({_ALONE}) or b in ({_ALONE}))"
"""The condition, in DuckDB and Spark, for a pair (a, b) of table `record`."""

Pair = tuple[int, int]


def holds_only_a_contact(features: Features | str) -> bool:
    """Say whether a record, by its features or their JSON text, is such a one."""
    if isinstance(features, str):
        if f'"{CONTACT_ONLY}"' not in features:
            return False
        return bool(orjson.loads(features).get(CONTACT_ONLY))
    return bool(features.get(CONTACT_ONLY))


def parted(
    features: Mapping[int, Features | str], pairs: Collection[Pair]
) -> tuple[Collection[Pair], list[Pair]]:
    """Return the pairs that the model weighs, and those that a contact links."""
    ends = {end for pair in pairs for end in pair}
    alone = {end for end in ends if holds_only_a_contact(features[end])}
    if not alone:
        return pairs, []
    linked = {pair for pair in pairs if not alone.isdisjoint(pair)}
    return set(pairs) - linked, sorted(linked)


def contact_link(model: Model, pair: Pair) -> ScoredPair:
    """Return the link of two records of which one holds nothing but a contact."""
    match = model.bands.match
    return ScoredPair(*pair, weight_of(match), match, _evidence(model))


def contact_links_sql(model: Model, pairs: str) -> str:
    """Return the select of the same, in DuckDB, for a table of pairs (a, b)."""
    match = model.bands.match
    return (
        f"select a, b, '{weight_of(match)!r}'::double as weight, "
        f"'{match!r}'::double as probability, "
        f"'{json.dumps(_evidence(model))}' as evidence from {pairs}"
    )


def _evidence(model: Model) -> dict[str, Any]:
    added = weight_of(model.bands.match) - model.prior_weight
    return {COMPARISON: {"level": LEVEL, "mw": added}}
