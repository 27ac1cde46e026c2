"""`couture decide` and `couture decisions`, as a steward without a page uses them."""

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
    """Run commands on a database that holds pos:1, pos:2 and pos:3."""
    monkeypatch.setenv("COUTURE_DATABASE_URL", database_url)
    connection.execute(
        "INSERT INTO source_record (system, id, position, record)"
        " SELECT 'pos', n::text, '{1}', '{}' FROM generate_series(1, 3) AS n"
    )
    return CliRunner()


def test_decide_list_revoke(couture: CliRunner, connection: Connection) -> None:
    words = ["decide", "pos:1", "pos:2", "same", "--reason", "one card", "--steward"]
    made = couture.invoke(app, [*words, "anne", "--json"])
    assert made.exit_code == 0, made.output
    (decision,) = orjson.loads(made.stdout)
    assert decision["steward"] == "anne"
    assert connection.execute("SELECT count(*) FROM dirty").fetchone() == (2,)

    listed = couture.invoke(app, ["decisions"]).stdout
    assert "pos:1 same pos:2  anne" in listed
    assert "one card" in listed

    number = str(decision["decision_id"])
    gone = couture.invoke(app, ["decisions", "revoke", number, "--steward", "bea"])
    assert "revoked by bea" in gone.stdout
    assert couture.invoke(app, ["decisions"]).stdout == ""
    assert "revoked by bea" in couture.invoke(app, ["decisions", "--all"]).stdout


def test_a_contradiction_is_told_in_one_sentence_with_its_chain(
    couture: CliRunner,
) -> None:
    for pair in (("pos:1", "pos:2"), ("pos:2", "pos:3")):
        assert couture.invoke(app, ["decide", *pair, "same"]).exit_code == 0
    refused = couture.invoke(app, ["decide", "pos:3", "pos:1", "different"])

    assert refused.exit_code == 1
    assert "pos:2 same pos:3 (decision 2" in refused.output
    assert "Revoke decision 2 or 1" in refused.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["decide", "pos:1", "pos:9", "same"], "no record pos:9"),
        (["decide", "pos:1", "pos", "same"], "system:id"),
        (["decisions", "revoke", "7"], "couture decisions"),
    ],
)
def test_what_cannot_be_decided_is_told_with_its_remedy(
    couture: CliRunner, words: list[str], said: str
) -> None:
    refused = couture.invoke(app, words)

    assert refused.exit_code == 1
    assert said in refused.output
