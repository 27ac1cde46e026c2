"""Splink's charts of a model, as Vega-Lite specifications with their data.

No record of the deployment stands in them: the waterfalls are of people who do not
exist (`matching.scoring.reference_pairs`), everything else is counted.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker
from splink.internals.charts import ParameterEstimateComparisonsChart

from matching.features.normalise import Features
from matching.model.model_version import Model
from matching.scoring.arrow_tables import arrow_table
from matching.scoring.reference_pairs import PAIRS, PEOPLE
from matching.scoring.splink_predict import find_pairs
from matching.scoring.splink_sql import quiet

Spec = dict[str, Any]
BIN_BITS = 1
SHOWN_BITS = (-40, 60)


class Chart(NamedTuple):
    """A chart, its heading, and a sentence on how to read it."""

    title: str
    reading: str
    spec: Spec


class Bin(NamedTuple):
    """The candidates of one bit of match weight, and the matches expected of them."""

    low: int
    pairs: int
    expected_matches: float


def parameter_charts(model: Model, others: Mapping[str, Model]) -> list[Chart]:
    """Return Splink's charts of weights, of m and u, and of m beside other models."""
    with quiet(), duckdb.connect() as connection:
        linker = _linker(connection, model, {})
        weights = linker.visualisations.match_weights_chart().chart_dict
        shares = linker.visualisations.m_u_parameters_chart().chart_dict
    estimates = ParameterEstimateComparisonsChart(
        [r for name, one in others.items() for r in _estimates(name, one)]
    ).chart_dict
    return [
        Chart(
            "Match weights",
            "What each outcome of each comparison adds to the evidence, in bits.",
            weights,
        ),
        Chart(
            "m and u",
            "How often an outcome occurs among pairs of one person (m) and of two (u).",
            shares,
        ),
        Chart(
            "m beside other models",
            "Where this training learnt something else of matches than the others.",
            estimates,
        ),
    ]


def waterfall_chart(model: Model) -> Chart:
    """Return Splink's waterfalls for the golden pairs."""
    people = dict(enumerate(model.standardise(PEOPLE)))
    with quiet(), duckdb.connect() as connection:
        linker = _linker(connection, model, people)
        rows = _predicted(linker, connection, PAIRS).as_record_list()
        rows.sort(key=lambda row: row["match_weight"], reverse=True)
        spec = linker.visualisations.waterfall_chart(rows).chart_dict
    reading = (
        "Pairs of people who do not exist: move the slider from the surest match to "
        "the surest non-match."
    )
    return Chart("Waterfalls", reading, spec)


def weight_bins(model: Model, features: Mapping[int, Features]) -> list[Bin]:
    """Return how the match weights of all candidates are spread."""
    lean = {**model.settings, "retain_matching_columns": False}
    lean["retain_intermediate_calculation_columns"] = False
    with quiet(), duckdb.connect() as connection:
        connection.register("incoming", arrow_table(features))
        connection.execute("create table record as from incoming")
        find_pairs(connection, model)
        pairs = connection.execute("select a, b from candidate").fetchnumpy()
        if not len(pairs["a"]):
            return []
        linker = Linker(DuckDBAPI(connection).register("record"), copy.deepcopy(lean))
        answer = _predicted(linker, connection, pairs).physical_name
        rows = connection.execute(
            f"select floor(greatest({SHOWN_BITS[0]}, least({SHOWN_BITS[1]}, "
            f"match_weight)) / {BIN_BITS})::int * {BIN_BITS} as low, count(*), "
            f"sum(match_probability) from {answer} group by low order by low"
        ).fetchall()
    return [Bin(*row) for row in rows]


def histogram_chart(bins: Sequence[Bin]) -> Chart:
    """Return the histogram of the candidates' match weights, as Splink draws it."""
    from splink.internals.charts import MatchWeightsHistogramChart

    rows = [
        {
            "splink_score_bin_low": one.low,
            "splink_score_bin_high": one.low + BIN_BITS,
            "count_rows": one.pairs,
        }
        for one in bins
    ]
    chart = MatchWeightsHistogramChart(rows)
    chart.set_width_height(width=700, height=250)
    reading = "All pairs that share a blocking key; two hills apart are a good sign."
    return Chart("Match weights of all candidates", reading, chart.chart_dict)


def threshold_chart(model: Model, bins: Sequence[Bin]) -> Chart:
    """Return links and expected false links for every threshold, and the bands."""
    values = [row for row in _by_threshold(bins) if -15 <= row["weight"] <= 30]
    bands = [
        {"weight": _bits(model.bands.review), "band": "review"},
        {"weight": _bits(model.bands.match), "band": "match"},
    ]
    axis = {"field": "weight", "type": "quantitative", "title": "threshold, in bits"}
    lines = {
        "data": {"values": values},
        "transform": [{"fold": ["links", "expected false links"]}],
        "mark": {"type": "line", "tooltip": True},
        "encoding": {
            "x": axis,
            "y": {
                "field": "value",
                "type": "quantitative",
                "scale": {"type": "symlog"},
                "title": "pairs",
            },
            "color": {"field": "key", "type": "nominal", "title": None},
        },
    }
    rules = {
        "data": {"values": bands},
        "mark": {"type": "rule", "strokeDash": [4, 4], "tooltip": True},
        "encoding": {"x": axis, "detail": {"field": "band", "type": "nominal"}},
    }
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 700,
        "height": 250,
        "layer": [lines, rules],
    }
    reading = (
        "Dashed: the review and the match threshold. What the model expects is its own "
        "opinion; labelled pairs or `couture model evaluate` can contradict it."
    )
    return Chart("Thresholds", reading, spec)


def _by_threshold(bins: Sequence[Bin]) -> Iterator[dict[str, float]]:
    links, matches = 0, 0.0
    for one in reversed(bins):
        links += one.pairs
        matches += one.expected_matches
        yield {
            "weight": one.low,
            "links": links,
            "expected false links": round(max(links - matches, 0.0), 3),
        }


def _bits(probability: float) -> float:
    return math.log2(probability / (1 - probability)) if probability < 1 else 60.0


def _estimates(name: str, model: Model) -> Iterator[dict[str, Any]]:
    for order, comparison in enumerate(model.settings["comparisons"]):
        known = [
            x for x in comparison["comparison_levels"] if not x.get("is_null_level")
        ]
        for i, level in enumerate(known):
            m = level.get("m_probability")
            if m is not None and 0 < m < 1:
                yield {
                    "m_or_u": "m",
                    "estimated_probability": m,
                    "estimated_probability_as_log_odds": math.log2(m / (1 - m)),
                    "estimate_description": name,
                    "comparison_level_label": level["label_for_charts"],
                    "comparison_vector_value": len(known) - 1 - i,
                    "comparison_name": comparison["output_column_name"],
                    "comparison_sort_order": order,
                }


def _linker(
    connection: duckdb.DuckDBPyConnection, model: Model, features: Mapping[int, Any]
) -> Any:
    settings = copy.deepcopy(dict(model.settings))
    settings["retain_matching_columns"] = True
    settings["retain_intermediate_calculation_columns"] = True
    connection.register("incoming", arrow_table(features))
    connection.execute("create table record as from incoming")
    return Linker(DuckDBAPI(connection).register("record"), settings)


def _predicted(linker: Any, connection: duckdb.DuckDBPyConnection, pairs: Any) -> Any:
    """Return these pairs as Splink scored them."""
    if not isinstance(pairs, dict):
        left, right = zip(*pairs, strict=True)
        pairs = {"a": left, "b": right}
    table = pa.table(
        {
            "match_key": pa.array(["0"] * len(pairs["a"])),
            "join_key_l": pa.array(pairs["a"], pa.int64()),
            "join_key_r": pa.array(pairs["b"], pa.int64()),
        }
    )
    connection.register("given_pairs", table)
    connection.execute("create table blocked_pair as from given_pairs")
    api = DuckDBAPI(connection)
    linker.table_management.register_blocked_pairs_for_predict(
        api.register("blocked_pair")
    )
    return linker.inference.predict(warning_mode="never")
