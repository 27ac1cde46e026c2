"""The report of a training opens in a browser, alone in the world."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request

from matching.evaluation.training_report import TrainReport, train_report
from matching.features.normalise import normalise
from matching.model.model_version import Model
from tests.matching.people import crowd

CHARTS = 6


@pytest.fixture(scope="module")
def report(model: Model) -> TrainReport:
    people = [normalise(record) for record in crowd(120, seed=2)]
    return train_report(model, people, beside={"shipped": model})


def test_the_report_counts_what_was_learnt_from(report: TrainReport) -> None:
    assert report.facts["records"] == 120
    assert 0 < report.facts["filled"]["emails"] < 1
    assert report.facts["filled"]["national_id"] == 0
    assert report.facts["customers"] < 120
    assert report.facts["candidate_pairs"] > report.facts["pairs_more_likely_than_not"]
    assert report.facts["labels"] is None


def test_no_record_of_the_deployment_stands_in_it(report: TrainReport) -> None:
    page = report.html()
    assert "exemplaire.fr" in page  # of people who do not exist
    assert "poste.fr" not in page  # of the records it was learnt from


def test_the_page_draws_every_chart_without_network_and_without_complaint(
    report: TrainReport, browser: Browser, tmp_path: Path
) -> None:
    page_file = tmp_path / "report.html"
    page_file.write_text(report.html(), encoding="utf-8")
    asked: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    context = browser.new_context(offline=True)
    page = context.new_page()
    page.on("request", note)
    page.on(
        "console",
        lambda m: complaints.append(m.text) if m.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(page_file.as_uri())
    page.wait_for_function(
        f"document.querySelectorAll('figure canvas').length >= {CHARTS}",
        timeout=120_000,
    )
    drawn = page.locator("figure canvas").count()
    context.close()

    assert drawn == CHARTS
    assert complaints == []
    assert [u for u in asked if not u.startswith(("file:", "data:", "blob:"))] == []
