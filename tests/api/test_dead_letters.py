"""Dead letters through the API and the command line: listed, corrected, settled."""

from __future__ import annotations

import orjson
import pytest
from typer.testing import CliRunner

from schemas import wire
from service.cli import app as commands
from service.database.connection.session import Connection
from service.database.operations import dead_letters
from service.database.operations.dead_letters import UNMAPPABLE, DeadLetter
from tests.api.channel import Channel
from tests.resolver.deliveries import ANNE, customer

TOPIC = wire.source_topic("pos")
SCHEMA = [("schema", wire.SCHEMA.encode())]
GOOD = wire.encode(customer("pos:1", 7, **ANNE))[1]
WHY = {"because": "the till was corrected"}


def a_letter(offset: int, value: bytes, *, reason: str = "not_json") -> DeadLetter:
    return DeadLetter(
        TOPIC, "t", 0, offset, reason, "is no JSON", b"customer/pos:1", value, SCHEMA
    )


def a_row(offset: int, payload: bytes = b'{"id": "9"}') -> DeadLetter:
    """Return a row as its connector sets it aside."""
    told = {"schema": wire.REJECT_SCHEMA, "system": "pos", "table": "customer"}
    told |= {"op": "u", "position": "3.4"}
    headers = [(name, text.encode()) for name, text in told.items()]
    place = (wire.DEADLETTERS_TOPIC, "t", 0, offset)
    return DeadLetter(*place, UNMAPPABLE, "customer.id", b"pos/9/3.4", payload, headers)


@pytest.fixture
def letters(rows: Connection) -> None:
    """1 and 2 cannot be read, 3 could not be applied, 4 is a row."""
    dead_letters.add(
        rows,
        [
            a_letter(0, b"{"),
            a_letter(1, b"\xff"),
            a_letter(2, GOOD, reason="cannot_apply"),
            a_row(0),
        ],
    )


def outbox(rows: Connection) -> list[tuple[str, bytes, dict[str, str]]]:
    return rows.execute(
        "SELECT topic, message_value, message_headers FROM outbox ORDER BY seq"
    ).fetchall()


def test_letters_are_listed_newest_first_without_their_messages(
    channel: Channel, letters: None
) -> None:
    pages = channel.pages("/v1/dead-letters", "dead_letters", limit=3)
    ids = [[one["letter_id"] for one in page] for page in pages]
    assert ids == [[4, 3, 2], [1]]
    row = pages[0][0]
    assert (row["reason"], row["system"], row["detail"]) == (
        "unmappable_row",
        "pos",
        "customer.id",
    )
    assert "message" not in row
    some = channel.get("/v1/dead-letters?reason=cannot_apply&system=pos&state=open")
    assert [one["letter_id"] for one in some.json["dead_letters"]] == [3]
    assert channel.get("/v1/dead-letters?system=desk").json["dead_letters"] == []


def test_a_letter_that_would_be_set_aside_again_is_not_replayed(
    channel: Channel, rows: Connection, letters: None
) -> None:
    refused = channel.post("/v1/dead-letters/1/replay", WHY)

    assert refused.status_code == 409
    assert "not_json" in refused.json["detail"]
    assert "Edit" in refused.json["detail"]
    assert channel.get("/v1/dead-letters/1").json["state"] == "open"
    assert outbox(rows) == []


def test_a_corrected_message_goes_its_way_once_and_what_came_is_kept(
    channel: Channel, rows: Connection, letters: None
) -> None:
    address = "/v1/dead-letters/1/message"
    wrong = channel.put(address, {"message": "[1]"})
    assert (wrong.status_code, wrong.json["type"]) == (409, "/problems/not-so-settled")

    edited = channel.put(address, {"message": GOOD.decode()})
    assert (edited.json["message"], edited.json["edited"]) == ("{", True)
    for _ in range(2):
        answer = channel.post("/v1/dead-letters/1/replay", WHY)
        assert (answer.status_code, answer.json["state"]) == (200, "replayed")
    assert answer.json["settled_because"] == WHY["because"]
    assert answer.json["settled_by"] == "till"
    ((topic, value, headers),) = outbox(rows)
    assert (topic, headers) == (TOPIC, {"schema": wire.SCHEMA})
    assert orjson.loads(value) == orjson.loads(GOOD)
    assert channel.put(address, {"message": GOOD.decode()}).status_code == 409
    assert channel.post("/v1/dead-letters/1/discard", WHY).status_code == 409


def test_a_row_goes_back_to_its_connector(
    channel: Channel, rows: Connection, letters: None
) -> None:
    edited = channel.put("/v1/dead-letters/4/message", {"message": '{"id": "10"}'})
    assert edited.status_code == 200, edited.text
    assert channel.post("/v1/dead-letters/4/replay", WHY).status_code == 200

    ((topic, value, headers),) = outbox(rows)
    assert (topic, value) == (wire.REPLAYS_TOPIC, b'{"id": "10"}')
    assert headers == {
        "schema": wire.REJECT_SCHEMA,
        "system": "pos",
        "table": "customer",
        "op": "u",
        "position": "3.4",
    }


def test_a_discarded_letter_stays_to_be_read(channel: Channel, letters: None) -> None:
    answer = channel.post("/v1/dead-letters/2/discard", WHY)

    assert (answer.status_code, answer.json["state"]) == (200, "discarded")
    assert channel.get("/v1/dead-letters/2").json["message"] == "\ufffd"
    assert channel.get("/v1/dead-letters/99").status_code == 404
    assert channel.post("/v1/dead-letters/99/replay", WHY).status_code == 404
    assert channel.post("/v1/dead-letters/2/discard", {}).status_code == 422


def test_a_row_set_aside_again_stands_once_and_opens_again_if_replayed_in_vain(
    channel: Channel, rows: Connection, letters: None
) -> None:
    channel.post("/v1/dead-letters/4/replay", WHY)
    dead_letters.add(rows, [a_row(0)])  # the same message, redelivered
    assert channel.get("/v1/dead-letters/4").json["state"] == "replayed"

    dead_letters.add(rows, [a_row(1)])
    assert channel.get("/v1/dead-letters/4").json["state"] == "open"
    dead_letters.add(rows, [a_row(2, b'{"id": "another"}')])
    states = [
        (one["letter_id"], one["state"])
        for one in channel.get("/v1/dead-letters?reason=unmappable_row").json[
            "dead_letters"
        ]
    ]
    assert [state for _, state in states] == ["open", "open"]


def test_the_commands_do_the_same(
    database_url: str,
    rows: Connection,
    letters: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COUTURE_DATABASE_URL", database_url)

    def couture(*arguments: str, code: int = 0) -> str:
        said = CliRunner().invoke(commands, ["deadletters", *arguments])
        assert said.exit_code == code, said.output
        return said.stdout

    listed = orjson.loads(couture("list", "--json", "--system", "pos"))
    assert [one["letter_id"] for one in listed] == [4, 3, 2, 1]
    assert orjson.loads(couture("show", "4", "--json"))["message"] == '{"id": "9"}'
    said = orjson.loads(
        couture("replay", "--system", "pos", "--because", "mended", "--json", code=1)
    )
    assert said["settled"] == 2
    assert set(said["refused"]) == {"1", "2"}
    assert "2 settled" in couture("discard", "1", "2", "--because", "noise")
    assert couture("list").strip() == "No dead letter."
    couture("replay", "--because", "all", code=1)
