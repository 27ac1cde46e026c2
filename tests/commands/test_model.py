"""The life of a model version at the terminal: train, compare, promote, roll back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from matching.clustering.cluster import Verdict
from schemas.source_key import SourceKey
from service.cli import app
from service.commands import command_context
from service.database.connection.session import connect
from service.demo.population.people import population, records
from service.model_versions import promote
from service.resolver.worker import load_judge
from service.stewardship.decisions import decide
from tests.resolver.deliveries import Delivery, clusters, customer

RECORDS = 100


def run(*arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it wrote, or ended with."""
    done = CliRunner().invoke(app, ["model", *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout + str(done.exception or "")


def told(*arguments: str) -> Any:
    code, output = run(*arguments, "--json")
    assert code == 0, output
    return json.loads(output[output.index("{") :])


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    # a logger keeps the standard error of the first command, which the runner closes
    monkeypatch.setattr(command_context, "configure_logging", lambda _: None)
    monkeypatch.setattr(promote, "log", SimpleNamespace(info=lambda *_, **__: None))
    monkeypatch.setenv("COUTURE_DATABASE_URL", database_url)
    return database_url


@pytest.fixture
def loaded(database: str) -> str:
    """A database whose records the shipped model resolved."""
    everyone = records(population(RECORDS // 2, seed=5), 5)
    with connect(database, autocommit=True) as connection:
        Delivery(connection, load_judge(connection))(
            *(
                customer(str(SourceKey(one.system, one.id)), 1, **dict(one.record))
                for one, _ in zip(everyone, range(RECORDS), strict=False)
            )
        )
    return database


def test_a_model_is_trained_on_the_records_compared_promoted_and_rolled_back(
    loaded: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "ours.json.gz"
    with connect(loaded, autocommit=True) as connection:
        before = clusters(connection)
        pair = sorted(next(one for one in before if len(one) > 1))[:2]
        a, b = (SourceKey.parse(key) for key in pair)
        decide(connection, a, b, Verdict.SAME, steward="s")
    trained = told("train", "--database", "--from-decisions", "--out", str(bundle))

    assert trained["records"] == sum(map(len, before))
    assert trained["labels"]["same"] == 1
    assert Path(trained["report"]) == tmp_path / "ours.html"
    assert (tmp_path / "ours.html").stat().st_size == trained["report_bytes"] < 2e6

    compared = told("compare", "active", str(bundle), "--database")
    shown = told("promote", str(bundle))
    assert shown["difference"]["clusters_changed"] == compared["clusters_changed"]
    assert not shown["promoted"]
    done = told("promote", str(bundle), "--yes", "--force")
    assert done["promoted"]
    listed = told("list")
    assert [one["active"] for one in listed["versions"]] == [False, True]
    assert listed["promotions"][-1]["replaced"] == done["replaces"]

    code, said = run("rollback", "--yes", "--force")
    assert code == 0, said
    with connect(loaded, autocommit=True) as connection:
        assert clusters(connection) == before
    code, said = run("promote", done["replaces"][:12])
    assert code != 0
    assert "decides already" in said


def test_an_empty_database_is_no_training_set(database: str, tmp_path: Path) -> None:
    bundle = tmp_path / "none.json.gz"
    code, said = run("train", "--database", "--out", str(bundle))

    assert code != 0
    assert "0 records are too few" in said
    assert "shipped model" in said
    assert not bundle.exists()


def test_decisions_that_contradict_are_refused_before_anything_is_written(
    loaded: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "none.json.gz"
    with connect(loaded, autocommit=True) as connection:
        # as decisions of a time when nobody checked them
        connection.execute(
            "INSERT INTO decision (system_a, id_a, system_b, id_b, verdict, steward)"
            " VALUES ('p','1','p','2','same','s'), ('p','3','p','2','same','s'),"
            " ('p','3','p','1','different','s')"
        )
    code, said = run("train", "--database", "--from-decisions", "--out", str(bundle))

    assert code != 0
    assert "p:3 different p:1 (decision 3)" in said
    assert "p:1 same p:2 (decision 1)" in said
    assert "revoke" in said
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_of_another_library_version_is_refused_before_anything_is_written(
    loaded: str, tmp_path: Path
) -> None:
    bundle = tmp_path / "other.json.gz"
    with connect(loaded, autocommit=True) as connection:
        model = load_judge(connection).model
    other = replace(model, versions={**model.versions, "duckdb": "0.1"})
    bundle.write_bytes(other.to_bytes())
    code, said = run("promote", str(bundle), "--yes", "--force")

    assert code != 0
    assert "train a new model version" in said
    assert len(told("list")["versions"]) == 1


def test_files_can_be_compared_without_a_database(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text(
        "first,last,born\nAnne,Roux,1980-02-03\nAnne,Roux,1980-02-03\n"
        "Jean,Petit,1971-05-06\n",
        encoding="utf-8",
    )
    columns = ["given_name=first", "family_name=last", "birth_date=born"]
    maps = [word for one in columns for word in ("--map", one)]
    found = told("compare", "shipped", "shipped", str(people), *maps)

    assert found["stay"] == found["clusters_before"] == 2
    assert run("compare", "active", "shipped", str(people), *maps)[0] != 0
    assert "no such file" in run("compare", "x", "y", str(people), *maps)[1].lower()
