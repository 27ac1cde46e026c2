"""Ten thousand spoilt rows of each format: read or set aside, each by its number.

No value makes a connector end, and none makes another row go.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from kafka import KafkaProducer

from connectors.contract import Row
from connectors.debezium.topics import TopicsConfig, TopicsConnector
from connectors.files.read import rows
from connectors.mapping.rows_to_events import Mapping, Reject
from connectors.rest.connector import RestConfig, RestConnector
from schemas.change_event import Op
from tests.connectors.mutations import mutated_line
from tests.connectors.paged_http_service import Answer, Shop, answer_json

ROWS = 10_000
MAPPING = """
tables:
  t:
    - kind: customer
      id: id
      deleted: gone
      fields:
        given_name: first
        family_name: last
        birth_date: { from: born, transform: { date: ["%d/%m/%Y", iso] } }
        phones: [phone]
        cards: [card]
        emails: { from: mails, transform: { split: "," } }
        addresses: { fields: { street: street, postal_code: zip } }
        updated_at: { from: seen, transform: { timestamp: { zone: Europe/Paris } } }
    - kind: order
      id: "[id, num]"
      when: num
      fields:
        customer: { from: id, transform: source_key }
        channel: { constant: shop }
        status: { from: state, transform: { vocabulary: { ok: paid } } }
        total: { from: total, transform: { decimal: "," } }
        placed_at: { from: seen, transform: timestamp }
"""
COLUMNS = "id first last born phone card mails street zip seen gone num state total"
ODD: list[Any] = [
    None, "", " ", "\x00", "\ud800", "NaN", "-inf", "0000-00-00", "2.99E+12",
    0, -1, 10**25, 2.5, float("nan"), float("inf"), True, [], {}, [1, [2]], {"a": None},
    "31/02/2001", "12/03/45", "9999-99-99", "\"", "';--", "\ufeff", "\u202f1\u00a0,5",
    "é" * 70_000,
    19610312, 1e300, "1970-01-01T00:00:00+99:99", "[", "{}", "null", "\\", "😀",
]  # fmt: skip


ODD_SCHEMAS: list[Any] = [
    None, [], "x", {"fields": 5}, {"fields": [5, {}]},
    {"fields": [{"field": "after", "fields": [5, None, {"name": []}]}]},
    {"fields": [{"field": "after", "fields": {"first": 1}}]},
    {"fields": [{"field": "after", "fields": [
        {"field": ["x"], "name": "io.debezium.time.Date"},
        {"field": "born", "name": "io.debezium.time.Date"},
        {"field": "total", "name": "org.apache.kafka.connect.data.Decimal"},
        {"field": "num", "name": "org.apache.kafka.connect.data.Decimal",
         "parameters": [1]},
    ]}]},
]  # fmt: skip


def _row(number: int) -> dict[str, Any]:
    values = [
        number, f"Anne{number}", "Lefèvre", "12/03/1961", "0612345678", "299001234567",
        "a@x.fr,b@x.fr", "3 rue Haute", "75011", "2026-03-01T10:00:00Z",
        "0", "", "", "",
    ]  # fmt: skip
    return dict(zip(COLUMNS.split(), values, strict=True))


def _spoilt(chance: random.Random, number: int) -> dict[str, Any]:
    row = _row(number)
    for name in chance.sample(sorted(row), chance.randint(1, 3)):
        if chance.random() < 0.1:
            del row[name]
        else:
            row[name] = chance.choice(ODD)
    return row


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    """The mapping of a customer and an order out of one row."""
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return Mapping.load(path, system="shop", connector="file")


def _outcomes(mapping: Mapping, row: Row) -> int:
    """Return how many events and rejects a row gives; each reject has its reason."""
    found = list(mapping.events(row))
    for one in found:
        if isinstance(one, Reject):
            assert one.reason
            assert one.row.position == row.position
    return len(found)


def _read_all(path: Path, mapping: Mapping) -> list[int]:
    numbers = []
    for one in rows(path):
        numbers.append(one.number)
        row = Row("t", Op.READ, one.payload, (1, one.number), None, True, one.problem)
        assert _outcomes(mapping, row) >= 1
    return numbers


def test_every_mutated_line_of_csv_is_a_row_or_set_aside(
    tmp_path: Path, mapping: Mapping
) -> None:
    chance = random.Random(1)
    lines = [
        mutated_line(";".join(map(str, _row(n).values())).encode(), chance)
        for n in range(ROWS)
    ]
    # good ones between, which must all come through
    good = [";".join(map(str, _row(n).values())).encode() for n in range(ROWS)]
    both = [line for pair in zip(lines, good, strict=True) for line in pair]
    path = tmp_path / "a.csv"
    header = ";".join(COLUMNS.split()).encode()
    path.write_bytes(b"\n".join([header, *both, b""]))

    assert _read_all(path, mapping) == [*range(1, 2 * ROWS + 1)]
    read = {one.number: one for one in rows(path)}
    assert all(read[n].problem is None for n in range(2, 2 * ROWS + 1, 2))


def test_every_mutated_line_of_json_is_a_row_or_set_aside(
    tmp_path: Path, mapping: Mapping
) -> None:
    chance = random.Random(2)
    lines = [
        mutated_line(json.dumps(_row(n)).encode(), chance) for n in range(ROWS // 2)
    ]
    lines += [json.dumps(_spoilt(chance, n)).encode() for n in range(ROWS // 2)]
    lines.append(b"[" * 100_000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(lines))

    filled = [n for n, line in enumerate(lines, 1) if line.strip()]
    assert _read_all(path, mapping) == filled


def test_every_odd_value_of_parquet_is_a_row_or_set_aside(
    tmp_path: Path, mapping: Mapping
) -> None:
    chance = random.Random(3)
    kinds: list[list[Any]] = [
        [value for value in ODD if isinstance(value, kind)]
        for kind in (float, bool, list)
    ]
    texts = [v for v in ODD if isinstance(v, str) and "\ud800" not in v]
    columns = {
        name: [chance.choice([*kinds[i % 3], None]) for _ in range(ROWS)]
        if i % 4 == 1
        else [chance.choice([*texts[:9], None]) for _ in range(ROWS)]
        for i, name in enumerate(COLUMNS.split())
    }
    columns["phone"] = [float(612_000_000 + n) for n in range(ROWS)]
    lists = {name: [str(v) for v in found] for name, found in columns.items()}
    lists["phone"] = columns["phone"]
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.table(lists), path)

    assert _read_all(path, mapping) == [*range(1, ROWS + 1)]


def test_every_odd_row_of_a_database_or_an_api_is_an_event_or_set_aside(
    mapping: Mapping,
) -> None:
    chance = random.Random(4)
    for number in range(ROWS):
        op = chance.choice([Op.READ, Op.CREATE, Op.UPDATE])
        row = Row("t", op, _spoilt(chance, number), (1, number), 0, False, None)
        assert _outcomes(mapping, row) >= 1


class OddService(Shop):
    """A service whose lists hold whatever they hold, page by page."""

    def __init__(self, listed: list[Any]) -> None:
        super().__init__()
        self._listed = listed

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        """Answer with the items after a number; `next` counts on."""
        by_number = path == "/numbered"
        since = int(query.get("since_seq" if by_number else "after_id") or 0)
        end = since + int(query["limit"])
        follow = {"updated_since": "x", "after_id": end}
        return answer_json(
            {
                "items": self._listed[since:end],
                "last_seq": min(end, len(self._listed)),
                "next": follow if end < len(self._listed) else None,
            }
        )


@pytest.mark.parametrize("style", ["keyset", "sequence"])
def test_every_odd_item_of_a_service_is_a_row_or_set_aside(
    style: str, mapping: Mapping
) -> None:
    chance = random.Random(4)
    listed = [
        chance.choice(ODD) if number % 10 == 0 else _spoilt(chance, number)
        for number in range(ROWS)
    ]
    # one whose time would hide all that changes before it
    listed.append(_row(ROWS) | {"seen": "9999-12-31T23:59:59-12:00"})
    service = OddService(listed)
    path = "/numbered" if style == "sequence" else "/listed"
    resource = {"path": path, "style": style, "items": "items", "updated_at": "seen"}
    config = RestConfig.model_validate(
        {
            "system": "shop",
            "kind": "rest",
            "base_url": service.url,
            "resources": {"t": resource},
            "overlap": 0,
            "interval": 0.01,
        }
    )
    batches = list(RestConnector(config, ["t"]).snapshot())
    service.close()

    found = [row for batch in batches if batch.snapshot for row in batch.rows]
    # equal rows of one page are one: what is odd stands once
    different = {json.dumps(one, sort_keys=True) for one in listed}
    read = {json.dumps(_item(row), sort_keys=True) for row in found}
    assert read == different
    for row in found:
        numbered = replace(row, position=row.position or (1,))
        assert _outcomes(mapping, numbered) >= 1
    offset: Any = batches[-1].offset
    assert batches[-1].whole
    assert "9999" not in str(offset["marks"])


def _item(row: Row) -> Any:
    return row.payload["item"] if row.problem else row.payload


def test_every_mutated_message_of_debezium_is_a_row_or_set_aside(
    mapping: Mapping, broker: str
) -> None:
    chance = random.Random(5)
    topic = "odd.public.t"
    producer = KafkaProducer(bootstrap_servers=broker, linger_ms=20)
    for number in range(ROWS):
        value = {"op": "c", "after": _row(number), "source": {"snapshot": "false"}}
        if number % 3 == 0:
            value = {"schema": chance.choice(ODD_SCHEMAS), "payload": value}
        spoilt = json.dumps(value).encode()
        if number % 2:
            spoilt = mutated_line(spoilt, chance)
        producer.send(topic, key=json.dumps({"id": number}).encode(), value=spoilt)
    producer.close()
    config = TopicsConfig(system="shop", kind="debezium-topics", topics={"t": topic})
    connector = TopicsConnector(config, mapping.needs, bootstrap=broker)
    found = [row for batch in connector.snapshot() for row in batch.rows]

    assert len(found) == ROWS
    assert sum(row.problem is None for row in found) >= ROWS // 2
    assert all(_outcomes(mapping, row) >= 1 for row in found)
