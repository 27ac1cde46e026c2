"""A file deletes nobody by being silent, unless it is said to hold all there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.bulk_load.load import LoadReport, load
from service.bulk_load.progress import Lines
from service.bulk_load.source import checked
from service.cli import app
from service.database.clusters import model_versions
from service.database.connection.session import Connection
from service.database.sources import sweeps
from service.database.sources.sweeps import State
from service.resolver.resolve import ActiveModel
from tests.bulk_load.files import mapping_file, rows_of, write_csv
from tests.matching.people import crowd
from tests.resolver.deliveries import customer
from tests.resolver.test_sweep import Swept

ROWS = rows_of(crowd(60, seed=4))
Load = Callable[..., LoadReport]


@pytest.fixture
def swept(connection: Connection, judge: ActiveModel) -> Swept:
    model_versions.activate(connection, judge.model)
    return Swept(connection, judge)


@pytest.fixture
def loaded(database_url: str, tmp_path: Path, judge: ActiveModel, swept: Swept) -> Load:
    """Load rows; the first sixty stand in the database."""

    def bulk(rows: list[dict[str, str]], **options: bool) -> LoadReport:
        file = write_csv(tmp_path / "shop.csv", rows)
        source = checked(file, system="shop", mapping=mapping_file(tmp_path))
        return load(database_url, source, judge=judge, progress=Lines(), **options)

    bulk(ROWS)
    return bulk


def of_shop(*rows: dict[str, str]) -> set[str]:
    return {f"shop:{row['id']}" for row in rows}


def test_who_is_not_in_a_complete_file_is_gone(loaded: Load, swept: Swept) -> None:
    swept(
        customer("shop:captured", 1, full_name="Ida Payet"),
        customer("pos:1", 1, full_name="Ida Payet"),
    )
    others = {"shop:captured", "pos:1"}

    report = loaded(ROWS[3:], complete=True)

    assert report.missing is not None
    assert report.missing[1:3] == (State.APPROVED, 3)
    assert swept.sweep() == 3
    assert swept.held() == of_shop(*ROWS[3:]) | others
    assert swept.sweep() == 0
    # the same once more finds nobody, and one that comes back is there again
    assert loaded(ROWS[3:], complete=True).missing is None
    loaded([*ROWS[3:], ROWS[0]], complete=True)
    assert swept.sweep() == 0
    assert swept.held() == of_shop(*ROWS[3:], ROWS[0]) | others


def test_any_other_file_deletes_nobody(loaded: Load, swept: Swept) -> None:
    assert loaded(ROWS[3:]).missing is None
    assert swept.sweep() == 0
    assert swept.held() == of_shop(*ROWS)


@pytest.mark.parametrize("how", ["too many", "a row that cannot be read"])
def test_what_may_be_an_accident_waits_for_a_person(
    loaded: Load, swept: Swept, how: str
) -> None:
    bad: dict[str, Any] = {**ROWS[0], "id": ""}
    few = ROWS[30:] if how == "too many" else [*ROWS[2:], bad]

    missing = loaded(few, complete=True).missing

    assert missing is not None
    assert missing.state is State.HELD
    assert swept.sweep() == 0
    assert swept.held() == of_shop(*ROWS)
    sweeps.set_state(swept.connection, missing.sweep_id, State.APPROVED)
    assert swept.sweep() == missing.vanished
    assert swept.held() == of_shop(*(ROWS[30:] if how == "too many" else ROWS[2:]))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (58, ["2 records of earlier files", "the resolver deletes them"]),
        (30, ["Nothing is deleted: 30 of 60", "couture sweeps show"]),
    ],
)
def test_the_command_says_what_becomes_of_them(
    loaded: Load,
    left: int,
    words: list[str],
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COUTURE_DATABASE_URL", database_url)
    file = write_csv(tmp_path / "shop.csv", ROWS[:left])
    options = ["--system", "shop", "--mapping", str(mapping_file(tmp_path))]

    said = CliRunner().invoke(app, ["load", str(file), *options, "--complete"])

    assert said.exit_code == 0, said.output
    assert all(one in said.output for one in words), said.output
