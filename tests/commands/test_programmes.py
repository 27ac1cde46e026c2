"""`couture programmes`: what channels may move points in."""

from __future__ import annotations

import orjson
import pytest
from typer.testing import CliRunner, Result

from service.cli import app


@pytest.fixture
def couture(database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Run commands on an empty database."""
    monkeypatch.setenv("COUTURE_DATABASE_URL", database_url)
    return CliRunner()


def _run(couture: CliRunner, *words: str) -> Result:
    return couture.invoke(app, ["programmes", *words])


def test_a_programme_is_declared_listed_and_withdrawn(couture: CliRunner) -> None:
    assert "No programme" in _run(couture, "list").stdout
    said = _run(couture, "declare", "fidelity", "points", "--by", "Noor").stdout
    assert said == "fidelity in points is declared.\n"
    assert "already" in _run(couture, "declare", "fidelity", "points").stdout

    (one,) = orjson.loads(_run(couture, "list", "--json").stdout)
    assert (one["programme"], one["unit"]) == ("fidelity", "points")
    assert one["declared_by"] == "Noor"
    assert "Noor" in _run(couture, "list").stdout

    assert _run(couture, "withdraw", "fidelity", "points").exit_code == 0
    again = _run(couture, "withdraw", "fidelity", "points")
    assert again.exit_code == 1
    assert "couture programmes list" in again.output


def test_a_programme_without_a_name_is_refused(couture: CliRunner) -> None:
    assert _run(couture, "declare", " ", "points").exit_code == 2
