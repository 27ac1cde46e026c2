"""Pairs to match weights, by the very statement Splink writes: the only scorer.

Splink needs 0.1 s to write its SQL, whatever the number of pairs. So it is asked once,
when the model is made, for a pair that does not matter; its statement stands in the
bundle, and is run, prepared, on scratch tables that hold the records and pairs at hand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import chain

import duckdb

from matching.errors import UnusableModel
from matching.features.normalise import STANDARDISER, Features
from matching.model.model_version import Model, library_versions
from matching.scoring.contact_links import contact_link, parted
from matching.scoring.json_tables import from_json_sql, json_texts
from matching.scoring.scored_pair import Columns, ScoredPair, comparison_columns

__all__ = ["LEFT", "RIGHT", "ScoredPair", "Scorer"]

LEFT, RIGHT = "__couture_left__", "__couture_right__"
"""The tables that the statement of a bundle reads pairs from, by its column `pair`."""

# DuckDB plans a prepared statement anew at every execution if it has a parameter, reads
# a view, or reads a database whose catalog has changed since: hence plain tables, not
# temporary ones, beside which nothing is registered.
_LIST = (
    "insert into listed select unnest(range(?::bigint)),"
    " unnest(string_split(?, ' ')::bigint[]), unnest(string_split(?, ' ')::bigint[])"
)
_TAKE = (
    "insert into incoming select unnest(string_split(?, ' ')::bigint[]),"
    " unnest(?::varchar[])"
)


class Scorer:
    """Scores pairs with one model; not for use by two threads at once."""

    def __init__(self, model: Model, *, beside_splink: bool = False) -> None:
        """Prepare the statement; raise UnusableModel if it does not score as it did.

        The golden pairs tell: bit-equal with what the bundle states, and, where asked
        for or where the bundle holds no statement, with Splink's predict here and now.
        """
        _check_versions(model)
        self._model = model
        self._columns: Columns = comparison_columns(model.settings)
        self._connection = duckdb.connect(config={"threads": 1})
        self._prepare(model.scoring_sql or _splinks_statement(model))
        self._check_golden_pairs(beside_splink or model.scoring_sql is None)

    def score(
        self,
        features: Mapping[int, Features | str],
        pairs: Collection[tuple[int, int]],
    ) -> list[ScoredPair]:
        """Return the pairs (a < b) that reach the review band, in order.

        Features may come as the JSON text in which they are stored.
        """
        return self._score("score", features, pairs)

    def score_all(
        self, features: Mapping[int, Features], pairs: Collection[tuple[int, int]]
    ) -> list[ScoredPair]:
        """Return the pairs (a < b) whatever their weight, in order."""
        return self._score("score_all", features, pairs)

    def _score(
        self,
        prepared: str,
        features: Mapping[int, Features | str],
        pairs: Collection[tuple[int, int]],
    ) -> list[ScoredPair]:
        weighed, linked = parted(features, pairs)
        found = [contact_link(self._model, pair) for pair in linked]
        if weighed:
            self._load(features, sorted(set(weighed)))
            rows = self._connection.execute(f"execute {prepared}").fetchall()
            found += [self._columns.scored(row) for row in rows]
        return sorted(found)

    def _load(
        self, features: Mapping[int, Features | str], pairs: list[tuple[int, int]]
    ) -> None:
        execute = self._connection.execute
        wanted = {record: features[record] for record in sorted({*chain(*pairs)})}
        left, right = zip(*pairs, strict=True)
        execute("delete from listed")
        execute(_LIST, [len(pairs), _text(left), _text(right)])
        execute("delete from incoming")
        execute(_TAKE, [_text(wanted), json_texts(wanted.values())])
        execute("delete from record")
        execute("execute read")

    def _prepare(self, statement: str) -> None:
        execute = self._connection.execute
        execute("create table incoming (unique_id bigint, features varchar)")
        execute(f"create table record as {from_json_sql('incoming')}")
        execute("create table listed (pair bigint, a bigint, b bigint)")
        execute("pragma disable_optimizer")
        sql = statement.replace(LEFT, _side("a")).replace(RIGHT, _side("b"))
        select = f"select {self._columns.sql} from ({sql})"
        floor = f"match_probability >= '{self._model.bands.review!r}'::double"
        execute(f"prepare read as insert into record {from_json_sql('incoming')}")
        execute(f"prepare score as {select} where {floor}")
        execute(f"prepare score_all as {select}")

    def _check_golden_pairs(self, beside_splink: bool) -> None:
        """Score the golden pairs here, and with Splink's predict; both as they were."""
        features: dict[int, Features] = {}
        expected: dict[tuple[int, int], tuple[float, float]] = {}
        for i, golden in enumerate(self._model.golden):
            a, b = 2 * i, 2 * i + 1
            features |= {a: golden["left"], b: golden["right"]}
            expected[a, b] = golden["weight"], golden["probability"]
        pairs = list(expected)
        here = _weights(self._score("score_all", features, pairs))
        splinks = here
        if beside_splink:
            from matching.scoring.splink_predict import predict

            splinks = _weights(predict(self._model, features, pairs))
        if not here == splinks == expected:
            raise UnusableModel(
                "the golden pairs of the model do not score bit-equal with Splink's "
                "predict on this machine; train and promote a new model version"
            )


def _weights(
    scored: Iterable[ScoredPair],
) -> dict[tuple[int, int], tuple[float, float]]:
    return {(one.a, one.b): (one.weight, one.probability) for one in scored}


def _splinks_statement(model: Model) -> str:
    from matching.scoring.splink_sql import statement

    return statement(model.settings, LEFT, RIGHT)


def _side(end: str) -> str:
    return (
        "(select record.*, listed.pair "
        f"from listed join record on record.unique_id = listed.{end})"
    )


def _text(ids: Iterable[int]) -> str:
    """Return ids as one text: DuckDB reads a list of numbers slowly."""
    return " ".join(map(str, ids))


def _check_versions(model: Model) -> None:
    if dict(model.versions) != library_versions():
        raise UnusableModel(
            f"the model was made with {dict(model.versions)}, installed is "
            f"{library_versions()}; train a new model version"
        )
    if model.standardiser != STANDARDISER:
        raise UnusableModel(
            f"the model reads records as standardiser {model.standardiser} wrote them, "
            f"this is {STANDARDISER}; train a new model version"
        )
