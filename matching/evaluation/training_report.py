"""What a training learnt, for people: one HTML file that asks nobody for anything."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

from splink.internals.html_utils import json_for_html, load_chart_libraries

from matching.evaluation.evaluate import clusters_of
from matching.evaluation.training_charts import (
    Chart,
    histogram_chart,
    parameter_charts,
    threshold_chart,
    waterfall_chart,
    weight_bins,
)
from matching.features.normalise import Features
from matching.model.model_version import Model
from matching.training.labelled_pairs import LabelReport

FIELDS = (
    "given", "family", "birth_date", "gender", "emails", "phones", "street",
    "postal_code", "city", "cards", "national_id",
)  # fmt: skip
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;"
    "padding:0 1rem;color:#222}table{border-collapse:collapse}"
    "td,th{padding:.2rem 1rem .2rem 0;text-align:left;border-bottom:1px solid #ddd}"
    "figure{margin:2rem 0;overflow-x:auto}figcaption{color:#555}"
)
_EMBED = (
    "for (const [place, spec] of Object.entries(SPECS)) vegaEmbed("
    "document.getElementById(place), spec, {actions: false}).catch(error => {"
    "document.getElementById(place).textContent = error; console.error(error)});"
)


@dataclass(frozen=True)
class TrainReport:
    """What was learnt, as counts and as charts."""

    facts: Mapping[str, Any]
    charts: Sequence[Chart]

    def html(self) -> str:
        """Return the report as one page that needs no network."""
        charts = list(enumerate(self.charts))
        # a later schema of the same major version is only a warning in the console
        specs = {f"chart{i}": {**chart.spec, "$schema": _SCHEMA} for i, chart in charts}
        figures = "".join(_figure(i, chart) for i, chart in charts)
        libraries: Mapping[str, str] = load_chart_libraries()  # type: ignore[no-untyped-call]
        scripts = "".join(f"<script>{code}</script>" for code in libraries.values())
        data = json_for_html(specs, cls=_Plain)  # type: ignore[no-untyped-call]
        name = escape(str(self.facts["name"]))
        return (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            f"<title>Model {name}</title><style>{_STYLE}</style>{scripts}</head>"
            f"<body><h1>Model {name}</h1>{_table(self.facts)}{figures}"
            f"<script>const SPECS = {data};{_EMBED}</script>"
            "</body></html>\n"
        )


_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"


def train_report(
    model: Model,
    normalised: Sequence[Features],
    *,
    labels: LabelReport | None = None,
    beside: Mapping[str, Model] | None = None,
) -> TrainReport:
    """Return what the model learnt of these records; `beside` names other models."""
    features = {i: model.freeze(record) for i, record in enumerate(normalised)}
    bins = weight_bins(model, features)
    linked = [one for one in bins if one.low >= 0]
    sizes = Counter(Counter(clusters_of(model, features)).values())
    facts = {
        "name": model.name,
        "digest": model.digest,
        "description": model.description,
        "records": len(normalised),
        "filled": {f: _filled(f, normalised) for f in FIELDS},
        "candidate_pairs": sum(one.pairs for one in bins),
        "pairs_more_likely_than_not": sum(one.pairs for one in linked),
        "customers": sizes.total(),
        "customers_of_size": {str(size): n for size, n in sorted(sizes.items())[:10]},
        "largest_customer": max(sizes, default=0),
        "prior": model.settings["probability_two_random_records_match"],
        "review_probability": model.bands.review,
        "match_probability": model.bands.match,
        "over_shared_values": {k: len(v) for k, v in model.stop_values.items()},
        "stopped_blocking_keys": len(model.stop_keys),
        "labels": labels.as_dict() if labels else None,
        "versions": dict(model.versions),
    }
    charts = [
        threshold_chart(model, bins),
        *([histogram_chart(bins)] if bins else []),
        *parameter_charts(model, {"this training": model, **(beside or {})}),
        waterfall_chart(model),
    ]
    return TrainReport(facts, charts)


def _filled(field: str, normalised: Sequence[Features]) -> float:
    held = sum(record.get(field) is not None for record in normalised)
    return round(held / len(normalised), 4) if normalised else 0.0


class _Plain(json.JSONEncoder):
    """Writes what a database counts in as JSON knows it."""

    def default(self, o: object) -> object:
        return float(o) if isinstance(o, Decimal) else str(o)


def _figure(number: int, chart: Chart) -> str:
    return (
        f"<figure><h2>{escape(chart.title)}</h2>"
        f"<figcaption>{escape(chart.reading)}</figcaption>"
        f'<div id="chart{number}"></div></figure>'
    )


def _table(facts: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{_cell(value)}</td></tr>"
        for name, value in facts.items()
        if value not in (None, "")
    )
    return f"<table>{rows}</table>"


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return "<br>".join(
            f"{escape(str(k).replace('_', ' '))}: {_cell(v)}" for k, v in value.items()
        )
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return " to ".join(_cell(one) for one in value)
    return escape(str(value))
