"""The commands that explain: the same answers as the API, and pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from tests.explanation.resolved_database import ResolvedDatabase
from tests.resolver.deliveries import customer

Run = Callable[..., Result]
ANNE: dict[str, Any] = {
    "given_name": "Anne",
    "family_name": "Keromnes",
    "birth_date": "1971-04-23",
    "emails": ["anne.keromnes@poste.fr"],
    "phones": ["0647129830"],
    "addresses": [{"street": "4 rue des Lices", "postal_code": "35000"}],
}


@pytest.fixture
def run(empty_stage: ResolvedDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a stage where Anne is known to two systems, and Zoltan."""
    empty_stage.deliver(
        customer("pos:1", 1, **ANNE),
        customer("shop:1", 1, **{**ANNE, "phones": []}),
        customer("web:1", 1, given_name="Zoltan", family_name="Nagy"),
    )
    monkeypatch.setenv("COUTURE_DATABASE_URL", empty_stage.url)
    # a command sets up the logs of its process, and this one goes on after it
    monkeypatch.setattr(
        "service.commands.command_context.configure_logging", lambda _: None
    )
    return lambda *words: CliRunner().invoke(app, list(words))


def test_search_tells_a_clerk_and_a_program_the_same(run: Run) -> None:
    known = ["search", "--given-name", "anne", "--family-name", "keromnes"]
    said = run(*known, "--email", "anne.keromnes@poste.fr")
    found = json.loads(run(*known, "--json").stdout)

    assert said.exit_code == 0, said.output
    assert said.stdout.startswith("FOUND: one customer")
    assert "Anne Keromnes, 1971-04-23, 35000" in said.stdout
    assert found["verdict"] == "unsure"
    assert found["ask_for"][0] in ("email", "phone", "birth_date")
    assert f"ask for: {found['ask_for'][0]}" in run(*known).stdout.replace("_", " ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["search", "--birth-date", "soon"], "--birth-date does not fit"),
        (["search"], "Nothing is said of the person."),
        (["why", "pos:1", "nobody"], "'nobody' names no record"),
        (["why", "pos:1", "pos:2"], "Nothing is held now under pos:2."),
        (["how", "pos:2"], "Nothing is held now under pos:2."),
    ],
)
def test_what_cannot_be_answered_is_told_in_one_sentence(
    run: Run, words: list[str], told: str
) -> None:
    said = run(*words)

    assert said.exit_code == 1
    assert told in str(said.output)
    assert "Traceback" not in said.output


def test_why_draws_the_waterfall_and_names_the_reason(run: Run) -> None:
    joined, apart = run("why", "pos:1", "shop:1"), run("why", "web:1", "shop:1")
    told = json.loads(run("why", "pos:1", "shop:1", "--json").stdout)

    assert joined.stdout.startswith("ONE CUSTOMER: linked to each other")
    assert f"weight {told['pair']['weight']:.2f}" in joined.stdout
    assert "1971-04-23 | 1971-04-23" in joined.stdout
    assert "█" in joined.stdout
    assert apart.stdout.startswith("NEVER COMPARED: no shared key")
    assert "▒" in apart.stdout


def test_how_draws_the_tree(run: Run) -> None:
    told = json.loads(run("how", "pos:1", "--json").stdout)
    drawn = run("how", told["customer_id"]).stdout.splitlines()

    assert drawn[0] == f"customer {told['customer_id']}: 2 records, 1 links"
    assert drawn[1].startswith(f"{told['unions'][0]['pair']['weight']:.2f} by ")
    assert drawn[1].endswith("<- weakest")
    assert drawn[2:4] == ["├─ pos:1", "└─ shop:1"]
    assert drawn[4].endswith("without it the customer falls apart")


def test_coverage_reads_the_database_and_files(
    run: Run, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    live = json.loads(run("model", "coverage", "--json").stdout)
    file = tmp_path / "people.csv"
    file.write_text("given,mail\nAnne,anne@poste.fr\nAnna,anne@poste.fr\nZoe,\n")
    words = ["model", "coverage", str(file), "--map", "given_name=given"]
    read = json.loads(run(*words, "--map", "email=mail", "--json").stdout)

    assert (live["records"], live["links"], live["never_compared"]) == (3, 1, 1)
    assert sum(rule["links"] > 0 for rule in live["rules"]) > 3
    assert live["biggest"][0]["values"][0].endswith(")")
    assert "1971" not in json.dumps(live)
    assert (read["records"], read["without_key"], read["pairs"]) == (3, 1, 1)
    shown = run(*words, "--map", "email=mail", "--show-values")
    assert "2 records: email anne@poste.fr" in shown.stdout
