"""`couture sweeps`, as an operator meets it after a source was read again."""

from __future__ import annotations

import orjson
import pytest
from typer.testing import CliRunner

from service.cli import app
from service.database.connection.session import Connection


@pytest.fixture
def couture(
    database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> CliRunner:
    """Run commands on a database in which sweep 1 is held."""
    monkeypatch.setenv("COUTURE_DATABASE_URL", database_url)
    connection.execute(
        "INSERT INTO sweep (system, snapshot, state, reason, held_records, vanished)"
        " VALUES ('pos', 's1', 'held', '1 of 2 were not seen', 2, 1)"
    )
    connection.execute("INSERT INTO vanished_key VALUES (1, 'customer', 'C-9', '{5}')")
    return CliRunner()


def test_a_held_sweep_is_listed_shown_and_approved(
    couture: CliRunner, connection: Connection
) -> None:
    (listed,) = orjson.loads(couture.invoke(app, ["sweeps", "list", "--json"]).stdout)
    assert (listed["state"], listed["vanished"]) == ("held", 1)
    assert "held" in couture.invoke(app, ["sweeps", "list"]).stdout
    assert couture.invoke(app, ["sweeps", "show", "1"]).stdout == "customer\tpos:C-9\n"

    assert "approved" in couture.invoke(app, ["sweeps", "approve", "1"]).stdout
    state = connection.execute("SELECT state FROM sweep").fetchone()
    assert state == ("approved",)


def test_a_discarded_sweep_forgets_what_it_found(
    couture: CliRunner, connection: Connection
) -> None:
    assert (
        "nothing is deleted" in couture.invoke(app, ["sweeps", "discard", "1"]).stdout
    )
    assert connection.execute("SELECT count(*) FROM vanished_key").fetchone() == (0,)

    again = couture.invoke(app, ["sweeps", "approve", "1"])
    assert again.exit_code == 1
    assert "No sweep 1 is held" in again.output
    assert "couture sweeps list" in again.output
