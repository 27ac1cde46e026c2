"""`couture bench resolve` measures every figure that it promises."""

from __future__ import annotations

import orjson
import pytest
from typer.testing import CliRunner

from service.bench.resolve import SCALES, Scale
from service.cli import app


def test_a_tiny_run_gives_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCALES, "small", Scale(10_000, singles=5, between=1))
    tiny = ["--scale", "small", "--stored", "200", "--batches", "2", "--batch", "20"]

    run = CliRunner().invoke(app, ["bench", "resolve", *tiny, "--json"])

    assert run.exit_code == 0, run.output
    figures = orjson.loads(run.stdout)
    assert figures["stored"] == 200
    assert figures["records_per_s"] > 0
    assert figures["records_per_s_together"] > 0
    assert 0 < figures["batch_ms_p50"] <= figures["batch_ms_p99"]
    assert 0 < figures["single_ms_p50"] <= figures["single_ms_p99"]
    assert figures["worker_peak_mib"] > 0
    assert set(figures["steps"]) == {"publish", "score_candidates", "relabel"}
    assert 0.5 < sum(step["share"] for step in figures["steps"].values()) <= 1.01
    assert figures["predict_between_ms_p50"] > 0
    assert set(figures["faster_than_predict_between"]) == {
        "score_candidates",
        "whole_batch",
    }


def test_an_unknown_scale_is_refused_with_the_remedy() -> None:
    run = CliRunner().invoke(app, ["bench", "resolve", "--scale", "huge"])

    assert run.exit_code != 0
    assert "none of small, full" in str(run.output) + str(run.exception)
